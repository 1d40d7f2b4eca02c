#include "hal/pcap/pcapng_writer.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <string>
#include <vector>

#include "hal/pcap/capture_file.hpp"
#include "tests/support/pcapng.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::test {
namespace {

using pcapio::PcapngWriter;

std::vector<std::uint8_t> frame_of(std::size_t size) {
  std::vector<std::uint8_t> frame(size);
  for (std::size_t i = 0; i < size; ++i) frame[i] = static_cast<std::uint8_t>(i);
  return frame;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pcapng_writer)

BOOST_AUTO_TEST_CASE(frames_come_back_with_their_interface_time_direction_and_comment) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() + "/a.pcapng";
  const auto odd = frame_of(61);
  const auto cut = frame_of(64);
  {
    auto writer = PcapngWriter::create(path, "bondbox 1");
    BOOST_REQUIRE(writer.ok());
    PcapngWriter& file = writer.value();
    BOOST_TEST(file.add_interface("eth0", 65'550) == 0u);
    BOOST_TEST(file.write({0, 1'700'000'000'123'456'789, PcapngWriter::Way::outbound, odd, 61, "sent: its turn"}).ok());
    BOOST_TEST(file.add_interface("eth1", 64) == 1u);
    BOOST_TEST(file.write({1, 1'700'000'001'000'000'001, PcapngWriter::Way::inbound, cut, 1514, ""}).ok());
    BOOST_TEST(file.write_statistics(1, 1'700'000'001'000'000'001, 12, 3).ok());
    BOOST_TEST(file.flush().ok());
  }
  const PcapngFile read(path);
  BOOST_TEST(read.interfaces == (std::vector<std::string>{"eth0", "eth1"}), boost::test_tools::per_element());
  BOOST_REQUIRE(read.frames.size() == 2u);
  BOOST_TEST(read.frames[0].interface == "eth0");
  BOOST_TEST(read.frames[0].time_ns == 1'700'000'000'123'456'789);
  BOOST_TEST(read.frames[0].outgoing);
  BOOST_TEST(read.frames[0].bytes == odd, boost::test_tools::per_element());
  BOOST_TEST(read.frames[0].comment == "sent: its turn");
  BOOST_TEST(read.frames[1].interface == "eth1");
  BOOST_TEST(!read.frames[1].outgoing);
  BOOST_TEST(read.frames[1].original_length == 1514u);
  BOOST_TEST(read.frames[1].comment == "");
  BOOST_REQUIRE(read.statistics.size() == 1u);
  BOOST_TEST(read.statistics[0].interface == "eth1");
  BOOST_TEST(read.statistics[0].received == 12u);
  BOOST_TEST(read.statistics[0].lost == 3u);
}

BOOST_AUTO_TEST_CASE(libpcap_reads_the_same_frames_and_times) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() + "/a.pcapng";
  const auto frame = frame_of(77);
  {
    auto writer = PcapngWriter::create(path, "bondbox 1");
    BOOST_REQUIRE(writer.ok());
    (void)writer.value().add_interface("eth0", 65'550);
    BOOST_TEST(writer.value().write({0, 1'700'000'000'123'456'789, PcapngWriter::Way::inbound, frame, 80, "why"}).ok());
  }
  auto reader = pcapio::CaptureReader::open(path);
  BOOST_REQUIRE(reader.ok());
  const auto first = reader.value().next();
  BOOST_REQUIRE(first.ok());
  BOOST_REQUIRE(first.value().has_value());
  BOOST_TEST(first.value()->time_ns == 1'700'000'000'123'456'789);
  BOOST_TEST(first.value()->original_length == 80u);
  BOOST_TEST(std::vector<std::uint8_t>(first.value()->bytes.begin(), first.value()->bytes.end()) == frame,
             boost::test_tools::per_element());
  BOOST_TEST(!reader.value().next().value().has_value());
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_made_or_takes_no_more_is_named) {
  const auto nowhere = PcapngWriter::create("/nonexistent/a.pcapng", "bondbox 1");
  BOOST_REQUIRE(!nowhere.ok());
  BOOST_TEST(nowhere.failure().error == ENOENT);
  BOOST_TEST(nowhere.failure().reason.starts_with("/nonexistent/a.pcapng: "));
  auto full = PcapngWriter::create("/dev/full", "bondbox 1");
  const Outcome outcome = full.ok() ? full.value().flush() : full.failure();
  BOOST_TEST(outcome.error == ENOSPC);
  BOOST_TEST(outcome.reason.starts_with("/dev/full: cannot be written: "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

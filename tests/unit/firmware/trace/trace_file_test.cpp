// The file of a trace: what was written is read; what was cut off or altered is refused, with its place.
#include "firmware/trace/file.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/support/recorded_failover.hpp"

namespace {

using namespace bondbox;
using test::recorded_failover;
using Bytes = std::vector<std::uint8_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(trace_file)

BOOST_AUTO_TEST_CASE(the_checksum_is_that_of_ieee_802_3) {
  const std::string text = "123456789";
  const wire::Bytes bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  BOOST_TEST(trace::crc32(bytes) == 0xcbf43926U);
  BOOST_TEST(trace::crc32(bytes.subspan(4), trace::crc32(bytes.first(4))) == 0xcbf43926U);
}

BOOST_AUTO_TEST_CASE(a_trace_says_what_it_is_and_holds_what_was_recorded) {
  const auto read = trace::read_trace(recorded_failover());
  BOOST_REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.failure().reason));
  BOOST_TEST(read.value().value("format") == "2");
  BOOST_TEST(read.value().value("program").starts_with("bondbox "));
  BOOST_TEST(read.value().value("started") == "1700000000000");
  BOOST_TEST(read.value().value("nothing").empty());
  BOOST_REQUIRE(read.value().parts.size() == 1U);
  BOOST_TEST(read.value().parts[0].begins);
  BOOST_TEST(read.value().parts[0].records.size() > 500U);
}

BOOST_AUTO_TEST_CASE(a_trace_that_was_cut_off_is_refused_with_the_offset) {
  const Bytes& whole = recorded_failover();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto read = trace::read_trace(wire::Bytes(whole).first(size));
    BOOST_REQUIRE(!read.ok());
    BOOST_REQUIRE_MESSAGE(read.failure().reason.find("ends at offset " + std::to_string(size)) != std::string::npos,
                          read.failure().reason);
  }
}

BOOST_AUTO_TEST_CASE(a_trace_with_any_byte_altered_is_refused) {
  Bytes bytes = recorded_failover();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const std::uint8_t change : {std::uint8_t{0x01}, std::uint8_t{0x80}}) {
      bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ change);
      const auto read = trace::read_trace(bytes);
      BOOST_REQUIRE(!read.ok());
      BOOST_REQUIRE_MESSAGE(i < 16 || read.failure().reason.find("offset") != std::string::npos, read.failure().reason);
      bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ change);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_follows_the_end_is_told) {
  Bytes bytes = recorded_failover();
  bytes.push_back(0);
  const auto read = trace::read_trace(bytes);
  BOOST_REQUIRE(!read.ok());
  BOOST_TEST(read.failure().reason.find("follows the end") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

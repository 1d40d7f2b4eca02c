// `bondbox capture` on real NICs: what crossed which port, and what the bond made of it.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/lab_house.hpp"
#include "tests/support/pcapng.hpp"

namespace bondbox::lab {
namespace {

using test::PcapngFile;

bool is_ipv4(const PcapngFile::Frame& frame) {
  return frame.bytes.size() > 23 && frame.bytes[12] == 8 && frame.bytes[13] == 0 && frame.bytes[23] == 1;
}

/// Those whose comment says so: around a pull it may be one of two verdicts.
long count(const PcapngFile& file, const std::string& interface, bool outgoing, const std::string& comment) {
  return std::ranges::count_if(file.frames, [&](const PcapngFile::Frame& frame) {
    return is_ipv4(frame) && frame.interface == interface && frame.outgoing == outgoing &&
           contains(frame.comment, comment);
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_capture)

BOOST_DATA_TEST_CASE(each_frame_stands_under_its_port_with_what_became_of_it,
                     boost::unit_test::data::make({"off", "auto"}), offload) {
  const House house;
  const Daemon daemon(house.box, std::string(House::words) + " offload=" + offload);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::string path = daemon.path("a.pcapng");
  Process capturing =
      house.box.start("exec " + program() + " --run-dir " + daemon.run_dir() + " capture bond0 --for 30s -w " + path,
                      house.scratch.path() + "/capture.log");
  BOOST_REQUIRE(wait_until([&] { return !read_text(path).empty(); }, 5'000));
  house.box.must(std::string("ping -q -c 3 -i 0.05 ") + House::town_v4);
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  house.box.must(std::string("ping -q -c 4 -i 0.05 ") + House::town_v4);
  BOOST_TEST(capturing.stop(SIGINT) == 0, read_text(house.scratch.path() + "/capture.log"));
  const PcapngFile file(path);
  BOOST_TEST(count(file, "eth0", true, "sent: the active port") >= 3);
  BOOST_TEST(count(file, "eth0", false, "delivered") >= 3);
  BOOST_TEST(count(file, "eth1", true, "sent: the active port") >= 4);
  BOOST_TEST(count(file, "eth1", false, "delivered") >= 4);
  BOOST_TEST(file.statistics.size() == 3u);
  BOOST_TEST(read_text(house.scratch.path() + "/capture.log").find("frames, 0 not read in time: interrupted") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_ends_after_as_many_frames_as_were_wanted_and_cuts_them_off_as_told) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::string path = daemon.path("a.pcapng");
  Process capturing = house.box.start("exec " + program() + " --run-dir " + daemon.run_dir() +
                                          " capture bond0 --count 5 --snaplen 42 --for 30s -w " + path,
                                      house.scratch.path() + "/capture.log");
  BOOST_REQUIRE(wait_until([&] { return !read_text(path).empty(); }, 5'000));
  house.box.must(std::string("ping -q -c 5 -i 0.05 ") + House::town_v4);
  BOOST_TEST(capturing.wait(5'000).value_or(-1) == 0);
  const PcapngFile file(path);
  BOOST_REQUIRE(file.frames.size() == 5u);
  for (const PcapngFile::Frame& frame : file.frames) {
    BOOST_TEST(frame.bytes.size() == 42u);
    BOOST_TEST(frame.original_length >= 42u);
  }
}

BOOST_AUTO_TEST_CASE(a_bond_that_is_not_there_a_wrong_word_and_a_bad_file_are_told) {
  const House house;
  const Daemon daemon(house.box, House::words);
  const Answer unknown = daemon.ask("capture bond7 -w " + daemon.path("a.pcapng"));
  BOOST_TEST(unknown.status == 1);
  BOOST_TEST(contains(unknown.err, "bond7"), unknown.err);
  BOOST_TEST(read_text(daemon.path("a.pcapng")).empty());
  const Answer no_file = daemon.ask("capture bond0");
  BOOST_TEST(no_file.status == 2);
  BOOST_TEST(contains(no_file.err, "capture needs a bond and -w FILE"), no_file.err);
  const CommandResult nowhere =
      house.box.run(program() + " --run-dir " + daemon.run_dir() + " capture bond0 -w /nonexistent/a.pcapng 2>&1");
  BOOST_TEST(nowhere.status == 1);
  BOOST_TEST(contains(nowhere.output, "/nonexistent/a.pcapng: No such file or directory"), nowhere.output);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

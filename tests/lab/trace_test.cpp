// What a real bond has read and decided is written to files, and steps again to the same: after a failover, on demand,
// at the end, and when the program dies.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>

#include "firmware/control_client.hpp"
#include "tests/bench/counters.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

Answer replay(const Namespace& space, const std::string& file) {
  const CommandResult result = space.run(program() + " replay " + file);
  return {result.status, result.output, {}};
}

bool is_there(const std::string& file) {
  return wait_until([&] { return !read_text(file).empty(); }, 8'000);
}

/// Of words that are refused, which are recorded whole, so much that the ring goes round; a file of it now and then.
void fill_the_ring(const Daemon& daemon) {
  const std::vector<std::string> refused{"set", "bond0", "primary", std::string(3'000, 'x')};
  for (int quarter = 0; quarter < 4; ++quarter) {
    for (int i = 0; i < 30; ++i) BOOST_REQUIRE(control::ask(daemon.path("control.sock"), refused).exit_status == 1);
    BOOST_REQUIRE(daemon.ask("trace").status == 0);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_trace)

BOOST_AUTO_TEST_CASE(a_ring_that_goes_round_and_the_files_of_it_take_no_more_memory) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  const auto own_kb = [&] { return bench::own_bytes(daemon.pid()) / 1024; };
  const std::uint64_t at_first = own_kb();
  fill_the_ring(daemon);
  fill_the_ring(daemon);
  // What is being written to a file has a copy for as long.
  const auto comes_down_to = [&](std::uint64_t most) { return wait_until([&] { return own_kb() <= most; }, 5'000); };
  constexpr std::uint64_t heap_kb = 512;
  BOOST_TEST(comes_down_to(at_first + heap_kb), own_kb() << " kB, and " << at_first << " at first");
  const std::uint64_t once_full = own_kb();
  for (int i = 0; i < 6; ++i) fill_the_ring(daemon);
  BOOST_TEST(std::stoull(daemon.status("/recorder/dropped_bytes")) > 6U * 256 * 1024);
  BOOST_TEST(comes_down_to(once_full + 128), own_kb() << " kB, and " << once_full << " when the ring was full");
}

BOOST_AUTO_TEST_CASE(a_failover_is_written_by_itself_and_comes_out_the_same) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  const std::string file = daemon.path("trace/1.trace");
  BOOST_REQUIRE_MESSAGE(is_there(file), daemon.log());
  const Answer answer = replay(house.box, file + " --timeline");
  BOOST_TEST(answer.status == 0, answer.out);
  BOOST_TEST(contains(answer.out, "making interface the new active one"), answer.out);
  BOOST_TEST(contains(answer.out, "\nthe same: "), answer.out);
}

BOOST_DATA_TEST_CASE(what_every_mode_decides_comes_out_the_same, boost::unit_test::data::xrange(0, 7), mode) {
  const House house;
  const Daemon daemon(house.box, "bond0 eth0 eth1 miimon=20 address=192.168.10.52/24 mode=" + std::to_string(mode));
  // A mode that the other side does not speak carries nothing; it decides all the same.
  (void)house.box.run("ping -c 3 -i 0.2 -W 1 192.168.10.1");
  house.pull(0);
  BOOST_TEST(wait_until([&] { return contains(daemon.events(), "(slave eth0): link status definitely down"); }, 5'000));
  house.put_back(0);
  (void)house.box.run("ping -c 3 -i 0.2 -W 1 192.168.10.1");
  BOOST_TEST(daemon.ask("set bond0 miimon 50").status == 0);
  BOOST_TEST(daemon.ask("release bond0 eth1").status == 0);
  const Answer written = daemon.ask("trace");
  BOOST_REQUIRE_MESSAGE(written.status == 0, written.err);
  const Answer answer = replay(house.box, written.out.substr(0, written.out.find('\n')));
  BOOST_TEST(answer.status == 0, answer.out);
  BOOST_TEST(contains(answer.out, "the same: "), answer.out);
}

BOOST_AUTO_TEST_CASE(with_the_arp_monitor_what_frames_said_comes_out_the_same) {
  const House house;
  const Daemon daemon(house.box, std::string("bond0 eth0 eth1 mode=1 arp_interval=50 arp_validate=all arp_ip_target=") +
                                     House::town_v4 + " address=" + House::box_v4 + "/24");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  const Answer written = daemon.ask("trace");
  const Answer answer = replay(house.box, written.out.substr(0, written.out.find('\n')));
  BOOST_TEST(answer.status == 0, answer.out);
}

BOOST_AUTO_TEST_CASE(all_from_the_start_to_the_end_is_written_at_the_end) {
  const House house;
  const ScratchDirectory scratch;
  const std::string file = scratch.path() + "/all.trace";
  Daemon daemon(house.box, std::string(House::words) + " --trace " + file);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_TEST(daemon.status("/recorder/file") == file);
  BOOST_TEST(daemon.status("/recorder/replays") == "true");
  BOOST_TEST(daemon.status("/recorder/dropped_bytes") == "0");
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  house.put_back(0);
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.stop() == 0);
  const Answer answer = replay(house.box, file);
  BOOST_TEST(answer.status == 0, answer.out);
  // `make traces`: it is kept for other CPUs to step it.
  if (const char* const directory = std::getenv("BONDBOX_KEEP_TRACES"))
    write_text(std::string(directory) + "/lab-failover.trace", read_text(file));
}

BOOST_AUTO_TEST_CASE(a_program_that_dies_leaves_what_it_knew) {
  const House house;
  Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_TEST(daemon.stop(SIGSEGV) == 128 + SIGSEGV);
  const Answer answer = replay(house.box, daemon.path("trace/crash.trace"));
  BOOST_TEST(answer.status == 0, answer.out);
  BOOST_TEST(contains(answer.out, "the same: "), answer.out);
}

BOOST_AUTO_TEST_CASE(where_no_file_can_be_written_that_is_told_and_the_bond_goes_on) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  write_text(daemon.path("trace"), "in the way");
  const Answer written = daemon.ask("trace");
  BOOST_TEST(written.status == 1);
  BOOST_TEST(contains(written.err, "trace"), written.err);
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

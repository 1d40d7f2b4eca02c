// The whole program on real NICs: the commands, given while traffic flows.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "hal/pcap/capture_file.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

/// A bond with traffic in both directions, which must go on through everything.
struct Busy {
  House house;
  Daemon daemon;
  TcpStream out;
  TcpStream in;

  explicit Busy(const std::string& words = House::words)
      : daemon(house.box, words),
        out(ready(house), house.town, House::town_v4),
        in(house.town, house.box, House::box_v4) {}
  void still_flows() {
    BOOST_TEST(out.goes_on());
    BOOST_TEST(in.goes_on());
  }
  void ends_intact() {
    BOOST_TEST(out.finish());
    BOOST_TEST(in.finish());
  }

 private:
  static const Namespace& ready(const House& house) {
    BOOST_REQUIRE(reaches(house.box, House::town_v4));
    BOOST_REQUIRE(reaches(house.town, House::box_v4));
    return house.box;
  }
};

void is_done(const Answer& answer, const std::string& out = {}) {
  BOOST_TEST(answer.status == 0);
  BOOST_TEST(answer.out == out);
  BOOST_TEST(answer.err.empty(), answer.err);
}

void is_refused(const Answer& answer, const std::string& why) {
  BOOST_TEST(answer.status == 1);
  BOOST_TEST(answer.out.empty(), answer.out);
  BOOST_TEST(answer.err.starts_with("bondbox: " + why), answer.err);
  BOOST_TEST(std::count(answer.err.begin(), answer.err.end(), '\n') == 1, answer.err);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_commands)

BOOST_AUTO_TEST_CASE(ports_are_activated_released_and_enslaved_while_traffic_flows) {
  Busy busy("bond0 eth0 eth1 mode=1 miimon=20 address=192.168.10.52/24");
  const Daemon& daemon = busy.daemon;
  const House& house = busy.house;
  is_done(daemon.ask("activate bond0 eth1"));
  BOOST_TEST(daemon.active() == "eth1");
  busy.still_flows();
  is_done(daemon.ask("release bond0 eth0"));
  BOOST_TEST(house.box.must("ip link show eth0").find("NOARP") == std::string::npos);
  is_done(daemon.ask("get bond0 slaves"), "eth1\n");
  busy.still_flows();
  is_done(daemon.ask("enslave bond0 eth0"));
  is_done(daemon.ask("get bond0 slaves"), "eth1 eth0\n");
  is_done(daemon.ask("release bond0 eth1"));
  BOOST_TEST(daemon.comes_to("eth0"));
  busy.still_flows();
  is_done(daemon.ask("enslave bond0 eth1"));
  busy.still_flows();
  busy.ends_intact();
}

BOOST_AUTO_TEST_CASE(refused_commands_say_why_and_change_nothing) {
  Busy busy;
  const Daemon& daemon = busy.daemon;
  busy.house.pull(1);
  // The file, for it follows what a command is told by a moment.
  BOOST_REQUIRE(wait_until([&] { return contains(daemon.proc_file(), "MII Status: down\n"); }, 5'000));
  const std::string before = daemon.proc_file();
  is_refused(daemon.ask("activate bond0 eth1"), "EINVAL: ");
  is_refused(daemon.ask("activate bond0 eth7"), "ENODEV: ");
  is_refused(daemon.ask("enslave bond0 eth0"), "EBUSY: ");
  is_refused(daemon.ask("enslave bond0 eth7"), "ENODEV: ");
  is_refused(daemon.ask("enslave bond0 lo"), "EINVAL: ");
  is_refused(daemon.ask("enslave bond0 bond0"), "EPERM: ");
  is_refused(daemon.ask("release bond0 eth7"), "EINVAL: ");
  is_refused(daemon.ask("set bond0 mode 0"), "ENOTEMPTY: ");
  is_refused(daemon.ask("set bond0 fail_over_mac 1"), "ENOTEMPTY: ");
  is_refused(daemon.ask("set bond0 miimon 0"), "EINVAL: ");
  is_refused(daemon.ask("set bond0 primary_reselect sometimes"), "EINVAL: ");
  is_refused(daemon.ask("set bond0 lacp_rate 1"), "EACCES: ");
  is_refused(daemon.ask("set bond0 slaves eth0"), "EPERM: ");
  is_refused(daemon.ask("set bond7 miimon 100"), "there is no bond \"bond7\" here; there is: bond0");
  BOOST_TEST(daemon.proc_file() == before);
  busy.still_flows();
  busy.ends_intact();
}

BOOST_AUTO_TEST_CASE(of_several_ports_those_that_can_be_had_are_taken_as_by_ifenslave) {
  const House house;
  house.lay(2);
  const Daemon daemon(house.box, "bond0 eth0 miimon=20 address=192.168.10.52/24");
  const Answer mixed = daemon.ask("enslave bond0 eth1 eth7 eth2");
  BOOST_TEST(mixed.status == 1);
  BOOST_TEST(contains(mixed.err, "ENODEV: "), mixed.err);
  BOOST_TEST(contains(mixed.err, "eth7"), mixed.err);
  is_done(daemon.ask("get bond0 slaves"), "eth0 eth1 eth2\n");
  is_done(daemon.ask("release bond0 eth0 eth1"));
  is_done(daemon.ask("get bond0 slaves"), "eth2\n");
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_CASE(wrong_words_end_with_status_2_and_the_usage) {
  const House house;
  const Daemon daemon(house.box, House::words);
  for (const char* words : {"get bond0", "set bond0 miimon", "activate bond0", "enslave bond0", "status --format xml",
                            "reload now", "events --backwards", "version please"}) {
    const Answer answer = daemon.ask(words);
    BOOST_TEST(answer.status == 2, words << ": " << answer.status);
    BOOST_TEST(contains(answer.err, "usage: bondbox "), words << ": " << answer.err);
    BOOST_TEST(answer.out.empty(), words);
  }
  const Answer unknown = daemon.ask("statsu");
  BOOST_TEST(unknown.status == 2);
  BOOST_TEST(contains(unknown.err, "did you mean \"status\"?"), unknown.err);
}

BOOST_AUTO_TEST_CASE(options_are_read_and_written_as_through_sysfs_while_traffic_flows) {
  Busy busy;
  const Daemon& daemon = busy.daemon;
  is_done(daemon.ask("get bond0 mode"), "active-backup 1\n");
  is_done(daemon.ask("set bond0 primary eth1"));
  BOOST_TEST(daemon.comes_to("eth1"));
  busy.still_flows();
  is_done(daemon.ask("set bond0 primary_reselect failure"));
  is_done(daemon.ask("set bond0 primary eth0"));
  is_done(daemon.ask("get bond0 primary_reselect"), "failure 2\n");
  is_done(daemon.ask("set bond0 active_slave eth0"));
  is_done(daemon.ask("get bond0 active_slave"), "eth0\n");
  is_done(daemon.ask("set bond0 miimon 50"));
  is_done(daemon.ask("set bond0 updelay 120"));
  is_done(daemon.ask("get bond0 updelay"), "100\n");
  BOOST_TEST(contains(daemon.proc_file(), "MII Polling Interval (ms): 50\nUp Delay (ms): 100\n"));
  is_done(daemon.ask("set bond0 slaves -eth1"));
  is_done(daemon.ask("set bond0 slaves +eth1"));
  is_done(daemon.ask("get bond0 slaves"), "eth0 eth1\n");
  busy.house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  busy.still_flows();
  busy.ends_intact();
}

BOOST_AUTO_TEST_CASE(without_a_running_bondbox_the_commands_say_so) {
  const ScratchDirectory run;
  const CommandResult asked = run_command(program() + " --run-dir " + run.path() + " status");
  BOOST_TEST(asked.status == 1);
  BOOST_TEST(contains(asked.output, "bondbox: no bondbox is running: "), asked.output);
}

BOOST_AUTO_TEST_CASE(an_answer_that_cannot_be_shown_is_none) {
  const House house;
  const Daemon daemon(house.box, House::words);
  for (const char* command : {"status", "events", "get bond0 mode", "explain bond0", "help", "version"}) {
    const CommandResult answer =
        run_command(program() + " --run-dir " + daemon.run_dir() + " " + command + " > /dev/full");
    BOOST_TEST(answer.status == 1, command);
    BOOST_TEST(answer.output == "bondbox: cannot write to stdout\n", answer.output);
  }
}

BOOST_AUTO_TEST_CASE(events_followed_tell_of_a_pull_as_it_happens) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  const std::string heard = house.scratch.path() + "/heard";
  Process follower =
      house.box.start("exec " + program() + " --run-dir " + daemon.run_dir() + " events bond0 --follow", heard);
  BOOST_REQUIRE(wait_until([&] { return contains(read_text(heard), "carrier on"); }, 5'000));
  house.pull(0);
  BOOST_TEST(wait_until([&] { return contains(read_text(heard), "(slave eth1): making interface the new active one"); },
                        5'000));
  const std::string text = read_text(heard);
  const std::string first = text.substr(0, text.find('\n') + 1);
  BOOST_TEST(text.find(first, 1) == std::string::npos, "told twice: " << first);
  BOOST_TEST(follower.is_running());
}

BOOST_AUTO_TEST_CASE(a_capture_of_thousands_of_frames_is_answered_from_the_running_plan) {
  constexpr std::size_t frames = 5'000;
  const House house;
  const Daemon daemon(house.box, House::words);
  const ScratchDirectory scratch;
  const std::string capture = scratch.path() + "/sent.pcap";
  auto writer = pcapio::CaptureWriter::create(capture, pcapio::CaptureWriter::Precision::microseconds);
  BOOST_REQUIRE(writer.ok());
  std::string wanted;
  for (std::size_t i = 1; i <= frames; ++i) {
    // From no bytes at all to more than a request holds.
    const std::vector<std::uint8_t> frame(i % 10 == 0 ? i % 9'000 : i % 100, 0x02);
    BOOST_REQUIRE(writer.value().write(static_cast<std::int64_t>(i), frame).ok());
    const char* const where = frame.size() < 14 ? "\t-\t-\ttoo short for a frame\n"
                                                : "\t1\teth1\tthe active port; if eth1 dies it moves to eth0\n";
    wanted += std::to_string(i) + where;
  }
  BOOST_REQUIRE(writer.value().close().ok());
  BOOST_REQUIRE(daemon.ask("activate bond0 eth1").status == 0);
  const Answer answer = daemon.ask("which bond0 --pcap " + capture);
  BOOST_TEST(answer.status == 0, answer.err);
  BOOST_TEST((answer.out == wanted));
  BOOST_TEST(daemon.status("/bonds/0/tx_runts") == "0");
  const Answer flow = daemon.ask("which bond0 --flow 192.168.10.52:80-192.168.10.254:5000/tcp");
  BOOST_TEST(flow.status == 0, flow.err);
  BOOST_TEST(flow.out == "1\t1\teth1\tthe active port; if eth1 dies it moves to eth0\n");
  BOOST_TEST(daemon.ask("which bond7 --pcap " + capture).err.starts_with("bondbox: there is no bond \"bond7\" here"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

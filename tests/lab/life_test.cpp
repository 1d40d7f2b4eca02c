// The whole program on real NICs: whatever ends it, the ports are what they were; whatever happens to a port, the bond
// goes on.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

/// A house whose ports are unlike each other in all that a bond changes.
struct LivedInHouse : House {
  LivedInHouse() {
    box.must(
        "ip link set eth0 up; ip addr add 2001:db8::5/64 dev eth0;"
        "ip link set eth1 mtu 1400 arp off; echo 1 > /proc/sys/net/ipv6/conf/eth1/disable_ipv6");
    before = portraits();
  }
  bool is_as_before() const { return comes_to_show(before); }
  std::string difference() const { return House::difference(before); }

  std::string before;
};

/// What is left in a run directory, besides the lock file that must stay where it is.
std::string left_in(const std::string& directory) {
  return run_command("cd " + directory + " && find . ! -type d ! -name lock ! -name bonds.events").output;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_life)

BOOST_AUTO_TEST_CASE(after_sigterm_the_ports_are_what_they_were_and_nothing_is_left) {
  const LivedInHouse house;
  for (const int signal : {SIGTERM, SIGINT}) {
    Daemon daemon(house.box, House::words);
    BOOST_REQUIRE(reaches(house.box, House::town_v4));
    BOOST_TEST((house.portraits() != house.before));
    BOOST_TEST(contains(left_in(daemon.run_dir()), "./control.sock"));
    BOOST_TEST(contains(left_in(daemon.run_dir()), "./net/bonding/bond0"));
    BOOST_TEST(daemon.stop(signal) == 0);
    BOOST_TEST(house.is_as_before(), house.difference());
    BOOST_TEST(!house.box.run("ip link show bond0").ok());
    BOOST_TEST(left_in(daemon.run_dir()).empty(), left_in(daemon.run_dir()));
  }
}

BOOST_AUTO_TEST_CASE(signals_that_come_again_and_again_do_not_disturb_the_giving_back) {
  const LivedInHouse house;
  for (int round = 0; round < 5; ++round) {
    Daemon daemon(house.box, House::words);
    const bool ended = wait_until(
        [&] {
          ::kill(daemon.pid(), SIGTERM);
          ::kill(daemon.pid(), SIGINT);
          ::kill(daemon.pid(), SIGHUP);
          return !daemon.is_running();
        },
        5'000);
    BOOST_TEST(ended);
    BOOST_TEST(daemon.stop(0) == 0);
    BOOST_TEST(house.is_as_before(), house.difference());
    BOOST_TEST(left_in(daemon.run_dir()).empty(), left_in(daemon.run_dir()));
  }
}

BOOST_AUTO_TEST_CASE(a_signal_at_any_moment_of_the_start_leaves_the_ports_as_they_were) {
  const LivedInHouse house;
  const ScratchDirectory run;
  for (int delay_ms = 0; delay_ms <= 30; delay_ms += 3) {
    Process process = house.box.start("exec " + program() + " run --run-dir " + run.path() + " " + House::words);
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    ::kill(process.pid(), SIGTERM);
    BOOST_TEST(process.wait(5'000).has_value());
    BOOST_TEST(house.is_as_before(), "after " << delay_ms << " ms: " << house.difference());
    BOOST_TEST(left_in(run.path()).empty(), left_in(run.path()));
  }
}

BOOST_AUTO_TEST_CASE(killed_and_started_again_it_works_and_gives_back_what_the_first_one_found) {
  const LivedInHouse house;
  Daemon daemon(house.box, House::words + std::string(" offload=off"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  // What a killed program leaves behind: without this the rest would prove nothing.
  const std::string left = house.portraits();
  for (const char* trace : {"NOARP", "clsact", "disable_ipv6:1", "mtu 1500"}) BOOST_TEST(contains(left, trace), trace);
  BOOST_TEST((house.mac(house.box, "eth1") == house.mac(house.box, "eth0")));

  daemon.start();
  // It is not given back before it is wanted again: the other ends would see their links go.
  BOOST_TEST(!contains(daemon.log(), "given back as it was found"), daemon.log());
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(reaches(house.town, House::box_v6));
  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(reaches(house.box, House::town_v4));
  house.put_back(0);
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(house.is_as_before(), house.difference());
  BOOST_TEST(left_in(daemon.run_dir()).empty(), left_in(daemon.run_dir()));
}

BOOST_AUTO_TEST_CASE(a_port_that_the_next_start_no_longer_names_gets_back_what_a_killed_one_left) {
  const LivedInHouse house;
  const std::string eth1 = house.portrait("eth1");
  house.config();
  Daemon daemon(house.box, "-c " + house.config_path());
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  BOOST_TEST((house.portrait("eth1") != eth1));
  write_text(house.config_path(), "[bond.bond0]\nports = [\"eth0\"]\n");
  daemon.start();
  BOOST_TEST((house.portrait("eth1") == eth1));
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(house.is_as_before(), house.difference());
}

BOOST_AUTO_TEST_CASE(a_port_that_vanishes_is_awaited_and_taken_again_when_it_returns) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  // First the one that waits, then the one that carries.
  for (const int cable : {1, 0}) {
    const std::string port = "eth" + std::to_string(cable);
    const std::string other = "eth" + std::to_string(1 - cable);
    TcpStream stream(house.box, house.town, House::town_v4);
    BOOST_TEST(stream.goes_on());
    house.box.must("ip link del " + port);
    BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/awaited/0/name") == port; }, 5'000));
    BOOST_TEST(daemon.active() == other);
    BOOST_TEST(contains(daemon.ask("status").out, "DEGRADED: " + port + " is awaited: "));
    BOOST_TEST(!contains(daemon.proc_file(), "Slave Interface: " + port + "\n"), daemon.proc_file());
    BOOST_TEST(stream.goes_on());

    house.lay(cable);
    BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/awaited") == "[]"; }, 5'000));
    BOOST_TEST(daemon.ask("get bond0 slaves").out == "eth0 eth1\n");
    BOOST_TEST(daemon.comes_to("eth0"));
    BOOST_TEST(stream.goes_on());
    BOOST_TEST(stream.finish());
    // It is a port in full: the other one can be missed now.
    house.pull(1 - cable);
    BOOST_TEST(daemon.comes_to(port));
    BOOST_TEST(reaches(house.town, House::box_v4));
    house.put_back(1 - cable);
    BOOST_TEST(daemon.comes_to("eth0"));
    BOOST_REQUIRE(reaches(house.town, House::box_v4));
  }
}

BOOST_AUTO_TEST_CASE(a_port_that_does_not_exist_yet_is_awaited_and_the_others_carry) {
  const House house;
  const Daemon daemon(house.box, "bond0 eth2 eth0 mode=1 miimon=20 primary=eth2 address=192.168.10.52/24");
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.active() == "eth0");
  BOOST_TEST(contains(daemon.ask("status").out, "eth2 is awaited: there is no interface named \"eth2\""));
  house.lay(2);
  BOOST_TEST(daemon.comes_to("eth2"));
  BOOST_TEST(daemon.ask("get bond0 slaves").out == "eth2 eth0\n");
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_CASE(a_port_set_down_by_hand_is_left_and_used_again_when_it_is_up) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  house.box.must("ip link set eth0 down");
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(reaches(house.box, House::town_v4));
  house.box.must("ip link set eth0 up");
  BOOST_TEST(daemon.comes_to("eth0"));
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// What a person sees, and what the ports still hear, when nobody answers: the daemon has been killed or stopped.
#include <net/if.h>
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

bool serves(const Daemon& daemon) {
  return wait_until([&] { return daemon.status("/bonds/0/offload/serving") == "true"; }, 3'000);
}

/// As a person inside would ask: what is left of a bond is seen there.
Answer ask_inside(const House& house, const Daemon& daemon) {
  return run_program(house.box, "status --run-dir " + daemon.run_dir());
}

unsigned flags_of(const House& house, const std::string& port) {
  return static_cast<unsigned>(std::stoul(house.box.must("cat /sys/class/net/" + port + "/flags"), nullptr, 16));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_silent_daemon)

BOOST_AUTO_TEST_CASE(status_tells_of_a_killed_daemon_whose_programs_go_on) {
  const House house;
  const std::string before = house.portraits();
  Daemon daemon(house.box, House::words);
  if (!serves(daemon)) return;
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  const Answer answer = ask_inside(house, daemon);
  BOOST_TEST(answer.status == 1);
  BOOST_TEST(contains(answer.err, "no bondbox is running"), answer.err);
  BOOST_TEST(contains(answer.err, " has died; what "), answer.err);
  BOOST_TEST(contains(answer.err, "bond0 goes on without it: BPF programs forward by its last plan"), answer.err);
  // What programs carry must still come in: all multicast, which packet sockets asked for until they died.
  BOOST_TEST((flags_of(house, "eth1") & IFF_ALLMULTI) != 0U);

  house.box.must("tc qdisc del dev bond0 clsact");
  BOOST_TEST(contains(ask_inside(house, daemon).err, "bond0 is still there, but nothing forwards its frames"));

  // Somebody took the ports for free.
  house.box.must("ip link set eth0 arp on allmulticast off; echo 0 > /proc/sys/net/ipv6/conf/eth1/disable_ipv6");
  daemon.start();
  BOOST_TEST(daemon.ask("status").status == 0);
  BOOST_TEST((flags_of(house, "eth0") & IFF_NOARP) != 0U);
  BOOST_TEST((flags_of(house, "eth0") & IFF_ALLMULTI) != 0U);
  BOOST_TEST(house.box.must("cat /proc/sys/net/ipv6/conf/eth1/disable_ipv6") == "1\n");
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(house.comes_to_show(before), house.difference(before));
  BOOST_TEST((flags_of(house, "eth0") & (IFF_ALLMULTI | IFF_NOARP)) == 0U);
}

BOOST_AUTO_TEST_CASE(status_tells_of_a_killed_daemon_whose_bond_nobody_carries) {
  const House house;
  Daemon daemon(house.box, std::string(House::words) + " offload=off");
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  const std::string told = ask_inside(house, daemon).err;
  BOOST_TEST(contains(told, " has died; what "), told);
  BOOST_TEST(contains(told, "bond0 is still there, but nothing forwards its frames"), told);
  BOOST_TEST(!contains(told, "goes on"), told);
}

BOOST_AUTO_TEST_CASE(status_tells_of_a_stopped_daemon_how_to_let_it_go_on) {
  const House house;
  Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(::kill(daemon.pid(), SIGSTOP) == 0);
  const Answer answer = ask_inside(house, daemon);
  BOOST_TEST(::kill(daemon.pid(), SIGCONT) == 0);
  BOOST_TEST(answer.status == 1);
  BOOST_TEST(contains(answer.err, "kill -CONT " + std::to_string(daemon.pid())), answer.err);
  BOOST_TEST(daemon.ask("status").status == 0);
}

BOOST_AUTO_TEST_CASE(the_text_of_a_bond_that_nobody_serves_goes_with_the_next_start) {
  const House house;
  house.config();
  Daemon daemon(house.box, "-c " + house.config_path());
  BOOST_REQUIRE(wait_until([&] { return !daemon.proc_file().empty(); }, 3'000));
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  BOOST_TEST(!daemon.proc_file().empty());
  write_text(house.config_path(), "[bond.bond1]\nports = [\"eth0\"]\n");
  daemon.start();
  BOOST_TEST(wait_until([&] { return !daemon.proc_file("bond1").empty(); }, 3'000));
  BOOST_TEST(daemon.proc_file("bond0").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

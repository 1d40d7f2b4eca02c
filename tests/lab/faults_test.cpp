// What somebody does to the interfaces of a running bond: it goes on, says so, and is as before when the cause has
// gone. Ports that vanish or are set down: life_test.cpp; bond0 that is deleted: offload_test.cpp and loops_test.cpp.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

namespace ut = boost::unit_test;

/// Who forwards: the daemon, or programs in the kernel where it takes them.
const auto both_paths = ut::data::make({"off", "auto"});

std::string words(const char* offload) {
  return std::string(House::words) + " offload=" + offload;
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

bool says(const Daemon& daemon, std::string_view sentence) {
  return wait_until([&] { return contains(daemon.events(), sentence); }, 3'000);
}

/// The cable of the other port works as well: it is the only one for a moment.
void must_carry_alone(const House& house, const Daemon& daemon, int cable) {
  house.pull(1 - cable);
  BOOST_TEST(daemon.comes_to("eth" + std::to_string(cable)));
  BOOST_TEST(reaches(house.box, House::town_v4));
  house.put_back(1 - cable);
  BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/degraded") == "false"; }, 5'000));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_faults)

BOOST_DATA_TEST_CASE(a_mac_that_somebody_gives_a_port_is_taken_back_and_told, both_paths, offload) {
  const House house;
  const Daemon daemon(house.box, words(offload));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const MacAddress bonds = house.mac(house.box, "bond0");
  TcpStream stream(house.box, house.town, House::town_v4);
  for (const std::string port : {"eth1", "eth0"}) {
    house.box.must("ip link set " + port + " address 02:00:00:00:0b:ad");
    BOOST_TEST(wait_until([&] { return house.mac(house.box, port) == bonds; }, 5'000), port);
    BOOST_TEST(says(daemon, "(slave " + port + "): MAC was changed to 02:00:00:00:0b:ad by somebody else, put back"));
    BOOST_TEST(stream.goes_on());
  }
  BOOST_TEST(daemon.active() == "eth0");
  BOOST_TEST(stream.finish());
  must_carry_alone(house, daemon, 1);
}

BOOST_DATA_TEST_CASE(an_mtu_that_somebody_gives_a_port_is_taken_back_and_told, both_paths, offload) {
  const House house;
  const Daemon daemon(house.box, words(offload));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const auto mtu_is = [&](const std::string& port, const std::string& mtu) {
    return contains(house.box.must("ip -o link show " + port), " mtu " + mtu + " ");
  };
  for (const std::string port : {"eth1", "eth0"}) {
    house.box.must("ip link set " + port + " mtu 1400");
    BOOST_TEST(wait_until([&] { return mtu_is(port, "1500"); }, 5'000), port);
    BOOST_TEST(says(daemon, "(slave " + port + "): MTU was changed to 1400 by somebody else, put back"));
  }
  BOOST_TEST(house.box.run("ping -n -c 1 -W 2 -s 1472 -M do " + std::string(House::town_v4)).ok());
  must_carry_alone(house, daemon, 1);
}

BOOST_DATA_TEST_CASE(a_port_that_is_renamed_stays_under_the_name_it_was_given, both_paths, offload) {
  const House house;
  const Daemon daemon(house.box, words(offload));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  TcpStream stream(house.box, house.town, House::town_v4);
  house.box.must("ip link set eth0 down; ip link set eth0 name wan0; ip link set wan0 up");
  BOOST_TEST(daemon.comes_to("eth0"));
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(daemon.ask("get bond0 slaves").out == "eth0 eth1\n");
  // What is done to it is still seen, and what it carries is still moved.
  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(stream.goes_on());
  house.put_back(0);
  BOOST_TEST(daemon.comes_to("eth0"));
  BOOST_TEST(stream.finish());
  // Its name is somebody else's now: not a port of ours, and not touched.
  house.box.must("ip link add eth0 type veth peer name far0");
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(!contains(house.box.must("ip -o link show eth0"), "NOARP"));
  BOOST_TEST(daemon.status("/bonds/0/awaited") == "[]");
}

BOOST_DATA_TEST_CASE(bond0_that_is_renamed_carries_on_and_answers_to_both_names, both_paths, offload) {
  const House house;
  Daemon daemon(house.box, house.config("offload = \"" + std::string(offload) + "\"\n"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  TcpStream stream(house.box, house.town, House::town_v4);
  // Kernels before 6.2 rename no interface that is up.
  house.box.must("ip link set bond0 name wan || { ip link set bond0 down && ip link set bond0 name wan up; }");
  BOOST_TEST(says(daemon, "bond0: the interface is called wan now"));
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(daemon.status("/bonds/0/interface") == "wan");
  BOOST_TEST(contains(daemon.ask("status wan").out, "bond0: active-backup, up, active port eth0\n"));
  BOOST_TEST(contains(daemon.ask("status bond0").out, "  interface: called wan on the host\n"));
  BOOST_TEST(daemon.ask("get wan mode").out == "active-backup 1\n");
  BOOST_TEST(daemon.events("wan") == daemon.events("bond0"));
  // As the kernel's driver has it, the text is under the interface's name.
  BOOST_TEST(wait_until([&] { return contains(daemon.proc_file("wan"), "Currently Active Slave: eth0\n"); }, 3'000));
  BOOST_TEST(daemon.proc_file("bond0") == "");
  BOOST_TEST(daemon.ask("reload").out == "nothing changed\n");
  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(stream.goes_on());
  house.put_back(0);
  BOOST_TEST(daemon.comes_to("eth0"));
  BOOST_TEST(daemon.ask("set wan primary eth1").status == 0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(stream.finish());
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(!house.box.run("ip link show wan").ok());
}

BOOST_AUTO_TEST_CASE(bond0_that_was_renamed_before_its_daemon_was_killed_is_taken_over) {
  const House house;
  Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  house.box.must("ip link set bond0 name wan || { ip link set bond0 down && ip link set bond0 name wan up; }");
  BOOST_TEST(says(daemon, "bond0: the interface is called wan now"));
  const std::string index = house.box.must("cat /sys/class/net/wan/ifindex");
  if (daemon.status("/bonds/0/offload/serving") != "true") return;  // bond0 would go with its daemon
  BOOST_TEST(daemon.stop(SIGKILL) == 128 + SIGKILL);
  BOOST_TEST(reaches(house.box, House::town_v4));
  daemon.start();
  BOOST_TEST(house.box.must("cat /sys/class/net/wan/ifindex") == index);
  BOOST_TEST(!house.box.run("ip link show bond0").ok());
  BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/interface") == "wan"; }, 3'000));
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(!house.box.run("ip link show wan").ok());
}

BOOST_AUTO_TEST_CASE(a_bond0_that_cannot_be_made_again_is_told_once_and_comes_when_it_can) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::string limit = "prlimit --pid " + std::to_string(daemon.pid()) + " --nofile";
  const std::string before = run_command(limit + " -o SOFT --noheadings | tr -d ' \\n'").output;
  // Nothing more can be opened; what asks over the control socket has to wait.
  BOOST_REQUIRE(run_command(limit + "=10:").ok());
  house.box.must("ip link del bond0");
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), "cannot be made again: "); }, 3'000), daemon.log());
  BOOST_TEST(!wait_until([&] { return count_of(daemon.log(), "cannot be made again") > 1; }, 2'200));
  BOOST_TEST(count_of(daemon.log(), "making it again") == 1U);
  BOOST_REQUIRE(run_command(limit + "=" + before + ":").ok());
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), "bond0: the interface is there again"); }, 3'000));
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.ask("status").status == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

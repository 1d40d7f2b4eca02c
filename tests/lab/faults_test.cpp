// What somebody does to the interfaces of a running bond: it goes on, says so, and is as before when the cause has
// gone. Ports that vanish or are set down: life_test.cpp; bond0 that is deleted: offload_test.cpp and loops_test.cpp.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

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

BOOST_DATA_TEST_CASE(a_port_that_somebody_makes_a_port_of_a_bridge_is_taken_out_again_and_told, both_paths, offload) {
  const House house;
  const Daemon daemon(house.box, words(offload));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  house.box.must("ip link add br9 type bridge && ip link set br9 up && ip link set eth1 master br9");
  const std::string told = "eth1 was made a port of br9 by somebody else, taken out of it again";
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), told); }, 5'000), daemon.log());
  BOOST_TEST(!contains(house.box.must("ip -o link show eth1"), "master"));
  must_carry_alone(house, daemon, 1);
}

BOOST_AUTO_TEST_CASE(what_makes_the_host_speak_on_a_port_is_put_back_and_told) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  house.box.must("ip link set eth1 arp on");
  const std::string told = "eth1 was given ARP back by somebody else, put back";
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), told); }, 5'000), daemon.log());
  BOOST_TEST(contains(house.box.must("ip -o link show eth1"), "NOARP"));
  house.box.must("ip address add 10.9.8.7/24 dev eth1");
  const std::string address = "eth1 was given the address 10.9.8.7/24 by somebody else";
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), address); }, 5'000), daemon.log());
}

BOOST_AUTO_TEST_CASE(a_port_that_was_in_another_namespace_meanwhile_is_given_back_as_it_was_found) {
  const House house;
  // What the kernel makes anew when it moves an interface, its IPv6 settings, is left out.
  const auto link = [&] {
    return house.box.must(
        "ip -o link show eth1 | grep -o 'eth1.*mtu [0-9]*\\|link/ether [^ ]*' | sed 's/,[A-Z_]*UP//g'");
  };
  const std::string before = link();
  Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  // With the bond's address and without ARP, as a port is.
  house.box.must("ip link set eth1 netns " + house.town.name());
  BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/awaited") != "[]"; }, 5'000));
  house.town.must("ip link set eth1 netns " + house.box.name());
  BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/degraded") == "false"; }, 10'000));
  must_carry_alone(house, daemon, 1);
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(link() == before);
}

BOOST_AUTO_TEST_CASE(ports_that_swapped_names_while_nobody_ran_get_back_each_its_own_address) {
  const House house;
  const MacAddress first = house.mac(house.box, "eth0");
  const MacAddress second = house.mac(house.box, "eth1");
  Daemon daemon(house.box, House::words);
  daemon.stop(SIGKILL);
  house.box.must(
      "ip link set eth0 down; ip link set eth0 name swap0; ip link set eth1 down; ip link set eth1 name eth0");
  house.box.must("ip link set swap0 name eth1");
  daemon.start();
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST((house.mac(house.box, "eth0") == second));
  BOOST_TEST((house.mac(house.box, "eth1") == first));
}

BOOST_DATA_TEST_CASE(a_bond0_that_was_made_again_outlives_a_kill, both_paths, offload) {
  const House house;
  Daemon daemon(house.box, words(offload));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  house.box.must("ip link del bond0");
  BOOST_TEST(wait_until([&] { return reaches(house.box, House::town_v4); }, 5'000));
  const auto index = [&] { return house.box.run("cat /sys/class/net/bond0/ifindex").output; };
  const std::string made = index();
  daemon.stop(SIGKILL);
  BOOST_TEST(index() == made);
  daemon.start();
  BOOST_TEST(index() == made);
  BOOST_TEST(reaches(house.box, House::town_v4));
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

BOOST_DATA_TEST_CASE(a_queue_of_a_port_that_is_full_costs_frames_and_no_failover, both_paths, offload) {
  const House house;
  const Daemon daemon(house.box, words(offload));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  house.box.must("tc qdisc add dev eth0 root tbf rate 1mbit burst 2k limit 3000");
  // Far more than the port takes in that time: its driver says ENOBUFS.
  Process sender = house.box.fork_inside([] {
    const lnx::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(9);
    (void)::inet_pton(AF_INET, House::town_v4, &there.sin_addr);
    const std::array<std::uint8_t, 1'000> payload{};
    for (int i = 0; i < 1'000; ++i)
      (void)::sendto(fd.get(), payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&there),
                     sizeof there);
    return 0;
  });
  BOOST_TEST((sender.wait(10'000) == 0));
  const auto count = [&](const char* what) {
    const std::string text = daemon.status(std::string("/bonds/0/ports/0/tx/") + what);
    return text.empty() ? 0 : std::stol(text);
  };
  // Each is counted once: taken by the port, or refused by it. What its queue drops below a program, or of a frame that
  // is cut up there, is counted by that queue.
  BOOST_TEST(wait_until([&] { return count("frames") + count("refused") >= 1'000; }, 5'000));
  if (std::string_view(offload) == "off") BOOST_TEST(count("refused") > 0);
  BOOST_TEST(daemon.active() == "eth0");
  BOOST_TEST(daemon.status("/bonds/0/failovers") == "0");
  BOOST_TEST(daemon.status("/bonds/0/degraded") == "false");
  house.box.must("tc qdisc del dev eth0 root");
  BOOST_TEST(reaches(house.box, House::town_v4));
  must_carry_alone(house, daemon, 1);
}

BOOST_DATA_TEST_CASE(a_daemon_that_was_stopped_for_a_while_goes_on_where_it_was, both_paths, offload) {
  const House house;
  const Daemon daemon(house.box, words(offload));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  TcpStream stream(house.box, house.town, House::town_v4);
  BOOST_TEST(stream.goes_on());
  BOOST_REQUIRE(::kill(daemon.pid(), SIGSTOP) == 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(1'000));
  house.pull(0);
  std::this_thread::sleep_for(std::chrono::milliseconds(4'000));
  BOOST_REQUIRE(::kill(daemon.pid(), SIGCONT) == 0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(stream.finish());
  // It says how late it was, and makes up for nothing.
  BOOST_TEST(std::stol(daemon.status("/scheduler/worst_overrun_ms")) > 3'000);
  house.put_back(0);
  BOOST_TEST(daemon.comes_to("eth0"));
}

BOOST_DATA_TEST_CASE(a_loop_through_the_bond_leaves_the_daemon_answering_and_ends_with_its_cause, both_paths, offload) {
  const House house;
  house.lay(2);
  const Daemon daemon(house.box, std::string("bond0 eth0 eth1 mode=1 miimon=20 primary=eth0 offload=") + offload);
  // bond0 and a third cable in one bridge, both into the same switch, and nobody speaks spanning tree.
  house.box.must(
      "ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0; ip link set bond0 master br0;"
      "ip link set br0 up; ip addr add 192.168.10.52/24 dev br0; ip link set eth2 up");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  house.box.must("ip link set eth2 master br0");
  (void)house.box.run("arping -q -c 3 -w 1 -I br0 192.168.10.77 || ping -n -c 2 -W 1 192.168.10.77");
  const auto crossed = [&] { return std::stoull(house.box.must("cat /sys/class/net/eth0/statistics/rx_packets")); };
  const unsigned long long before = crossed();
  BOOST_TEST(wait_until([&] { return crossed() > before + 2'000; }, 3'000), "there is no storm");
  // In the middle of it.
  BOOST_TEST(daemon.active() == "eth0");
  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  house.put_back(0);
  BOOST_TEST(daemon.comes_to("eth0"));
  house.box.must("ip link set eth2 nomaster");
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.status("/bonds/0/degraded") == "false");
}

BOOST_AUTO_TEST_CASE(a_configuration_that_has_vanished_changes_nothing_until_it_is_back) {
  const House house;
  const Daemon daemon(house.box, house.config());
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_REQUIRE(std::rename(house.config_path().c_str(), (house.config_path() + ".away").c_str()) == 0);
  const Answer refused = daemon.ask("reload");
  BOOST_TEST(refused.status == 1);
  BOOST_TEST(contains(refused.err, house.config_path() + ": No such file or directory; nothing was changed\n"),
             refused.err);
  BOOST_TEST(::kill(daemon.pid(), SIGHUP) == 0);
  BOOST_TEST(wait_until([&] { return contains(daemon.log(), "nothing was changed"); }, 3'000));
  BOOST_TEST(reaches(house.box, House::town_v4));
  (void)house.config("num_grat_arp = 3\n");
  BOOST_TEST(daemon.ask("reload").status == 0);
  BOOST_TEST(daemon.ask("get bond0 num_grat_arp").out == "3\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// The whole program on real NICs, watching its ports by ARP: the switch forwards nothing on one of them any more, and
// the port keeps its carrier.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

/// The bridge drops what comes from this cable, and sends nothing into it.
void block(const House& house, int cable, bool on) {
  house.town.must("bridge link set dev port" + std::to_string(cable) + " state " + (on ? "0" : "3"));
}

bool has_carrier(const House& house, int cable) {
  return house.box.must("cat /sys/class/net/eth" + std::to_string(cable) + "/carrier") == "1\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_arp_monitor)

BOOST_AUTO_TEST_CASE(a_switch_port_that_forwards_nothing_is_left_and_taken_again) {
  for (const char* targets : {"arp_ip_target=192.168.10.254", "ns_ip6_target=fd10::254"}) {
    const House house;
    const Daemon daemon(house.box, std::string("bond0 eth0 eth1 mode=1 arp_interval=50 arp_validate=all primary=eth0 "
                                               "address=192.168.10.52/24,fd10::52/64 ") +
                                       targets);
    BOOST_TEST_CONTEXT(targets) {
      BOOST_REQUIRE(daemon.comes_to("eth0"));
      BOOST_REQUIRE(reaches(house.box, House::town_v4));
      TcpStream out(house.box, house.town, House::town_v4);
      BOOST_TEST(out.goes_on());

      block(house, 0, true);
      BOOST_TEST(daemon.comes_to("eth1"));
      BOOST_TEST(has_carrier(house, 0));
      BOOST_TEST(out.goes_on());
      const std::string proc = daemon.proc_file();
      BOOST_TEST(contains(proc, "ARP Polling Interval (ms): 50\n"), proc);

      block(house, 0, false);
      BOOST_TEST(daemon.comes_to("eth0"));
      BOOST_TEST(out.goes_on());
      BOOST_TEST(out.finish());
      const std::string events = daemon.events();
      BOOST_TEST(contains(events, "(slave eth0): link status definitely down, disabling slave"), events);
    }
  }
}

BOOST_AUTO_TEST_CASE(with_every_path_dead_the_first_that_comes_back_carries) {
  const House house;
  const Daemon daemon(house.box,
                      "bond0 eth0 eth1 mode=1 arp_interval=50 arp_ip_target=192.168.10.254 arp_validate=all "
                      "address=192.168.10.52/24");
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  block(house, 0, true);
  block(house, 1, true);
  BOOST_TEST(wait_until([&] { return contains(daemon.proc_file(), "Currently Active Slave: None\n"); }, 3'000));
  block(house, 1, false);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(reaches(house.box, House::town_v4));
}

BOOST_AUTO_TEST_CASE(links_and_probes_together_see_what_either_alone_would_miss) {
  const House house;
  const Daemon daemon(house.box,
                      "bond0 eth0 eth1 mode=1 monitor=all miimon=50 arp_interval=50 arp_ip_target=192.168.10.254 "
                      "primary=eth0 address=192.168.10.52/24");
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  TcpStream out(house.box, house.town, House::town_v4);
  BOOST_TEST(out.goes_on());

  block(house, 0, true);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(has_carrier(house, 0));
  BOOST_TEST(out.goes_on());
  BOOST_TEST(daemon.status("/bonds/0/ports/0/monitors/0/up") == "true");
  BOOST_TEST(daemon.status("/bonds/0/ports/0/monitors/1/up") == "false");
  const std::string told = daemon.ask("explain bond0 eth0").out;
  BOOST_TEST(contains(told, "monitor=all"), told);
  block(house, 0, false);
  BOOST_TEST(daemon.comes_to("eth0"));

  house.town.must("ip link set port0 down");
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(out.goes_on());
  house.town.must("ip link set port0 up");
  BOOST_TEST(daemon.comes_to("eth0"));
  BOOST_TEST(out.finish());

  // With any of them the silent cable stays in use, until its link goes, too.
  BOOST_TEST(daemon.ask("set bond0 monitor any").status == 0);
  block(house, 0, true);
  BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/ports/0/monitors/1/up") == "false"; }, 3'000));
  BOOST_TEST(daemon.active() == "eth0");
  house.town.must("ip link set port0 down");
  BOOST_TEST(daemon.comes_to("eth1"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

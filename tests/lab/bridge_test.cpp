// The whole program on real NICs: bond0 under a bridge and under a macvlan, so that frames of other stations cross it.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

constexpr const char* guest_v4 = "192.168.10.99";

/// A station behind the appliance: `lan`, whose cable ends in a bridge with bond0.
struct BridgedHouse : House {
  Namespace lan;

  void bridge() const {
    lay_cable(box, "lan0", lan, "eth0");
    box.must(
        "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6;"
        "ip link add br0 address 02:00:00:00:0b:0b type bridge stp_state 0 forward_delay 0;"
        "ip link set lan0 master br0 up; ip link set bond0 master br0;"
        "ip link set br0 up; ip addr add 192.168.10.52/24 dev br0");
    lan.must(std::string("ip link set eth0 up; ip addr add ") + guest_v4 + "/24 dev eth0");
  }
};

constexpr const char* words_without_address = "bond0 eth0 eth1 mode=1 miimon=20 primary=eth0";

bool is_promiscuous(const House& house, const std::string& port) {
  return !contains(house.box.must("ip -d link show " + port), " promiscuity 0 ");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_bridge)

BOOST_AUTO_TEST_CASE(stations_behind_a_bridge_over_bond0_are_reached_and_survive_failover) {
  const BridgedHouse house;
  const Daemon daemon(house.box, words_without_address);
  house.bridge();
  BOOST_REQUIRE(reaches(house.lan, House::town_v4));
  BOOST_TEST(reaches(house.town, guest_v4));
  BOOST_TEST(reaches(house.town, House::box_v4));
  // With the station's own MAC, not the bond's.
  const std::string known = house.town.must(std::string("ip neigh show ") + guest_v4);
  BOOST_TEST(contains(known, house.mac(house.lan, "eth0").text()), known);

  Ping ping(house.lan, House::town_v4);
  TcpStream out(house.lan, house.town, House::town_v4);
  TcpStream in(house.town, house.lan, guest_v4);
  BOOST_TEST(out.goes_on());
  BOOST_TEST(in.goes_on());
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  BOOST_TEST(out.goes_on());
  BOOST_TEST(in.goes_on());
  house.put_back(0);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_TEST(out.goes_on());
  BOOST_TEST(in.goes_on());
  BOOST_TEST(out.finish());
  BOOST_TEST(in.finish());
  const Ping::Report report = ping.stop();
  BOOST_TEST(!report.duplicates, report.text);
  BOOST_TEST(reaches(house.lan, House::box_v4));
}

BOOST_AUTO_TEST_CASE(promiscuity_reaches_the_ports_and_leaves_them_with_the_bridge) {
  const BridgedHouse house;
  Daemon daemon(house.box, words_without_address);
  BOOST_TEST(!is_promiscuous(house, "eth0"));
  house.bridge();
  for (const char* port : {"eth0", "eth1"})
    BOOST_TEST(wait_until([&] { return is_promiscuous(house, port); }, 5'000), port);
  // A port that comes later is told as well.
  house.lay(2);
  BOOST_TEST(daemon.ask("enslave bond0 eth2").status == 0);
  BOOST_TEST(is_promiscuous(house, "eth2"));
  BOOST_TEST(daemon.ask("release bond0 eth2").status == 0);
  BOOST_TEST(!is_promiscuous(house, "eth2"));
  house.box.must("ip link set bond0 nomaster");
  for (const char* port : {"eth0", "eth1"})
    BOOST_TEST(wait_until([&] { return !is_promiscuous(house, port); }, 5'000), port);
}

BOOST_AUTO_TEST_CASE(the_addresses_of_the_bridge_are_announced_after_a_failover) {
  const BridgedHouse house;
  const Daemon daemon(house.box, words_without_address);
  house.bridge();
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_REQUIRE(wait_until([&] { return daemon.status("/bonds/0/addresses/0/address") == House::box_v4; }, 5'000));
  Wiretap tap(house.town, "port1");
  house.pull(0);
  const MacAddress bridge_mac = house.mac(house.box, "br0");
  const auto arp = tap.expect(
      [&](std::span<const std::uint8_t> frame) {
        return frame.size() >= 42 && frame[12] == 0x08 && frame[13] == 0x06 && frame[31] == 52 && frame[41] == 52;
      },
      5'000);
  BOOST_REQUIRE(!arp.empty());
  BOOST_TEST((MacAddress::load(&arp[6]) == bridge_mac));
  BOOST_TEST((MacAddress::load(&arp[22]) == bridge_mac));
}

BOOST_AUTO_TEST_CASE(a_macvlan_over_bond0_has_its_own_station_that_survives_failover) {
  const House house;
  const Namespace guest;
  const Daemon daemon(house.box, House::words);
  house.box.must("ip link add link bond0 name guest0 address 02:00:00:00:0e:01 type macvlan mode bridge");
  house.box.must("ip link set guest0 netns " + guest.name());
  guest.must(std::string("ip link set guest0 up; ip addr add ") + guest_v4 + "/24 dev guest0");
  BOOST_REQUIRE(reaches(guest, House::town_v4));
  BOOST_TEST(reaches(house.town, guest_v4));
  BOOST_TEST(reaches(house.town, House::box_v4));
  const std::string known = house.town.must(std::string("ip neigh show ") + guest_v4);
  BOOST_TEST(contains(known, "02:00:00:00:0e:01"), known);
  TcpStream stream(guest, house.town, House::town_v4);
  BOOST_TEST(stream.goes_on());
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(stream.finish());
  BOOST_TEST(reaches(house.town, guest_v4));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

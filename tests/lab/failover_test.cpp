// The whole program on real NICs: the active cable is pulled, and nobody notices.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

/// Whether these lines stand in the text in this order, with anything between them.
bool in_order(const std::string& text, std::initializer_list<std::string_view> lines) {
  std::size_t at = 0;
  for (const std::string_view line : lines) {
    at = text.find(line, at);
    if (at == std::string::npos) return false;
    at += line.size();
  }
  return true;
}

/// The part of the kernel's text that is about one port.
std::string proc_of(const std::string& text, const std::string& port) {
  const std::size_t begin = text.find("Slave Interface: " + port + "\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find("\n\n", begin) - begin);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_failover)

BOOST_AUTO_TEST_CASE(a_pulled_cable_costs_neither_the_connections_nor_the_address_and_the_primary_comes_back) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const std::string addresses = house.box.must("ip -br addr show dev bond0");
  Ping ping(house.town, House::box_v4);
  TcpStream out(house.box, house.town, House::town_v4);
  TcpStream in(house.town, house.box, House::box_v4);
  BOOST_TEST(out.goes_on());
  BOOST_TEST(in.goes_on());

  house.pull(0);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(out.goes_on());
  BOOST_TEST(in.goes_on());
  BOOST_TEST(house.box.must("ip -br addr show dev bond0") == addresses);
  house.put_back(0);
  BOOST_TEST(daemon.comes_to("eth0"));
  BOOST_TEST(out.goes_on());
  BOOST_TEST(in.goes_on());
  BOOST_TEST(house.box.must("ip -br addr show dev bond0") == addresses);

  BOOST_TEST(out.finish());
  BOOST_TEST(in.finish());
  const Ping::Report report = ping.stop();
  BOOST_TEST(report.received > 0, report.text);
  BOOST_TEST(!report.duplicates, report.text);
}

BOOST_AUTO_TEST_CASE(status_events_and_the_kernels_text_tell_the_same_of_a_failover) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));

  const std::string degraded = daemon.ask("status bond0").out;
  BOOST_TEST(contains(degraded, "active port eth1"), degraded);
  BOOST_TEST(contains(degraded, "DEGRADED: eth0 has had no link"), degraded);
  const std::string during = daemon.proc_file();
  BOOST_TEST(contains(during, "Currently Active Slave: eth1\nMII Status: up\n"), during);
  BOOST_TEST(contains(proc_of(during, "eth0"), "MII Status: down\n"), during);
  BOOST_TEST(contains(proc_of(during, "eth0"), "Link Failure Count: 1\n"), during);
  BOOST_TEST(contains(proc_of(during, "eth1"), "Link Failure Count: 0\n"), during);

  house.put_back(0);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  const std::string after = daemon.proc_file();
  BOOST_TEST(after == daemon.ask("status bond0 --format proc").out);
  BOOST_TEST(contains(after, "Primary Slave: eth0 (primary_reselect always)\nCurrently Active Slave: eth0\n"), after);
  BOOST_TEST(contains(proc_of(after, "eth0"), "MII Status: up\n"), after);
  BOOST_TEST(contains(proc_of(after, "eth0"), "Link Failure Count: 1\n"), after);
  BOOST_TEST(daemon.ask("get bond0 active_slave").out == "eth0\n");
  BOOST_TEST(daemon.status("/bonds/0/failovers") == "2");
  const std::string events = daemon.events();
  BOOST_TEST(
      in_order(events, {"(slave eth0): link status definitely down, disabling slave\n",
                        "(slave eth1): making interface the new active one; eth0 has no link (traffic interrupted for "
                        "at most ",
                        "(slave eth0): link status definitely up, 10000 Mbps full duplex\n",
                        "(slave eth0): making interface the new active one; it is the primary, and is up again\n"}),
      events);
}

BOOST_AUTO_TEST_CASE(a_pull_within_a_second_of_the_last_link_event_is_caught_by_polling) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  // A cable that nobody polls shows when the kernel sends its events: its operational state changes only then.
  house.lay(2);
  house.box.must("ip link set eth2 up");
  const auto witness = [&] { return house.box.must("cat /sys/class/net/eth2/operstate"); };
  int before_the_kernels_event = 0;
  // A machine that is slow may see it only afterwards, once.
  for (int flap = 0; flap < 3 || (flap < 10 && before_the_kernels_event == 0); ++flap) {
    BOOST_REQUIRE(wait_until([&] { return witness() == "up\n"; }, 5'000));
    house.pull(0);
    BOOST_REQUIRE(daemon.comes_to("eth1"));
    house.put_back(0);
    BOOST_REQUIRE(daemon.comes_to("eth0"));
    house.pull(2);
    house.pull(0);
    // miimon is 20 ms; the kernel's own event can take a second.
    BOOST_TEST(wait_until([&] { return contains(daemon.proc_file(), "Currently Active Slave: eth1\n"); }, 5'000));
    if (witness() == "up\n") ++before_the_kernels_event;
    house.put_back(2);
    house.put_back(0);
    BOOST_REQUIRE(daemon.comes_to("eth0"));
  }
  BOOST_TEST(before_the_kernels_event > 0);
}

BOOST_AUTO_TEST_CASE(without_any_link_bond0_shows_no_carrier_and_recovers_on_whichever_cable_comes_first) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const auto carrier = [&] { return house.box.run("cat /sys/class/net/bond0/carrier").output; };
  BOOST_TEST(carrier() == "1\n");
  house.pull(1);
  house.pull(0);
  BOOST_TEST(daemon.comes_to("null"));
  BOOST_TEST(wait_until([&] { return carrier() == "0\n"; }, 5'000));
  BOOST_TEST(contains(daemon.ask("status").out, "DOWN: no port has a working link"));
  BOOST_TEST(contains(daemon.proc_file(), "Currently Active Slave: None\nMII Status: down\n"), daemon.proc_file());
  BOOST_TEST(contains(daemon.events(), "now running without any active interface!"));
  house.put_back(1);
  BOOST_TEST(daemon.comes_to("eth1"));
  BOOST_TEST(carrier() == "1\n");
  BOOST_TEST(reaches(house.town, House::box_v4));
}

BOOST_AUTO_TEST_CASE(neighbours_are_told_on_the_new_cable_who_has_the_addresses) {
  const House house;
  const Daemon daemon(house.box, std::string(House::words) + " num_grat_arp=3 peer_notif_delay=40");
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const MacAddress mac = house.mac(house.box, "bond0");
  Wiretap tap(house.town, "port1");
  house.pull(0);
  const auto is_from_bond = [&](std::span<const std::uint8_t> frame, std::uint16_t type) {
    return frame.size() >= 42 && MacAddress::load(&frame[6]) == mac && frame[12] == type >> 8 &&
           frame[13] == (type & 0xff);
  };
  for (int announcement = 0; announcement < 3; ++announcement) {
    // RFC 5227 3: an ARP request for its own address, to everybody.
    const auto arp = tap.expect([&](auto frame) { return is_from_bond(frame, 0x0806) && frame[21] == 1; }, 5'000);
    BOOST_REQUIRE(!arp.empty());
    BOOST_TEST((MacAddress::load(arp.data()) == broadcast_mac));
    const std::vector<std::uint8_t> own{192, 168, 10, 52};
    BOOST_TEST(std::vector<std::uint8_t>(arp.begin() + 28, arp.begin() + 32) == own);
    BOOST_TEST(std::vector<std::uint8_t>(arp.begin() + 38, arp.begin() + 42) == own);
    // RFC 4861 7.2.6: an unsolicited neighbour advertisement (ICMPv6 type 136) for fd10::52, to all nodes.
    const auto na = tap.expect(
        [&](auto frame) {
          return is_from_bond(frame, 0x86dd) && frame.size() >= 86 && frame[54] == 136 && frame[62] == 0xfd &&
                 frame[77] == 0x52;
        },
        5'000);
    BOOST_REQUIRE(!na.empty());
    BOOST_TEST((na[58] & 0x60) == 0x20);  // Override, not Solicited
  }
}

// With updelay, in these two: a switch forwards some time after its port has link (this one up to a second, when the
// kernel sends its event), and an announcement lost there would leave the neighbour with the old MAC until that ages.
BOOST_AUTO_TEST_CASE(with_fail_over_mac_active_bond0_takes_the_mac_of_the_new_port) {
  const House house;
  const MacAddress mac0 = house.mac(house.box, "eth0");
  const MacAddress mac1 = house.mac(house.box, "eth1");
  Daemon daemon(house.box, std::string(House::words) + " fail_over_mac=active updelay=1200");
  BOOST_REQUIRE(reaches(house.town, House::box_v4));
  const auto shows = [&](const char* interface, const MacAddress& mac) {
    return wait_until([&] { return house.mac(house.box, interface) == mac; }, 5'000);
  };
  BOOST_TEST(shows("bond0", mac0));
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  BOOST_TEST(shows("bond0", mac1));
  BOOST_TEST(shows("eth0", mac0));
  BOOST_TEST(shows("eth1", mac1));
  BOOST_TEST(reaches(house.town, House::box_v4));
  BOOST_TEST(contains(daemon.proc_file(), "fault-tolerance (active-backup) (fail_over_mac active)\n"));
  // The neighbour has learned the new address by then.
  BOOST_TEST(contains(house.town.must(std::string("ip neigh show ") + House::box_v4), mac1.text()));
  house.put_back(0);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_TEST(shows("bond0", mac0));
  BOOST_TEST(reaches(house.town, House::box_v4));
  BOOST_TEST(daemon.stop() == 0);
}

BOOST_AUTO_TEST_CASE(with_fail_over_mac_follow_the_ports_swap_their_macs) {
  const House house;
  const MacAddress mac0 = house.mac(house.box, "eth0");
  const MacAddress mac1 = house.mac(house.box, "eth1");
  Daemon daemon(house.box, std::string(House::words) + " fail_over_mac=follow updelay=1200");
  BOOST_REQUIRE(reaches(house.town, House::box_v4));
  const auto shown = [&] {
    return house.mac(house.box, "bond0").text() + " " + house.mac(house.box, "eth0").text() + " " +
           house.mac(house.box, "eth1").text();
  };
  const std::string before = mac0.text() + " " + mac0.text() + " " + mac1.text();
  const std::string swapped = mac0.text() + " " + mac1.text() + " " + mac0.text();
  BOOST_TEST(shown() == before);
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  BOOST_TEST(wait_until([&] { return shown() == swapped; }, 5'000), shown());
  BOOST_TEST(reaches(house.town, House::box_v4));
  house.put_back(0);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_TEST(wait_until([&] { return shown() == before; }, 5'000), shown());
  BOOST_TEST(reaches(house.town, House::box_v4));
  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST((house.mac(house.box, "eth0") == mac0));
  BOOST_TEST((house.mac(house.box, "eth1") == mac1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

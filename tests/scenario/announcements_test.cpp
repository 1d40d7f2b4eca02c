// After a failover the switches and neighbours are told where the bond's addresses are now.
#include <boost/test/unit_test.hpp>

#include "hal/wire/arp.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/nd.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::data_numbers;
using test::is_gratuitous_arp;
using test::is_unsolicited_na;
using test::SimBench;

IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

/// "arp 192.0.2.1", "na fe80::1 vlan 7": what a frame announces; empty for any other.
std::string announced(const test::Frame& frame) {
  const auto view = wire::EthernetView::parse(frame);
  if (!view) return {};
  std::string text;
  if (is_gratuitous_arp(frame)) {
    text = "arp " + wire::ArpView::parse(view->payload())->sender_ip().text();
  } else if (is_unsolicited_na(frame)) {
    const auto packet = wire::Ipv6View::parse(view->payload());
    const auto message = wire::NeighbourAdvertisementView::parse(*packet);
    text = "na " + message->target().text() + (message->is_router() ? " router" : "");
    BOOST_TEST(message->overrides());
    BOOST_TEST((message->target_link_address() == view->source()));
  }
  if (!text.empty() && view->vlan().tagged()) text += " vlan " + std::to_string(view->vlan().value);
  return text;
}

std::vector<std::string> all_announced(const sim::Frames& frames) {
  std::vector<std::string> all;
  for (const auto& frame : frames)
    if (std::string text = announced(frame); !text.empty()) all.push_back(std::move(text));
  return all;
}

/// A far station "s0" and the bond's two ports on a learning switch.
struct House : SimBench {
  explicit House(unsigned announcements) : SimBench({"e0", "e1", "s0"}) {
    BOOST_REQUIRE(world.add_switch("sw").ok());
    for (const char* card : {"e0", "e1", "s0"}) BOOST_REQUIRE(world.connect(card, "sw").ok());
    BondConfig config = SimBench::config({"e0", "e1"});
    config.addresses.push_back(prefix("192.0.2.1/24"));
    config.options.num_peer_notif = static_cast<std::uint8_t>(announcements);
    add(config);
    // The switch learns both sides.
    BOOST_REQUIRE(host_sends(data_frame(card_mac(2), host().mac(), 0)));
    host().take_delivered();
  }
  /// Whether a frame of the far station reaches the host, and by which port.
  bool far_reaches_host() {
    BOOST_REQUIRE_EQUAL(world.send("s0", data_frame(host().mac(), card_mac(2), 1)), 0);
    settle();
    return data_numbers(host().take_delivered()).size() == 1;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(announcements)

BOOST_AUTO_TEST_CASE(the_switch_sends_to_the_new_port_because_of_the_announcement) {
  House house(1);
  BOOST_TEST(house.far_reaches_host());
  house.run_to(500);
  // active_slave written: the cables stay in, so nothing but the announcement tells the switch.
  BOOST_REQUIRE(house.set("active_slave", "e1").ok());
  BOOST_TEST(house.far_reaches_host());
  BOOST_TEST(house.port("e1").counters.rx_frames >= 1U);
}

BOOST_AUTO_TEST_CASE(without_an_announcement_the_switch_goes_on_sending_to_the_old_port) {
  House house(0);
  BOOST_TEST(house.far_reaches_host());
  house.run_to(500);
  BOOST_REQUIRE(house.set("active_slave", "e1").ok());
  BOOST_TEST(!house.far_reaches_host());
  BOOST_TEST(house.port("e0").counters.rx_suppressed >= 1U);
  // The host's next frame teaches it.
  BOOST_TEST(house.host_sends(data_frame(card_mac(2), house.host().mac(), 2)));
  BOOST_TEST(house.far_reaches_host());
}

BOOST_AUTO_TEST_CASE(as_many_announcements_leave_as_num_grat_arp_says_all_on_the_new_port) {
  for (const unsigned count : {0U, 1U, 2U, 5U}) {
    SimBench bench({"e0", "e1"});
    BondConfig config = SimBench::config({"e0", "e1"});
    config.addresses = {prefix("192.0.2.1/24")};
    config.options.num_peer_notif = static_cast<std::uint8_t>(count);
    bench.add(config);
    bench.run_to(5'000);
    for (const char* card : {"e0", "e1"}) bench.world.clear_sent(card);
    const std::uint64_t before = bench.status().announcements;
    bench.link(5'050, "e0", false);
    bench.run_to(20'000);
    BOOST_TEST(all_announced(bench.world.sent("e1")).size() == count);
    BOOST_TEST(bench.world.sent("e0").empty());
    BOOST_TEST(bench.status().announcements - before == count);
  }
}

BOOST_AUTO_TEST_CASE(repeats_keep_peer_notif_delay_apart) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.addresses = {prefix("192.0.2.1/24")};
  config.options.num_peer_notif = 3;
  config.options.peer_notif_delay_ms = 300;
  bench.add(config);
  std::vector<std::int64_t> times;
  bench.run_to(5'000);
  bench.world.set_tap([&](const std::string&, bool outgoing, Tick now, wire::Bytes frame) {
    if (outgoing && is_gratuitous_arp(frame)) times.push_back(now.number);
  });
  bench.link(5'050, "e0", false);  // told by an event, between two polls
  bench.run_to(9'000);
  std::vector<std::int64_t> wanted = {5'050, 5'300, 5'600};
  BOOST_TEST(times == wanted, boost::test_tools::per_element());
  times.clear();
  bench.world.events_enabled = false;
  bench.link(9'050, "e0", true);
  bench.link(9'050, "e1", false);
  bench.run_to(12'000);
  wanted = {9'100, 9'300, 9'600};
  BOOST_TEST(times == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_address_is_announced_arp_first_and_tagged_on_vlans) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  const MacAddress mac = bench.host().mac();
  const MacAddress bridge{{0x02, 0, 0, 0, 0x0c, 1}};
  const auto address = [](const char* text) { return IpAddress::parse(text).value(); };
  bench.host().set_addresses({{address("192.0.2.1"), {}, mac, false},
                              {address("198.51.100.1"), {7}, mac, false},
                              {address("203.0.113.1"), {}, bridge, false},
                              {address("fe80::1"), {}, mac, false},
                              {address("2001:db8::1"), {4'094}, mac, true}});
  bench.settle();
  for (const char* card : {"e0", "e1"}) bench.world.clear_sent(card);
  bench.link(5'050, "e0", false);
  const sim::Frames sent = bench.world.sent("e1");
  const std::vector<std::string> wanted = {"arp 192.0.2.1", "arp 198.51.100.1 vlan 7", "arp 203.0.113.1", "na fe80::1",
                                           "na 2001:db8::1 router vlan 4094"};
  BOOST_TEST(all_announced(sent) == wanted, boost::test_tools::per_element());
  BOOST_REQUIRE_EQUAL(sent.size(), wanted.size());
  BOOST_TEST(wire::EthernetView::parse(sent[0])->source().text() == mac.text());
  BOOST_TEST(wire::EthernetView::parse(sent[2])->source().text() == bridge.text());
  BOOST_TEST(bench.told("told neighbours about 5 addresses"));
}

BOOST_AUTO_TEST_CASE(a_bond_without_addresses_says_nothing) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.link(500, "e0", false);
  bench.run_to(3'000);
  BOOST_TEST(bench.world.sent("e0").empty());
  BOOST_TEST(bench.world.sent("e1").empty());
  BOOST_TEST(bench.status().announcements == 0U);
}

BOOST_AUTO_TEST_CASE(with_fail_over_mac_active_the_announcement_carries_the_new_address) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.addresses = {prefix("192.0.2.1/24"), prefix("fe80::1/64")};
  config.options.fail_over_mac = FailOverMac::active;
  bench.add(config);
  bench.link(500, "e0", false);
  const sim::Frames sent = bench.world.sent("e1");
  const std::vector<std::string> wanted = {"arp 192.0.2.1", "na fe80::1"};
  BOOST_TEST(all_announced(sent) == wanted, boost::test_tools::per_element());
  for (const auto& frame : sent) BOOST_TEST(wire::EthernetView::parse(frame)->source().text() == card_mac(1).text());
}

BOOST_AUTO_TEST_CASE(a_port_that_is_used_before_its_updelay_is_over_is_announced_at_once) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.addresses = {prefix("192.0.2.1/24")};
  config.options.updelay_ms = 500;
  bench.world.events_enabled = false;
  bench.add(config);
  bench.run_to(2'000);
  bench.link(2'050, "e1", false);
  bench.run_to(2'100);
  bench.link(2'150, "e1", true);
  bench.link(2'250, "e0", false);
  bench.run_to(2'600);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(all_announced(bench.world.sent("e1")).size() == 1U);
  bench.run_to(5'000);
  BOOST_TEST(all_announced(bench.world.sent("e1")).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

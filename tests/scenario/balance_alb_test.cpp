// Mode 6: peers send to the port that they were told of, on a learning switch, through a pulled cable.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <string>

#include "hal/wire/arp.hpp"
#include "hal/wire/ethernet.hpp"
#include "policies/choice.hpp"
#include "tests/support/alb_bench.hpp"

namespace {

using namespace bondbox;
using test::AlbBench;
using test::card_mac;
using test::data_frame;
using test::Frame;
using test::SimBench;

constexpr std::uint8_t client_count = AlbBench::client_count;

IpAddress ip_of(std::uint8_t last) {
  return IpAddress::from_bytes(std::array<std::uint8_t, 4>{192, 0, 2, last});
}

std::optional<wire::ArpView> arp_of(const Frame& frame) {
  const auto view = wire::EthernetView::parse(frame);
  if (!view || view->ethertype() != wire::ethertype::arp) return std::nullopt;
  return wire::ArpView::parse(view->payload());
}

Frame frame_of(const wire::SmallFrame& small) {
  return {small.begin(), small.end()};
}

/// The bond is 192.0.2.1, the stations are 192.0.2.10 and on. They learn the host's address from ARP as stacks do: from
/// replies and from requests that they hear.
struct Alb : AlbBench {
  Alb() : Alb(SimBench::config({"e0", "e1"})) {}
  /// Of the ports of this configuration: e2 is there as well.
  explicit Alb(BondConfig config) : AlbBench({"e0", "e1", "s0", "s1", "s2", "s3", "e2"}, with_address(config)) {}

  static BondConfig with_address(BondConfig config) {
    config.addresses = {IpPrefix::parse("192.0.2.1/24").value()};
    return config;
  }
  static VlanId vlan_of(const Frame& frame) { return wire::EthernetView::parse(frame)->vlan(); }

  void listen() override {
    for (std::uint8_t client = 0; client < client_count; ++client) {
      for (const Frame& frame : world.take_received(name_of(client).c_str())) {
        const auto arp = arp_of(frame);
        if (arp && arp->sender_ip() == ip_of(1)) believed[client] = arp->sender_mac();
      }
    }
  }
  void answer() override {
    for (const Frame& frame : host().take_delivered()) {
      const auto arp = arp_of(frame);
      if (arp && arp->is_request() && arp->target_ip() == ip_of(1))
        (void)host_sends(frame_of(
            wire::build_arp({wire::ArpOperation::reply, host().mac(), ip_of(1), arp->sender_mac(), arp->sender_ip()},
                            arp->sender_mac(), vlan_of(frame))));
      else if (test::data_number(frame) >= 0 && MacAddress::load(frame.data()) == host().mac())
        ++reached;
    }
  }
  void ask(std::uint8_t client) override { ask(client, {}); }
  void ask(std::uint8_t client, VlanId vlan) {
    const wire::ArpFields fields{wire::ArpOperation::request, mac_of(client),
                                 ip_of(static_cast<std::uint8_t>(10 + client)), MacAddress{}, ip_of(1)};
    BOOST_REQUIRE_EQUAL(world.send(name_of(client), frame_of(wire::build_arp(fields, broadcast_mac, vlan))), 0);
    settle();
    answer();
    listen();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(balance_alb)

BOOST_AUTO_TEST_CASE(clients_are_told_of_both_ports_in_turn_and_both_receive) {
  Alb bench;
  test::check_both_ports_receive(bench);
}

BOOST_AUTO_TEST_CASE(a_request_of_the_host_tells_all_of_one_port_and_they_are_told_again) {
  Alb bench;
  bench.ask_all();
  bench.pass(5'000);
  const wire::ArpFields fields{wire::ArpOperation::request, bench.host().mac(), ip_of(1), MacAddress{}, ip_of(99)};
  BOOST_REQUIRE(bench.host_sends(frame_of(wire::build_arp(fields, broadcast_mac, {}))));
  bench.listen();
  BOOST_TEST(bench.believers(card_mac(0)) == client_count);
  bench.pass(1'900);
  BOOST_TEST(bench.believers(card_mac(0)) == client_count);
  bench.pass(400);
  BOOST_TEST(bench.believers(card_mac(0)) == 2);
  BOOST_TEST(bench.believers(card_mac(1)) == 2);
}

BOOST_AUTO_TEST_CASE(no_client_loses_the_host_when_a_cable_is_pulled_and_both_ports_are_used_again_after_it) {
  for (const char* pulled : {"e0", "e1"}) {
    Alb bench;
    test::check_a_pulled_cable(bench, pulled);
  }
}

/// With the kernel driver, too, of the copies that a switch floods one reaches a socket.
BOOST_AUTO_TEST_CASE(a_frame_that_a_switch_floods_reaches_the_host_once_while_a_port_comes_back) {
  for (const std::uint32_t updelay_ms : {0U, 3'000U}) {
    BondConfig config = SimBench::config({"e0", "e1"});
    config.options.updelay_ms = updelay_ms;
    Alb bench(config);
    bench.ask_all();
    bench.world.events_enabled = false;  // it is found by the next poll
    bench.link("e1", false);
    bench.run_for(100);
    BOOST_REQUIRE((bench.state("e1") == LinkState::down));
    BOOST_TEST(bench.send_all() == client_count);
    bench.link("e1", true);
    for (int i = 0; i < 80; ++i) {
      // To the address that nobody has sent from since the switch forgot it.
      BOOST_TEST(bench.send_all() == client_count, "after " << i * 7 << " ms, updelay " << updelay_ms);
      bench.run_for(7);
      bench.listen();
    }
  }
}

BOOST_AUTO_TEST_CASE(a_port_that_is_soon_back_hears_for_itself_at_once) {
  Alb bench;
  bench.ask_all();
  bench.pass(5'000);
  bench.link("e1", false);
  bench.pass(150);
  bench.link("e1", true);
  BOOST_TEST(bench.send_all() == client_count);
}

BOOST_AUTO_TEST_CASE(a_switch_that_does_not_learn_yet_when_a_port_is_back_is_taught_again) {
  Alb bench;
  bench.ask_all();
  bench.pass(5'000);
  bench.link("e1", false);
  bench.run_for(150);  // clients have not looked yet
  BOOST_REQUIRE(bench.world.set_mute("e1", true).ok());
  bench.link("e1", true);
  bench.run_for(40);
  BOOST_TEST(bench.send_all() < client_count);  // it sends what is e1's to e0, where it would be a flooded copy
  BOOST_REQUIRE(bench.world.set_mute("e1", false).ok());
  bench.run_for(40);
  BOOST_TEST(bench.send_all() == client_count);
}

BOOST_AUTO_TEST_CASE(clients_of_a_port_that_is_gone_are_told_with_the_next_tick) {
  Alb bench;
  bench.ask_all();
  bench.pass(5'000);
  BOOST_REQUIRE(bench.world.remove_nic("e1").ok());
  bench.pass(101);
  BOOST_TEST(bench.believers(bench.host().mac()) == client_count);
  BOOST_TEST(bench.send_all() == client_count);
}

BOOST_AUTO_TEST_CASE(clients_are_given_to_a_port_that_becomes_active_before_its_updelay_is_over) {
  BondConfig config = SimBench::config({"e0", "e1", "e2"});
  config.options.updelay_ms = 5'000;
  Alb bench(config);
  bench.pass(15'000);
  bench.ask_all();
  bench.link("e2", false);
  bench.pass(5'000);
  BOOST_TEST(bench.believers(card_mac(1)) == 2);
  bench.link("e2", true);
  bench.pass(1'000);
  BOOST_REQUIRE((bench.state("e2") == LinkState::back));
  // Nobody was told of the one that is lost first when there is none but the third.
  bench.link("e0", false);
  bench.link("e1", false);
  BOOST_REQUIRE(bench.active() == "e2");
  BOOST_REQUIRE((bench.state("e2") == LinkState::up));
  bench.pass(1'000);
  BOOST_TEST(bench.believers(bench.host().mac()) == client_count);
  BOOST_TEST(bench.send_all() == client_count);
  BOOST_TEST(bench.status().balance->clients[2] == client_count);
}

BOOST_AUTO_TEST_CASE(replies_on_a_vlan_are_balanced_on_it) {
  Alb bench;
  bench.host().set_vlans({VlanId{7}});
  for (std::uint8_t client = 0; client < client_count; ++client) bench.ask(client, VlanId{7});
  BOOST_TEST(bench.believers(card_mac(1)) == 2);
  // The updates that follow carry the tag.
  std::size_t updates = 0;
  bench.world.set_tap([&](const std::string& card, bool outgoing, Tick, wire::Bytes frame) {
    const Frame copy(frame.begin(), frame.end());
    if (!outgoing || card[0] != 'e' || !arp_of(copy)) return;
    ++updates;
    BOOST_TEST(Alb::vlan_of(copy).value == 7);
  });
  bench.pass(3'000);
  BOOST_TEST(updates == 2U * client_count);
}

BOOST_AUTO_TEST_CASE(arp_of_a_bridge_and_of_stations_behind_it_is_left_alone) {
  Alb bench;
  HostAddress bridge;
  bridge.address = ip_of(1);
  bridge.mac = bench.host().mac();
  bridge.on_bridge = true;
  bench.host().set_addresses({bridge});
  bench.ask_all();
  BOOST_TEST(bench.believers(card_mac(0)) == client_count);

  bench.host().set_addresses({});
  bench.world.clear_sent("e0");
  const MacAddress bridged = test::station_mac(9);
  const wire::ArpFields fields{wire::ArpOperation::reply, bridged, ip_of(77), Alb::mac_of(0), ip_of(10)};
  BOOST_REQUIRE(bench.host_sends(frame_of(wire::build_arp(fields, Alb::mac_of(0), {}))));
  const auto received = bench.world.take_received("s0");
  const auto found = std::find_if(received.begin(), received.end(),
                                  [](const Frame& frame) { return arp_of(frame) && arp_of(frame)->is_reply(); });
  BOOST_REQUIRE(found != received.end());
  BOOST_TEST((arp_of(*found)->sender_mac() == bridged));
}

BOOST_AUTO_TEST_CASE(a_faster_port_gets_all_clients) {
  Alb bench;
  BOOST_REQUIRE(bench.world.set_speed("e1", 25'000, Duplex::full).ok());
  bench.pass(200);
  bench.ask_all();
  BOOST_TEST(bench.believers(card_mac(1)) == client_count);
}

BOOST_AUTO_TEST_CASE(a_burst_of_arp_of_the_host_leaves_in_full_and_in_order) {
  Alb bench;
  std::vector<std::uint8_t> asked;
  bench.world.set_tap([&](const std::string& card, bool outgoing, Tick, wire::Bytes bytes) {
    const Frame frame(bytes.begin(), bytes.end());
    const auto arp = arp_of(frame);
    if (outgoing && card[0] == 'e' && arp && arp->is_request()) asked.push_back(arp->target_ip().octets[3]);
  });
  for (std::uint8_t last = 20; last < 84; ++last) {
    const wire::ArpFields fields{wire::ArpOperation::request, bench.host().mac(), ip_of(1), MacAddress{}, ip_of(last)};
    BOOST_REQUIRE(bench.host().inject(frame_of(wire::build_arp(fields, broadcast_mac, {}))));
  }
  bench.settle();
  bench.run_for(5);
  BOOST_REQUIRE(asked.size() == 64U);
  BOOST_TEST(std::is_sorted(asked.begin(), asked.end()));
}

BOOST_AUTO_TEST_CASE(without_dynamic_balancing_what_is_not_for_one_station_leaves_on_the_active_port) {
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.tlb_dynamic_lb = false;
  Alb bench(config);
  const ForwardingPlan& plan = bench.bond().plan();
  BOOST_REQUIRE((plan.transmit.spread == Spread::hash));
  for (std::uint8_t last = 0; last < 4; ++last) {
    Frame igmp = data_frame(test::station_mac(last), bench.host().mac());
    igmp[12] = 0x08;
    igmp[13] = 0x00;
    igmp[14] = 0x45;
    igmp[23] = 2;
    const Choice choice = choose_port(plan, igmp, 0, 0);
    BOOST_TEST((choice.port == PortId{0}));
  }
}

BOOST_AUTO_TEST_CASE(what_a_port_that_is_not_active_delivers_is_unicast_only) {
  Alb bench;
  (void)bench.card_receives("e1", data_frame(broadcast_mac, Alb::mac_of(0), 1));
  (void)bench.card_receives("e1", data_frame(card_mac(1), Alb::mac_of(0), 2));
  const auto delivered = bench.host().take_delivered();
  BOOST_TEST(test::data_numbers(delivered) == std::vector<std::int64_t>{2}, boost::test_tools::per_element());
  BOOST_TEST((MacAddress::load(delivered.back().data()) == bench.host().mac()));
}

BOOST_AUTO_TEST_SUITE_END()

#include "firmware/capture.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "hal/wire/ethernet.hpp"
#include "tests/support/sim_bench.hpp"

namespace bondbox::test {
namespace {

constexpr PortId first{3};
constexpr PortId second{1};
constexpr MacAddress bond_mac{{2, 0, 0, 0, 0xb0, 0}};

CapturePlan plan_of(Spread spread) {
  CapturePlan plan{"bond0", bond_mac, {}};
  plan.at.plan.transmit.spread = spread;
  plan.at.plan.transmit.bucket_port.fill(no_port);
  plan.at.plan.transmit.usable.push_back(first);
  if (spread == Spread::single)
    plan.at.plan.transmit.fallback.push_back(second);
  else
    plan.at.plan.transmit.usable.push_back(second);
  plan.at.plan.ports[first.index].deliver = deliver_all;
  plan.at.ports = {{first, "eth0"}, {second, "eth1"}};
  return plan;
}

Frame frame_of(MacAddress to, MacAddress from, std::uint16_t type = wire::ethertype::ipv4) {
  Frame frame(60);
  to.store(frame.data());
  from.store(frame.data() + 6);
  wire::store_be16(frame.data() + 12, type);
  return frame;
}

const Frame host_frame = frame_of(station_mac(0), bond_mac);
const Frame answer_frame = frame_of(bond_mac, station_mac(0));
const Frame lacpdu = frame_of(MacAddress{{1, 0x80, 0xc2, 0, 0, 2}}, station_mac(0), wire::ethertype::slow_protocols);

}  // namespace

BOOST_AUTO_TEST_SUITE(capture)

BOOST_AUTO_TEST_CASE(a_plan_comes_back_whole_from_the_answer_of_a_running_bond) {
  CapturePlan plan = plan_of(Spread::single);
  plan.at.plan.generation = 7;
  plan.at.plan.ports[first.index].source_mac = card_mac(0);
  const auto read = parse_plan(answer_plan(plan));
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(read->interface == "bond0");
  BOOST_CHECK(read->mac == bond_mac);
  BOOST_TEST(read->generation() == 7u);
  BOOST_CHECK(read->at.plan.same_effect(plan.at.plan));
  BOOST_CHECK(read->find("eth1") == second);
  BOOST_CHECK(read->find("eth7") == no_port);
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_cut_off_or_of_another_layout_is_no_plan) {
  const std::string answer = answer_plan(plan_of(Spread::single));
  BOOST_TEST(!parse_plan("").has_value());
  BOOST_TEST(!parse_plan("no hex").has_value());
  BOOST_TEST(!parse_plan(answer.substr(0, answer.size() / 2)).has_value());
  std::string other = answer;
  other[0] = other[0] == '0' ? '1' : '0';  // of the layout's fingerprint, which stands first
  BOOST_TEST(!parse_plan(other).has_value());
}

BOOST_AUTO_TEST_CASE(what_the_active_port_sends_and_receives_goes_by_the_plan) {
  const CapturePlan plan = plan_of(Spread::single);
  BOOST_TEST(sent_verdict(plan, first, host_frame) == "sent: the active port");
  BOOST_TEST(received_verdict(plan, first, answer_frame, false) == "delivered");
  BOOST_TEST(!kept_verdict(plan, host_frame).has_value());
}

BOOST_AUTO_TEST_CASE(what_a_waiting_port_receives_is_kept_off_by_class) {
  CapturePlan plan = plan_of(Spread::single);
  plan.at.plan.ports[second.index].deliver = deliver_unicast;
  const Frame broadcast = frame_of(MacAddress{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, station_mac(0));
  BOOST_TEST(received_verdict(plan, second, broadcast, false) == "kept off: this port delivers no broadcast");
  BOOST_TEST(received_verdict(plan, second, answer_frame, false) == "delivered");
}

BOOST_AUTO_TEST_CASE(what_a_waiting_port_sends_is_the_bonds_own) {
  const std::string said = sent_verdict(plan_of(Spread::single), second, host_frame);
  BOOST_TEST(said == "sent by the bond itself, or before it changed its mind; its plan: eth0, the active port");
}

BOOST_AUTO_TEST_CASE(any_usable_port_may_have_had_its_turn) {
  const CapturePlan plan = plan_of(Spread::round_robin);
  BOOST_TEST(sent_verdict(plan, first, host_frame) == "sent: its turn");
  BOOST_TEST(sent_verdict(plan, second, host_frame) == "sent: its turn");
}

BOOST_AUTO_TEST_CASE(slow_protocols_are_the_bonds_where_it_speaks_them) {
  CapturePlan plan = plan_of(Spread::hash);
  plan.at.plan.punt = punt_slow_protocols;
  BOOST_TEST(sent_verdict(plan, first, lacpdu) == "sent by the bond itself: slow protocol");
  BOOST_TEST(received_verdict(plan, second, lacpdu, false) == "taken by the bond: slow protocol");
  plan.at.plan.punt = punt_nothing;
  BOOST_TEST(received_verdict(plan, first, lacpdu, false) == "delivered");
}

BOOST_AUTO_TEST_CASE(what_the_bond_reads_as_well_says_so) {
  CapturePlan plan = plan_of(Spread::single);
  plan.at.plan.punt = punt_arp_received;
  Frame arp = frame_of(bond_mac, station_mac(0), wire::ethertype::arp);
  BOOST_TEST(received_verdict(plan, first, arp, false) == "delivered, and the bond reads a copy");
  BOOST_TEST(received_verdict(plan, second, arp, false) ==
             "kept off: this port delivers no unicast; the bond reads a copy");
}

BOOST_AUTO_TEST_CASE(an_address_that_the_bond_replaces_is_put_back_before_the_plan_is_asked) {
  CapturePlan plan = plan_of(Spread::hash);
  const CapturePlan bare = plan;
  plan.at.plan.ports[first.index].source_mac = card_mac(0);
  plan.at.plan.ports[second.index].source_mac = card_mac(1);
  int sent = 0;
  for (std::uint8_t last = 0; last < 8; ++last) {
    const MacAddress to = station_mac(last);
    const PortId port = sent_verdict(bare, first, frame_of(to, bond_mac)).starts_with("sent: hash") ? first : second;
    const Frame on_the_wire = frame_of(to, port == first ? card_mac(0) : card_mac(1));
    sent += sent_verdict(plan, port, on_the_wire).starts_with("sent: hash") ? 1 : 0;
  }
  BOOST_TEST(sent == 8);
}

BOOST_AUTO_TEST_CASE(a_frame_to_a_ports_own_address_is_told_to_be_delivered_to_the_bonds) {
  CapturePlan plan = plan_of(Spread::hash);
  plan.at.plan.ports[first.index].own_mac = card_mac(0);
  BOOST_TEST(received_verdict(plan, first, frame_of(card_mac(0), station_mac(0)), true) ==
             "delivered, to the bond's address instead of the port's");
}

BOOST_AUTO_TEST_CASE(a_frame_to_another_station_needs_a_promiscuous_bond) {
  BOOST_TEST(received_verdict(plan_of(Spread::single), first, frame_of(station_mac(1), station_mac(0)), true) ==
             "to another station: delivered only if bond0 is promiscuous");
}

BOOST_AUTO_TEST_CASE(what_leaves_on_no_port_says_why) {
  CapturePlan plan = plan_of(Spread::single);
  plan.at.plan.transmit.usable.clear();
  plan.at.plan.transmit.spread = Spread::nothing;
  BOOST_TEST(kept_verdict(plan, host_frame).value_or("") == "leaves on no port: no port is usable");
  CapturePlan alb = plan_of(Spread::buckets);
  alb.at.plan.punt = punt_arp_sent;
  BOOST_TEST(kept_verdict(alb, frame_of(station_mac(0), bond_mac, wire::ethertype::arp)).value_or("") ==
             "leaves on no port: ARP: the mode sends it itself");
}

BOOST_AUTO_TEST_CASE(what_is_no_frame_and_what_is_no_port_are_told) {
  const CapturePlan plan = plan_of(Spread::single);
  BOOST_TEST(received_verdict(plan, first, Frame(5), false) == "dropped: too short for a frame");
  BOOST_TEST(received_verdict(plan, no_port, answer_frame, false) == "dropped: not a port of the bond");
  BOOST_TEST(sent_verdict(plan, no_port, host_frame) == "sent, but not by the bond: not a port of it");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

// What the host gets of what the ports receive, and what the policy sees.
#include <algorithm>
#include <cerrno>

#include "firmware/forwarder.hpp"
#include "hal/wire/slow_protocols.hpp"
#include "tests/support/recorded_rows.hpp"
#include "tests/unit/firmware/forwarder_fixture.hpp"

namespace bondbox::test {
namespace {

FrameBytes slow_frame(std::uint32_t number) {
  return numbered(number, slow_mac, far_mac, wire::ethertype::slow_protocols);
}
FrameBytes arp_frame(std::uint32_t number, MacAddress source = far_mac) {
  return numbered(number, bond_mac, source, wire::ethertype::arp);
}

/// ICMPv6 of a type, its number in the flow label.
FrameBytes icmpv6_frame(std::uint8_t type) {
  FrameBytes frame = numbered(0x60000000, bond_mac, far_mac, wire::ethertype::ipv6, 86);
  frame[20] = 58;
  frame[54] = type;
  return frame;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(forwarder_deliver, ForwarderFixture)

BOOST_AUTO_TEST_CASE(destinations_fall_into_four_classes) {
  const auto class_of = [](const char* mac) { return static_cast<int>(destination_class(bytes_from_hex(mac))); };
  BOOST_TEST(class_of("020000000a00") == deliver_unicast);
  BOOST_TEST(class_of("ffffffffffff") == deliver_broadcast);
  BOOST_TEST(class_of("01005e000001") == deliver_multicast);
  BOOST_TEST(class_of("333300000001") == deliver_multicast);
  BOOST_TEST(class_of("0180c2000000") == deliver_link_local);
  BOOST_TEST(class_of("0180c200000f") == deliver_link_local);
  BOOST_TEST(class_of("0180c2000010") == deliver_multicast);
  BOOST_TEST(class_of("0180c2000100") == deliver_multicast);
  BOOST_TEST(class_of("fffffffffffe") == deliver_multicast);
}

BOOST_AUTO_TEST_CASE(what_a_port_is_to_deliver_and_has_sent_itself_is_counted_and_delivered) {
  plan.ports[1].deliver = deliver_unicast;
  plan.ports[2].deliver = deliver_all;
  plan.ports[2].source_mac = far_mac;
  for (const std::uint8_t port : std::initializer_list<std::uint8_t>{1, 2}) {
    to_host(port, {numbered(0, far_mac, bond_mac), numbered(1, broadcast_mac, bond_mac), numbered(2, bond_mac, far_mac),
                   numbered(3, broadcast_mac, far_mac)});
  }
  BOOST_TEST(counters(1).rx_looped == 1U);
  BOOST_TEST(counters(1).rx_suppressed == 2U);
  // The address of frames on their way out is another one here.
  BOOST_TEST(counters(2).rx_looped == 2U);
  BOOST_TEST(delivered() == (Numbers{0, 2, 0, 1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(a_port_delivers_the_classes_that_the_plan_names) {
  const std::vector<FrameBytes> frames{numbered(0, bond_mac, far_mac), numbered(1, multicast_mac, far_mac),
                                       numbered(2, broadcast_mac, far_mac), numbered(3, slow_mac, far_mac)};
  for (unsigned classes = deliver_nothing; classes <= deliver_all; ++classes) {
    ForwarderFixture bond;
    bond.plan.ports[1].deliver = static_cast<Deliver>(classes);
    bond.to_host(1, frames);
    Numbers expected;
    for (std::uint32_t i = 0; i < 4; ++i)
      if ((classes & (1U << i)) != 0) expected.push_back(i);
    BOOST_TEST(bond.delivered() == expected);
    BOOST_TEST(bond.counters(1).rx_suppressed == 4 - expected.size());
    BOOST_TEST(bond.counters(1).rx_frames == 4U);
    BOOST_TEST(bond.counters(1).rx_bytes == 4U * 60);
  }
}

BOOST_AUTO_TEST_CASE(frames_reach_the_host_unchanged_in_one_call) {
  plan.ports[0].deliver = deliver_all;
  std::vector<FrameBytes> frames;
  for (std::uint32_t i = 0; i < 64; ++i) frames.push_back(numbered(i, bond_mac, far_mac, experimental_type, 60 + i));
  to_host(0, frames);
  BOOST_REQUIRE(host.delivered.size() == 64U);
  for (std::size_t i = 0; i < 64; ++i) BOOST_TEST(std::ranges::equal(host.delivered[i], frames[i]));
  BOOST_TEST(host.transmit_calls == 1);
}

BOOST_AUTO_TEST_CASE(frames_to_the_ports_own_address_get_the_bonds) {
  plan.ports[1] = {deliver_all, std::nullopt, port_mac(1)};
  to_host(1, {numbered(0, port_mac(1), far_mac), numbered(1, port_mac(2), far_mac), numbered(2, bond_mac, far_mac)});
  BOOST_REQUIRE(host.delivered.size() == 3U);
  BOOST_TEST(std::ranges::equal(host.delivered[0], numbered(0, bond_mac, far_mac)));
  BOOST_TEST(std::ranges::equal(host.delivered[1], numbered(1, port_mac(2), far_mac)));
  BOOST_TEST(std::ranges::equal(host.delivered[2], numbered(2, bond_mac, far_mac)));
}

BOOST_AUTO_TEST_CASE(frames_to_a_port_that_cannot_hear_them_are_the_hosts_wherever_they_come_in) {
  use(Spread::single, {1});
  plan.ports[0] = {deliver_nothing, std::nullopt, port_mac(0)};
  plan.ports[1] = {deliver_all, std::nullopt, std::nullopt};
  to_host(1, {numbered(0, port_mac(0), far_mac)});
  BOOST_REQUIRE(host.delivered.size() == 1U);
  BOOST_TEST(std::ranges::equal(host.delivered[0], numbered(0, bond_mac, far_mac)));
  // A usable port hears them itself: this one is a copy that a switch flooded.
  use(Spread::single, {1, 0});
  to_host(1, {numbered(1, port_mac(0), far_mac)});
  BOOST_TEST(std::ranges::equal(host.delivered[1], numbered(1, port_mac(0), far_mac)));
  // And so does one that delivers though nothing leaves there.
  use(Spread::single, {1});
  plan.ports[0].deliver = deliver_unicast;
  to_host(1, {numbered(2, port_mac(0), far_mac)});
  BOOST_TEST(std::ranges::equal(host.delivered[2], numbered(2, port_mac(0), far_mac)));
}

BOOST_AUTO_TEST_CASE(runts_are_not_delivered_and_are_counted) {
  plan.ports[0].deliver = deliver_all;
  plan.punt = punt_slow_protocols | punt_arp_received | punt_nd_received;
  to_host(0, {FrameBytes(13, 0xff), FrameBytes{}, numbered(4, bond_mac, far_mac)});
  BOOST_TEST(delivered() == Numbers{4});
  BOOST_TEST(counters(0).rx_runt == 2U);
  BOOST_TEST(counters(0).rx_frames == 3U);
  BOOST_TEST(counters(0).rx_suppressed == 0U);
}

BOOST_AUTO_TEST_CASE(a_host_that_is_down_or_full_loses_the_rest_and_is_not_asked_again) {
  for (const int error : {ENETDOWN, ENODEV, EAGAIN}) {
    ForwarderFixture bond;
    bond.plan.ports[0].deliver = deliver_all;
    bond.host.answer = [error, left = 2](wire::Bytes) mutable { return left == 0 ? error : (--left, 0); };
    bond.to_host(0, {numbered(0), numbered(1), numbered(2), numbered(3), numbered(4)});
    BOOST_TEST(bond.delivered() == (Numbers{0, 1}));
    BOOST_TEST(bond.counters(0).rx_host_refused == 3U);
    BOOST_TEST(bond.host.transmit_calls == 1);
    BOOST_TEST(!bond.forwarder.take_link_doubt());
  }
}

BOOST_AUTO_TEST_CASE(a_frame_that_the_host_refuses_is_passed_over) {
  plan.ports[0].deliver = deliver_all;
  host.answer = [number = 0](wire::Bytes) mutable { return number++ == 1 ? EMSGSIZE : 0; };
  to_host(0, {numbered(0), numbered(1), numbered(2)});
  BOOST_TEST(delivered() == (Numbers{0, 2}));
  BOOST_TEST(counters(0).rx_host_refused == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(forwarder_punt, ForwarderFixture)

BOOST_AUTO_TEST_CASE(nothing_is_punted_that_the_plan_does_not_ask_for) {
  use(Spread::single, {0});
  plan.ports[0].deliver = deliver_all;
  to_host(0, {slow_frame(0), arp_frame(1), icmpv6_frame(135)});
  to_ports({arp_frame(2, bond_mac)});
  BOOST_TEST(forwarder.punted().empty());
  BOOST_TEST(host.delivered.size() == 3U);
  BOOST_TEST(sent(0) == Numbers{2});
}

BOOST_AUTO_TEST_CASE(slow_protocols_are_taken_from_every_port_and_kept_from_the_host) {
  plan.punt = punt_slow_protocols;
  plan.ports[0].deliver = deliver_all;
  to_host(0, {slow_frame(1), numbered(2)});
  to_host(3, {slow_frame(3)});
  BOOST_TEST(delivered() == Numbers{2});
  BOOST_REQUIRE(forwarder.punted().size() == 2U);
  const PuntedFrame& last = forwarder.punted()[1];
  BOOST_TEST((last.port == PortId{3}));
  BOOST_TEST(!last.from_host);
  BOOST_TEST(std::ranges::equal(last.bytes, slow_frame(3)));
  BOOST_TEST(counters(0).rx_punted == 1U);
  BOOST_TEST(counters(3).rx_punted == 1U);
  BOOST_TEST(counters(3).rx_suppressed == 0U);
}

/// What a system says by a port, numbered.
FrameBytes lacpdu_of(std::uint8_t system, std::uint16_t number) {
  wire::LacpEnd actor;
  actor.system = MacAddress{{0x02, 0, 0, 0, 0x0c, system}};
  actor.port = number;
  const wire::SmallFrame frame = wire::build_lacpdu(far_mac, actor, {});
  return {frame.begin(), frame.end()};
}

BOOST_AUTO_TEST_CASE(a_port_has_its_share_of_the_queue_and_in_it_its_newest_lacpdu) {
  plan.punt = punt_slow_protocols;
  FrameBytes marker = slow_frame(1);
  marker[14] = wire::slow_subtype::marker;
  to_host(0, std::vector<FrameBytes>(PuntQueue::capacity(), marker));
  BOOST_TEST(forwarder.punted().size() == slow_punts_max);
  to_host(0, {lacpdu_of(1, 2), lacpdu_of(1, 3), marker});
  BOOST_REQUIRE(forwarder.punted().size() == slow_punts_max);
  BOOST_TEST(std::ranges::equal(forwarder.punted()[slow_punts_max - 1].bytes, lacpdu_of(1, 3)));
  BOOST_TEST(std::ranges::equal(forwarder.punted()[slow_punts_max - 2].bytes, marker));
  BOOST_TEST(counters(0).rx_punted == PuntQueue::capacity() + 3);
  BOOST_TEST(forwarder.punts_lost() == counters(0).rx_punted - slow_punts_max);
  to_host(1, {lacpdu_of(1, 5)});
  BOOST_TEST(forwarder.punted().size() == slow_punts_max + 1);
  forwarder.drop_punted(PortId{0});
  BOOST_REQUIRE(forwarder.punted().size() == 1U);
  BOOST_TEST((forwarder.punted()[0].port == PortId{1}));
}

BOOST_AUTO_TEST_CASE(what_is_not_the_partners_takes_no_room_from_it_wherever_it_stands) {
  plan.punt = punt_slow_protocols;
  FrameBytes broken = lacpdu_of(9, 9);
  broken[16] = 0x77;
  const auto has_partner = [this] {
    return std::ranges::any_of(forwarder.punted(),
                               [](const PuntedFrame& one) { return std::ranges::equal(one.bytes, lacpdu_of(1, 1)); });
  };
  for (std::size_t before = 0; before < 12; ++before) {
    forwarder.punted().clear();
    std::vector<FrameBytes> flood;
    for (std::uint16_t i = 0; i < 24; ++i) {
      if (i == before) flood.push_back(lacpdu_of(1, 1));
      // The words of a system that hears itself, which are whole, and what is no LACPDU at all.
      flood.push_back(i % 3 == 0 ? broken : lacpdu_of(7, i));
    }
    to_host(0, flood);
    BOOST_TEST(forwarder.punted().size() == slow_punts_max);
    BOOST_TEST(has_partner(), "behind " << before);
  }
}

BOOST_AUTO_TEST_CASE(a_slow_protocol_behind_a_tag_is_taken_all_the_same) {
  plan.punt = punt_slow_protocols;
  plan.ports[0].deliver = deliver_all;
  FrameBytes frame = slow_frame(1);
  const FrameBytes tag = bytes_from_hex("81000000");
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  to_host(0, {frame});
  BOOST_TEST(host.delivered.size() == 0U);
  BOOST_TEST(forwarder.punted().size() == 1U);
  BOOST_TEST(counters(0).rx_punted == 1U);
}

BOOST_AUTO_TEST_CASE(received_arp_is_copied_before_addresses_change_and_delivered) {
  plan.punt = punt_arp_received;
  plan.ports[1] = {deliver_unicast, std::nullopt, port_mac(1)};
  const FrameBytes reply = numbered(1, port_mac(1), far_mac, wire::ethertype::arp);
  to_host(1, {reply, numbered(2, broadcast_mac, far_mac, wire::ethertype::arp)});
  BOOST_TEST(delivered() == Numbers{1});
  BOOST_REQUIRE(forwarder.punted().size() == 2U);
  BOOST_TEST(std::ranges::equal(forwarder.punted()[0].bytes, reply));
  BOOST_TEST(counters(1).rx_punted == 0U);
  BOOST_TEST(counters(1).rx_suppressed == 1U);
}

BOOST_AUTO_TEST_CASE(arp_from_the_host_is_left_to_the_policy) {
  plan.punt = punt_arp_sent;
  use(Spread::single, {0});
  to_ports({arp_frame(1, bond_mac), numbered(2), slow_frame(3)});
  BOOST_TEST(sent(0) == (Numbers{2, 3}));
  BOOST_REQUIRE(forwarder.punted().size() == 1U);
  BOOST_TEST(forwarder.punted()[0].from_host);
  BOOST_TEST(std::ranges::equal(forwarder.punted()[0].bytes, arp_frame(1, bond_mac)));
  BOOST_TEST(forwarder.bond().tx_punted == 1U);
  BOOST_TEST(forwarder.bond().tx_no_port == 0U);
}

BOOST_AUTO_TEST_CASE(what_the_policy_cannot_be_given_leaves_by_the_plan) {
  plan.punt = punt_arp_sent;
  use(Spread::single, {0});
  FrameBytes long_frame = arp_frame(1, bond_mac);
  long_frame.resize(129);
  to_ports({long_frame});
  BOOST_TEST(sent(0).size() == 1U);
  BOOST_TEST(forwarder.punted().empty());
  std::vector<FrameBytes> frames(60, arp_frame(2, bond_mac));
  to_ports(frames);
  to_ports(frames);
  BOOST_TEST(forwarder.punted().size() == PuntQueue::capacity());
  BOOST_TEST(sent(0).size() == 1U + 120 - PuntQueue::capacity());
  BOOST_TEST(forwarder.punts_lost() == 0U);
  BOOST_TEST(forwarder.bond().tx_punted == PuntQueue::capacity());
}

BOOST_AUTO_TEST_CASE(neighbour_solicitations_and_advertisements_are_copied) {
  plan.punt = punt_nd_received;
  plan.ports[0].deliver = deliver_all;
  to_host(0, {icmpv6_frame(135), icmpv6_frame(136), icmpv6_frame(128), arp_frame(5)});
  BOOST_TEST(forwarder.punted().size() == 2U);
  BOOST_TEST(host.delivered.size() == 4U);

  // The buffer still holds the type behind the end.
  FrameBytes cut_off = icmpv6_frame(135);
  cut_off.resize(54);
  to_host(0, {cut_off});
  BOOST_TEST(forwarder.punted().size() == 2U);
  BOOST_TEST(host.delivered.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_queue_that_is_full_loses_later_frames_and_counts_them) {
  plan.punt = punt_arp_received;
  std::vector<FrameBytes> frames;
  for (std::uint32_t i = 0; i < 50; ++i) frames.push_back(arp_frame(i));
  to_host(0, frames);
  to_host(1, frames);
  BOOST_TEST(forwarder.punted().size() == PuntQueue::capacity());
  BOOST_TEST(forwarder.punts_lost() == 100 - PuntQueue::capacity());
  BOOST_TEST(std::ranges::equal(forwarder.punted()[63].bytes, arp_frame(13)));
  BOOST_TEST(host.delivered.size() == 0U);

  forwarder.punted().clear();
  to_host(0, {arp_frame(7)});
  BOOST_TEST(forwarder.punted().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_frame_too_long_for_the_queue_is_counted_as_lost) {
  plan.punt = punt_slow_protocols;
  to_host(0, {numbered(0, slow_mac, far_mac, wire::ethertype::slow_protocols, 256),
              numbered(1, slow_mac, far_mac, wire::ethertype::slow_protocols, 257)});
  BOOST_TEST(forwarder.punted().size() == 1U);
  BOOST_TEST(forwarder.punts_lost() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

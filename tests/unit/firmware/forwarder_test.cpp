// Which port a frame leaves on, and as whom.
#include "firmware/forwarder.hpp"

#include <algorithm>

#include "policies/transmit_hash.hpp"
#include "tests/support/recorded_rows.hpp"
#include "tests/unit/firmware/forwarder_fixture.hpp"

namespace bondbox::test {
namespace {

MacAddress source_of(wire::Bytes frame) {
  return MacAddress::load(frame.data() + 6);
}

/// UDP over IPv4 from the bond, its last destination octet and its number told.
FrameBytes udp_frame(std::uint8_t last_octet, MacAddress destination = far_mac, MacAddress source = bond_mac) {
  FrameBytes frame = numbered(0, destination, source, wire::ethertype::ipv4);
  const FrameBytes header = bytes_from_hex("4500002000010000401100000a0102030a040500");
  std::copy(header.begin(), header.end(), frame.begin() + 14);
  frame[33] = last_octet;
  return frame;
}

FrameBytes igmp_frame() {
  FrameBytes frame = udp_frame(22, multicast_mac);
  frame[23] = 2;
  return frame;
}

FrameBytes tagged(FrameBytes frame) {
  const FrameBytes tag = bytes_from_hex("81000064");
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  return frame;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(forwarder_spread, ForwarderFixture)

BOOST_AUTO_TEST_CASE(without_a_usable_port_frames_are_dropped_and_counted) {
  use(Spread::nothing, {0, 1});
  to_ports(3);
  use(Spread::single, {});
  to_ports(2);
  BOOST_TEST(forwarder.bond().tx_no_port == 5U);
  for (const FakeNic& nic : nics) BOOST_TEST(nic.transmit_calls == 0);
}

BOOST_AUTO_TEST_CASE(single_sends_everything_on_the_first_port_in_one_call) {
  use(Spread::single, {2, 1}, {0});
  to_ports(64);
  Numbers all;
  for (std::uint32_t i = 0; i < 64; ++i) all.push_back(i);
  BOOST_TEST(sent(2) == all);
  BOOST_TEST(nics[2].transmit_calls == 1);
  BOOST_TEST(counters(2).tx_frames == 64U);
  BOOST_TEST(counters(2).tx_bytes == 64U * 60);
  for (const std::size_t other : {0U, 1U, 3U}) BOOST_TEST(nics[other].transmit_calls == 0);
}

BOOST_AUTO_TEST_CASE(round_robin_begins_on_the_second_port_and_goes_on_across_batches) {
  use(Spread::round_robin, {3, 0, 1});
  to_ports({numbered(0), numbered(1)});
  to_ports({numbered(2), numbered(3)});
  BOOST_TEST(sent(0) == (Numbers{0, 3}));
  BOOST_TEST(sent(1) == Numbers{1});
  BOOST_TEST(sent(3) == Numbers{2});
}

BOOST_AUTO_TEST_CASE(round_robin_sends_packets_per_port_frames_before_it_moves_on) {
  use(Spread::round_robin, {0, 1});
  plan.transmit.packets_per_port = 3;
  to_ports(8);
  BOOST_TEST(sent(0) == (Numbers{0, 1, 5, 6, 7}));
  BOOST_TEST(sent(1) == (Numbers{2, 3, 4}));
}

BOOST_AUTO_TEST_CASE(round_robin_by_chance_is_repeated_by_its_seed) {
  use(Spread::round_robin, {0, 1, 2});
  plan.transmit.packets_per_port = 0;
  forwarder.seed(7);
  to_ports(60);
  const Numbers first = sent(0);
  for (const std::size_t port : {0U, 1U, 2U}) BOOST_TEST(nics[port].sent.size() > 5U);
  nics[0].sent.clear();
  forwarder.seed(7);
  to_ports(60);
  BOOST_TEST(sent(0) == first);
  nics[0].sent.clear();
  forwarder.seed(8);
  to_ports(60);
  BOOST_TEST(sent(0) != first);
}

BOOST_AUTO_TEST_CASE(igmp_leaves_on_its_port_and_does_not_advance_the_round) {
  use(Spread::round_robin, {0, 1});
  plan.transmit.igmp_port = PortId{2};
  to_ports({numbered(0), igmp_frame(), tagged(igmp_frame()), numbered(1), numbered(2)});
  BOOST_TEST(nics[2].sent.size() == 2U);
  BOOST_TEST(sent(1) == (Numbers{0, 2}));
  BOOST_TEST(sent(0) == Numbers{1});
}

BOOST_AUTO_TEST_CASE(hash_chooses_among_the_usable_ports_by_the_policy) {
  use(Spread::hash, {3, 1, 2});
  plan.transmit.hash_policy = HashPolicy::layer23;
  std::size_t ports_used = 0;
  for (std::uint8_t octet = 0; octet < 40; ++octet) {
    const FrameBytes frame = udp_frame(octet);
    const PortId expected = plan.transmit.usable[transmit_hash(HashPolicy::layer23, frame) % 3];
    const std::size_t before = nics[expected.index].sent.size();
    ports_used += before == 0 ? 1 : 0;
    to_ports({frame});
    BOOST_TEST(nics[expected.index].sent.size() == before + 1);
  }
  BOOST_TEST(ports_used == 3U);
  BOOST_TEST(nics[0].sent.size() == 0U);
}

BOOST_AUTO_TEST_CASE(buckets_choose_by_their_key_and_the_rest_leaves_on_the_first_port) {
  use(Spread::buckets, {0, 1, 2});
  plan.transmit.bucket_key = BucketKey::destination_ip;
  plan.transmit.bucket_port.fill(PortId{1});
  plan.transmit.bucket_port[0x0a ^ 4 ^ 5 ^ 9] = PortId{2};
  to_ports({udp_frame(9), udp_frame(8), igmp_frame(), numbered(0), udp_frame(9, broadcast_mac)});
  BOOST_TEST(nics[2].sent.size() == 1U);
  BOOST_TEST(nics[1].sent.size() == 1U);
  BOOST_TEST(nics[0].sent.size() == 3U);

  plan.transmit.bucket_key = BucketKey::transmit_hash;
  plan.transmit.hash_policy = HashPolicy::layer34;
  plan.transmit.bucket_port[transmit_hash(HashPolicy::layer34, udp_frame(9)) & 0xff] = PortId{3};
  to_ports({udp_frame(9)});
  BOOST_TEST(nics[3].sent.size() == 1U);
}

BOOST_AUTO_TEST_CASE(copy_to_all_sends_a_copy_on_each_usable_port) {
  use(Spread::copy_to_all, {0, 3}, {1});
  to_ports(3);
  for (const std::uint8_t port : {std::uint8_t{0}, std::uint8_t{3}}) {
    BOOST_TEST(sent(port) == (Numbers{0, 1, 2}));
    BOOST_TEST(counters(port).tx_frames == 3U);
  }
  BOOST_TEST(nics[1].sent.size() == 0U);
}

BOOST_AUTO_TEST_CASE(runts_are_dropped_and_counted) {
  use(Spread::single, {0});
  to_ports({FrameBytes(13, 0xff), FrameBytes{}, numbered(5)});
  BOOST_TEST(forwarder.bond().tx_runt == 2U);
  BOOST_TEST(sent(0) == Numbers{5});
}

BOOST_AUTO_TEST_CASE(a_frame_of_just_a_header_is_sent) {
  use(Spread::hash, {0});
  FrameBytes frame = numbered(0);
  frame.resize(14);
  to_ports({frame});
  BOOST_TEST(std::ranges::equal(nics[0].sent[0], frame));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(forwarder_source, ForwarderFixture)

BOOST_AUTO_TEST_CASE(every_source_address_becomes_the_ports_where_the_plan_says_so) {
  use(Spread::round_robin, {0, 1});
  plan.ports[1].source_mac = port_mac(1);
  to_ports({numbered(0), numbered(1)});
  BOOST_TEST((source_of(nics[1].sent[0]) == port_mac(1)));
  BOOST_TEST((source_of(nics[0].sent[0]) == bond_mac));
}

BOOST_AUTO_TEST_CASE(bridged_frames_get_the_ports_address_too_and_keep_their_own_on_the_active_port) {
  use(Spread::round_robin, {0, 1});
  plan.ports[1].source_mac = port_mac(1);
  to_ports({numbered(0, far_mac, bridged_mac), numbered(1, far_mac, bridged_mac)});
  BOOST_TEST(std::ranges::equal(nics[1].sent[0], numbered(0, far_mac, port_mac(1))));
  BOOST_TEST(std::ranges::equal(nics[0].sent[0], numbered(1, far_mac, bridged_mac)));
}

BOOST_AUTO_TEST_CASE(of_a_list_that_is_refused_half_way_each_frame_gets_its_own_address_back) {
  use(Spread::single, {1, 0});
  plan.ports[1].source_mac = port_mac(1);
  nics[1].refuse_after(1, ENETDOWN);
  to_ports({numbered(0), numbered(1, far_mac, bridged_mac), numbered(2), numbered(3, far_mac, bridged_mac)});
  BOOST_TEST(sent(1) == Numbers{0});
  BOOST_TEST((source_of(nics[1].sent[0]) == port_mac(1)));
  BOOST_REQUIRE(sent(0) == (Numbers{1, 2, 3}));
  BOOST_TEST((source_of(nics[0].sent[0]) == bridged_mac));
  BOOST_TEST((source_of(nics[0].sent[1]) == bond_mac));
  BOOST_TEST((source_of(nics[0].sent[2]) == bridged_mac));
}

BOOST_AUTO_TEST_CASE(a_moved_frame_leaves_under_the_address_of_the_port_that_takes_it) {
  use(Spread::buckets, {0, 1, 2});
  plan.transmit.bucket_port.fill(PortId{1});
  plan.ports[1].source_mac = port_mac(1);
  plan.ports[2].source_mac = port_mac(2);
  nics[1].refuse_all(ENETDOWN);
  to_ports({udp_frame(1), udp_frame(2, far_mac, bridged_mac)});
  BOOST_REQUIRE(nics[0].sent.size() == 2U);
  BOOST_TEST((source_of(nics[0].sent[0]) == bond_mac));
  BOOST_TEST((source_of(nics[0].sent[1]) == bridged_mac));

  nics[0].refuse_all(ENETDOWN);
  to_ports({udp_frame(1)});
  BOOST_REQUIRE(nics[2].sent.size() == 1U);
  BOOST_TEST((source_of(nics[2].sent[0]) == port_mac(2)));
}

BOOST_AUTO_TEST_CASE(a_frame_of_our_own_keeps_its_address_where_it_leaves) {
  use(Spread::single, {0}, {1});
  plan.ports[0].source_mac = port_mac(3);
  plan.ports[1].source_mac = port_mac(1);
  nics[0].refuse_all(ENETDOWN);
  fill({numbered(9)});
  forwarder.send(batch[0], plan, table);
  BOOST_REQUIRE(nics[1].sent.size() == 1U);
  BOOST_TEST((source_of(nics[1].sent[0]) == bond_mac));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(forwarder_own_frames, ForwarderFixture)

BOOST_AUTO_TEST_CASE(send_goes_by_the_plan) {
  fill({numbered(1)});
  use(Spread::single, {2, 1});
  forwarder.send(batch[0], plan, table);
  BOOST_TEST(sent(2) == Numbers{1});
  use(Spread::copy_to_all, {0, 3});
  forwarder.send(batch[0], plan, table);
  BOOST_TEST(sent(0) == Numbers{1});
  BOOST_TEST(sent(3) == Numbers{1});
  use(Spread::nothing, {});
  forwarder.send(batch[0], plan, table);
  BOOST_TEST(forwarder.bond().tx_no_port == 1U);
}

BOOST_AUTO_TEST_CASE(send_on_uses_that_port_and_no_other) {
  fill({numbered(1)});
  forwarder.send_on(PortId{3}, batch[0], table);
  BOOST_TEST(sent(3) == Numbers{1});
  BOOST_TEST(counters(3).tx_frames == 1U);
  BOOST_TEST(!forwarder.take_link_doubt());

  nics[3].refuse_all(ENETDOWN);
  forwarder.send_on(PortId{3}, batch[0], table);
  table[2] = nullptr;
  forwarder.send_on(PortId{2}, batch[0], table);
  BOOST_TEST(counters(3).tx_refused == 1U);
  BOOST_TEST(counters(2).tx_refused == 1U);
  BOOST_TEST(forwarder.take_link_doubt());
  for (const std::size_t other : {0U, 1U, 2U}) BOOST_TEST(nics[other].sent.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_forgotten_port_counts_from_zero) {
  use(Spread::single, {1});
  to_ports(2);
  forwarder.forget_port(PortId{1});
  BOOST_TEST(counters(1).tx_frames == 0U);
  BOOST_TEST(counters(1).tx_bytes == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

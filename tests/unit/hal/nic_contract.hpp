// What hal/nic.hpp promises, as test cases that run against any implementation of Nic. An implementation brings a
// NicFixture.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "hal/nic.hpp"
#include "hal/wire/ethernet.hpp"
#include "tests/unit/hal/nic_fixture.hpp"

namespace bondbox::test {

namespace contract {

inline void an_unknown_interface_is_refused_with_enodev(NicFixture& fixture) {
  const auto opened = fixture.open("no-such-nic");
  BOOST_REQUIRE(!opened.ok());
  BOOST_TEST(opened.failure().error == ENODEV);
  BOOST_TEST(!opened.failure().reason.empty());
}

inline void a_claimed_interface_cannot_be_claimed_again_until_released(NicFixture& fixture) {
  std::unique_ptr<Nic> nic = open(fixture);
  const auto second = fixture.open(fixture.name());
  BOOST_REQUIRE(!second.ok());
  BOOST_TEST(second.failure().error == EBUSY);
  nic.reset();
  BOOST_TEST(open(fixture)->name() == fixture.name());
}

inline void a_claimed_interface_has_link_and_tells_who_it_is(NicFixture& fixture) {
  const NicFixture::State found = fixture.state();
  const std::unique_ptr<Nic> nic = open(fixture);
  BOOST_TEST(nic->name() == fixture.name());
  BOOST_TEST((nic->mac() == found.mac));
  BOOST_TEST(nic->permanent_mac().is_station());
  BOOST_TEST(nic->mtu() == found.mtu);
  BOOST_TEST(fixture.state().up);
  BOOST_TEST(eventually(fixture, [&] { return nic->link().up; }));
  BOOST_TEST(nic->link().present);
}

inline void frames_are_received_whole_and_in_order(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  std::vector<FrameBytes> sent;
  for (std::uint8_t i = 0; i < 100; ++i) {
    const std::size_t length = i % 3 == 0 ? 60 : i % 3 == 1 ? 61 : nic->mtu() + wire::ethernet_header_size;
    sent.push_back(make_frame(nic->mac(), far_mac, i, length));
    BOOST_REQUIRE(fixture.far_send(sent.back()));
  }
  BOOST_TEST((take(fixture, *nic, sent.size()) == sent));
}

inline void frames_are_sent_whole_and_in_order(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  std::vector<FrameBytes> frames;
  for (std::uint8_t i = 0; i < 60; ++i) {
    const std::size_t length = i % 3 == 0 ? 60 : i % 3 == 1 ? 61 : nic->mtu() + wire::ethernet_header_size;
    frames.push_back(make_frame(far_mac, nic->mac(), i, length));
  }
  const TransmitResult result = send(*nic, frames);
  BOOST_TEST(result.accepted == frames.size());
  BOOST_TEST(result.error == 0);
  BOOST_TEST((take_far(fixture, frames.size()) == frames));
}

inline void a_refused_frame_holds_up_those_after_it(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  const FrameBytes good = make_frame(far_mac, nic->mac(), 1);
  const FrameBytes after = make_frame(far_mac, nic->mac(), 2);
  const FrameBytes too_short(good.begin(), good.begin() + 13);
  const FrameBytes too_long = make_frame(far_mac, nic->mac(), 3, nic->mtu() + wire::ethernet_header_size + 5);
  for (const auto& [bad, error] : {std::pair{too_short, EINVAL}, std::pair{too_long, EMSGSIZE}}) {
    const TransmitResult result = send(*nic, {good, bad, after});
    BOOST_TEST(result.accepted == 1U);
    BOOST_TEST(result.error == error);
  }
  BOOST_TEST(send(*nic, {after}).accepted == 1U);
  BOOST_TEST((take_far(fixture, 3) == std::vector<FrameBytes>{good, good, after}));
}

inline void an_empty_transmit_is_nothing(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  const TransmitResult result = nic->transmit({});
  BOOST_TEST(result.accepted == 0U);
  BOOST_TEST(result.error == 0);
}

inline void a_small_batch_is_never_overfilled_and_nothing_is_lost(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  std::vector<FrameBytes> sent;
  for (std::uint8_t i = 0; i < 20; ++i) {
    sent.push_back(make_frame(nic->mac(), far_mac, i));
    BOOST_REQUIRE(fixture.far_send(sent.back()));
  }
  BOOST_TEST((take(fixture, *nic, sent.size(), 3) == sent));
}

inline void a_batch_heavy_enough_is_left_alone(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  PacketBatch batch;
  const FrameBytes large(Packet::frame_size_max, 0x55);
  while (batch.bytes() < PacketBatch::bytes_target) {
    BOOST_REQUIRE(batch.prepare().assign(large));
    batch.commit();
  }
  const std::size_t held = batch.size();
  const FrameBytes waiting = make_frame(nic->mac(), far_mac, 7);
  BOOST_REQUIRE(fixture.far_send(waiting));
  for (int i = 0; i < 50 && fixture.wait(); ++i) BOOST_REQUIRE(nic->receive(batch) == 0U);
  BOOST_TEST(nic->receive(batch) == 0U);
  BOOST_TEST(batch.size() == held);
  BOOST_TEST((take(fixture, *nic, 1) == std::vector<FrameBytes>{waiting}));
}

inline void received_frames_are_appended_behind_what_is_there(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  const FrameBytes first = make_frame(nic->mac(), far_mac, 1);
  const FrameBytes second = make_frame(nic->mac(), far_mac, 2);
  PacketBatch batch;
  BOOST_REQUIRE(batch.prepare().assign(first));
  batch.commit();
  BOOST_REQUIRE(fixture.far_send(second));
  const auto holds = [&batch](std::size_t index, const FrameBytes& frame) {
    const wire::Bytes bytes = batch[index].frame();
    return FrameBytes(bytes.begin(), bytes.end()) == frame;
  };
  // Others may speak on the cable too, before and after.
  BOOST_TEST(eventually(fixture, [&] {
    std::size_t at = batch.size();
    BOOST_REQUIRE(nic->receive(batch) == batch.size() - at);
    while (at < batch.size() && !holds(at, second)) ++at;
    return at < batch.size();
  }));
  BOOST_TEST(holds(0, first));
}

inline void group_frames_are_received_and_strangers_only_when_promiscuous(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  const FrameBytes broadcast = make_frame(broadcast_mac, far_mac, 1);
  const FrameBytes group = make_frame(MacAddress{{0x01, 0, 0x5e, 1, 2, 3}}, far_mac, 2);
  const FrameBytes slow = make_frame(MacAddress{{0x01, 0x80, 0xc2, 0, 0, 2}}, far_mac, 3);
  const FrameBytes stranger = make_frame(other_mac, far_mac, 4);
  const FrameBytes ours = make_frame(nic->mac(), far_mac, 5);
  const auto send_all = [&] {
    for (const FrameBytes& frame : {broadcast, group, slow, stranger, ours}) BOOST_REQUIRE(fixture.far_send(frame));
  };
  const std::vector<FrameBytes> without_stranger{broadcast, group, slow, ours};
  send_all();
  BOOST_TEST((take(fixture, *nic, 4) == without_stranger));
  BOOST_REQUIRE(nic->set_promiscuous(true).ok());
  send_all();
  BOOST_TEST((take(fixture, *nic, 5) == std::vector<FrameBytes>{broadcast, group, slow, stranger, ours}));
  BOOST_REQUIRE(nic->set_promiscuous(false).ok());
  send_all();
  BOOST_TEST((take(fixture, *nic, 4) == without_stranger));
}

inline void vlan_tags_stay_in_the_frame_both_ways(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  const auto tagged = [&](const MacAddress& to, const MacAddress& from) {
    return std::vector<FrameBytes>{make_frame(to, from, 1, 80, {0x8100, 0x6064}),
                                   make_frame(to, from, 2, 80, {0x88a8, 0x0007, 0x8100, 0x0064}),
                                   make_frame(to, from, 3, 80)};
  };
  const std::vector<FrameBytes> in = tagged(nic->mac(), far_mac);
  for (const FrameBytes& frame : in) BOOST_REQUIRE(fixture.far_send(frame));
  BOOST_TEST((take(fixture, *nic, in.size()) == in));
  const std::vector<FrameBytes> out = tagged(far_mac, nic->mac());
  BOOST_TEST(send(*nic, out).accepted == out.size());
  BOOST_TEST((take_far(fixture, out.size()) == out));
}

inline void a_tagged_frame_of_the_full_mtu_passes_both_ways(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  const std::size_t length = nic->mtu() + wire::ethernet_header_size + wire::vlan_tag_size;
  const FrameBytes in = make_frame(nic->mac(), far_mac, 1, length, {0x8100, 0x0064});
  BOOST_REQUIRE(fixture.far_send(in));
  BOOST_TEST((take(fixture, *nic, 1) == std::vector<FrameBytes>{in}));
  const FrameBytes out = make_frame(far_mac, nic->mac(), 2, length, {0x8100, 0x0064});
  BOOST_TEST(send(*nic, {out}).accepted == 1U);
  BOOST_TEST((take_far(fixture, 1) == std::vector<FrameBytes>{out}));
}

inline void frames_sent_here_are_not_received_here(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  BOOST_REQUIRE(nic->set_promiscuous(true).ok());
  BOOST_TEST(send(*nic, {make_frame(broadcast_mac, nic->mac(), 1), make_frame(far_mac, other_mac, 2)}).accepted == 2U);
  const FrameBytes marker = make_frame(nic->mac(), far_mac, 3);
  BOOST_REQUIRE(fixture.far_send(marker));
  BOOST_TEST((take(fixture, *nic, 1) == std::vector<FrameBytes>{marker}));
}

inline void a_lost_link_is_seen_refuses_frames_and_comes_back(NicFixture& fixture) {
  const std::unique_ptr<Nic> nic = open(fixture);
  BOOST_REQUIRE(eventually(fixture, [&] { return nic->link().up; }));
  fixture.set_far_link(false);
  BOOST_REQUIRE(eventually(fixture, [&] { return !nic->link().up; }));
  BOOST_TEST(nic->link().present);
  const FrameBytes frame = make_frame(far_mac, nic->mac(), 1);
  TransmitResult result;
  BOOST_TEST(eventually(fixture, [&] { return (result = send(*nic, {frame})).error != 0; }));
  BOOST_TEST(result.accepted == 0U);
  BOOST_TEST(means_no_link(result.error), "error " << result.error);
  fixture.set_far_link(true);
  BOOST_REQUIRE(eventually(fixture, [&] { return nic->link().up; }));
  BOOST_TEST(eventually(fixture, [&] {
    (void)send(*nic, {frame});
    for (const FrameBytes& arrived : fixture.far_receive())
      if (arrived == frame) return true;
    return false;
  }));
}

inline void mac_and_mtu_are_set_used_and_given_back(NicFixture& fixture) {
  const NicFixture::State found = fixture.state();
  {
    const std::unique_ptr<Nic> nic = open(fixture);
    const Outcome outcome = nic->set_mac(other_mac);
    if (!fixture.can_configure()) {
      BOOST_TEST(outcome.error == EOPNOTSUPP);
      BOOST_TEST(nic->set_mtu(1400).error == EOPNOTSUPP);
      BOOST_TEST((fixture.state() == found));
      return;
    }
    BOOST_TEST(outcome.ok(), outcome.reason);
    BOOST_TEST(nic->set_mtu(1400).ok());
    BOOST_TEST((nic->mac() == other_mac));
    BOOST_TEST(nic->mtu() == 1400U);
    BOOST_TEST((fixture.state() == NicFixture::State{other_mac, 1400, true}));
    const FrameBytes to_new = make_frame(other_mac, far_mac, 1);
    BOOST_REQUIRE(fixture.far_send(to_new));
    BOOST_TEST((take(fixture, *nic, 1) == std::vector<FrameBytes>{to_new}));
    BOOST_TEST(nic->set_mac(broadcast_mac).error == EADDRNOTAVAIL);
    BOOST_TEST(nic->set_mac(MacAddress{}).error == EADDRNOTAVAIL);
    BOOST_TEST(nic->set_mtu(10).error == EINVAL);
    BOOST_TEST((nic->mac() == other_mac));
    BOOST_TEST(nic->mtu() == 1400U);
    BOOST_REQUIRE(nic->set_promiscuous(true).ok());
  }
  BOOST_TEST((fixture.state() == found));
}

inline void a_nic_that_is_away_is_as_without_a_cable_until_it_is_back(NicFixture& fixture) {
  std::unique_ptr<Nic> nic = open(fixture);
  if (!fixture.can_configure()) {
    BOOST_TEST(nic->set_away(Away::pretend).error == EOPNOTSUPP);
    return;
  }
  BOOST_REQUIRE(eventually(fixture, [&] { return nic->link().up; }));
  const FrameBytes out = make_frame(far_mac, nic->mac(), 1);
  std::uint8_t number = 1;
  for (const Away how : {Away::pretend, Away::down}) {
    const FrameBytes in = make_frame(nic->mac(), far_mac, ++number);
    BOOST_REQUIRE(nic->set_away(how).ok());
    BOOST_TEST(eventually(fixture, [&] { return !nic->link().up; }));
    BOOST_TEST(nic->link().present);
    BOOST_TEST(fixture.state().up == (how == Away::pretend));
    const TransmitResult refused = send(*nic, {out});
    BOOST_TEST(refused.accepted == 0U);
    BOOST_TEST(means_no_link(refused.error), "error " << refused.error);
    // What came before it was away may be read still.
    (void)fixture.far_send(in);
    fixture.wait();
    for (const FrameBytes& frame : take(fixture, *nic, 0)) BOOST_TEST((frame != in));
    PacketBatch batch(4);
    if (how == Away::pretend) BOOST_TEST(nic->receive(batch) == 0U);
    BOOST_REQUIRE(nic->set_away(Away::no).ok());
    BOOST_TEST(eventually(fixture, [&] { return nic->link().up; }));
    BOOST_TEST(fixture.state().up);
    BOOST_TEST(eventually(fixture, [&] { return send(*nic, {out}).accepted == 1; }));
  }
  // Whoever ends while it is down gives it back as it was found.
  BOOST_REQUIRE(nic->set_away(Away::down).ok());
  nic.reset();
  const NicFixture::State before = fixture.state();
  nic = open(fixture);
  BOOST_TEST(fixture.state().up);
  nic.reset();
  BOOST_TEST((fixture.state() == before));
}

inline void a_vanished_interface_leaves_a_usable_object(NicFixture& fixture) {
  std::unique_ptr<Nic> nic = open(fixture);
  fixture.remove();
  BOOST_REQUIRE(eventually(fixture, [&] { return !nic->link().present; }));
  BOOST_TEST(!nic->link().up);
  // What others have said on the cable until then comes first.
  PacketBatch batch(4);
  for (int i = 0; i < 50 && nic->receive(batch) != 0U; ++i) batch.clear();
  batch.clear();
  BOOST_TEST(nic->receive(batch) == 0U);
  const TransmitResult result = send(*nic, {make_frame(far_mac, far_mac, 1)});
  BOOST_TEST(result.accepted == 0U);
  BOOST_TEST(means_no_link(result.error), "error " << result.error);
  const int expected = fixture.can_configure() ? ENODEV : EOPNOTSUPP;
  BOOST_TEST(nic->set_mac(other_mac).error == expected);
  BOOST_TEST(nic->set_mtu(1400).error == expected);
  BOOST_TEST(nic->set_promiscuous(true).error == ENODEV);
  BOOST_TEST(nic->name() == fixture.name());
  BOOST_TEST(nic->counters().receive_truncated == 0U);
  nic.reset();
  const auto again = fixture.open(fixture.name());
  BOOST_REQUIRE(!again.ok());
  BOOST_TEST(again.failure().error == ENODEV);
}

}  // namespace contract

using FixtureMaker = std::function<std::unique_ptr<NicFixture>()>;

/// A suite of all cases, each on a fixture of its own.
inline boost::unit_test::test_suite* nic_contract(const char* suite_name, const FixtureMaker& make) {
  auto* const suite = BOOST_TEST_SUITE(suite_name);
  const auto add = [&](const char* name, void (*body)(NicFixture&)) {
    suite->add(boost::unit_test::make_test_case([make, body] { body(*make()); }, name, __FILE__, __LINE__));
  };
#define BONDBOX_CONTRACT_CASE(name) add(#name, &contract::name)
  BONDBOX_CONTRACT_CASE(an_unknown_interface_is_refused_with_enodev);
  BONDBOX_CONTRACT_CASE(a_claimed_interface_cannot_be_claimed_again_until_released);
  BONDBOX_CONTRACT_CASE(a_claimed_interface_has_link_and_tells_who_it_is);
  BONDBOX_CONTRACT_CASE(frames_are_received_whole_and_in_order);
  BONDBOX_CONTRACT_CASE(frames_are_sent_whole_and_in_order);
  BONDBOX_CONTRACT_CASE(a_refused_frame_holds_up_those_after_it);
  BONDBOX_CONTRACT_CASE(an_empty_transmit_is_nothing);
  BONDBOX_CONTRACT_CASE(a_small_batch_is_never_overfilled_and_nothing_is_lost);
  BONDBOX_CONTRACT_CASE(a_batch_heavy_enough_is_left_alone);
  BONDBOX_CONTRACT_CASE(received_frames_are_appended_behind_what_is_there);
  BONDBOX_CONTRACT_CASE(group_frames_are_received_and_strangers_only_when_promiscuous);
  BONDBOX_CONTRACT_CASE(vlan_tags_stay_in_the_frame_both_ways);
  BONDBOX_CONTRACT_CASE(a_tagged_frame_of_the_full_mtu_passes_both_ways);
  BONDBOX_CONTRACT_CASE(frames_sent_here_are_not_received_here);
  BONDBOX_CONTRACT_CASE(a_lost_link_is_seen_refuses_frames_and_comes_back);
  BONDBOX_CONTRACT_CASE(mac_and_mtu_are_set_used_and_given_back);
  BONDBOX_CONTRACT_CASE(a_nic_that_is_away_is_as_without_a_cable_until_it_is_back);
  BONDBOX_CONTRACT_CASE(a_vanished_interface_leaves_a_usable_object);
#undef BONDBOX_CONTRACT_CASE
  return suite;
}

/// Puts the suite into the suite that the caller's file is in. At namespace scope, in a `const bool`.
inline bool add_nic_contract(const char* suite_name, const FixtureMaker& make) {
  boost::unit_test::framework::current_auto_test_suite().add(nic_contract(suite_name, make));
  return true;
}

}  // namespace bondbox::test

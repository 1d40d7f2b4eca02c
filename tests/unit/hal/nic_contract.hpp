// What hal/nic.hpp promises, as test cases that run against any implementation of Nic. An implementation brings a
// NicFixture: the NIC, and a far end of its cable that can be played with.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hal/nic.hpp"
#include "hal/wire/ethernet.hpp"

namespace bondbox::test {

using FrameBytes = std::vector<std::uint8_t>;

class NicFixture {
 public:
  struct State {
    MacAddress mac;
    std::uint32_t mtu = 0;
    bool up = false;
    friend bool operator==(const State&, const State&) = default;
  };

  virtual ~NicFixture() = default;
  virtual Result<std::unique_ptr<Nic>> open(std::string_view name) = 0;
  virtual std::string name() const = 0;
  /// The interface as the machine shows it, claimed or not.
  virtual State state() = 0;
  virtual bool far_send(const FrameBytes& frame) = 0;
  /// What has come out of the cable since the last call, whoever it was for.
  virtual std::vector<FrameBytes> far_receive() = 0;
  virtual void set_far_link(bool on) = 0;
  virtual void remove() = 0;
  /// Lets a little time pass. False where waiting changes nothing.
  virtual bool wait() = 0;
  /// Whether the implementation can set MAC, MTU and the interface's flags; if not it says EOPNOTSUPP.
  virtual bool can_configure() const { return true; }
};

namespace contract {

inline constexpr MacAddress far_mac{{0x02, 0, 0, 0, 0xfa, 0x01}};
inline constexpr MacAddress other_mac{{0x02, 0, 0, 0, 0xee, 0x02}};
inline constexpr std::uint16_t experiment = 0x88b5;  // IEEE 802 local experimental, which no stack speaks by itself
inline constexpr int waits_max = 3'000;

/// `tags`: TPID and TCI in turn.
inline FrameBytes make_frame(const MacAddress& to, const MacAddress& from, std::uint8_t number, std::size_t length = 80,
                             std::initializer_list<std::uint16_t> tags = {}) {
  FrameBytes frame(12);
  to.store(frame.data());
  from.store(frame.data() + 6);
  const auto put16 = [&frame](std::uint16_t value) {
    frame.push_back(static_cast<std::uint8_t>(value >> 8));
    frame.push_back(static_cast<std::uint8_t>(value & 0xff));
  };
  for (const std::uint16_t word : tags) put16(word);
  put16(experiment);
  while (frame.size() < length) frame.push_back(static_cast<std::uint8_t>(number + frame.size()));
  return frame;
}

inline bool is_ours(wire::Bytes frame) {
  const auto view = wire::EthernetView::parse(frame);
  return view && view->ethertype() == experiment;
}

/// Waits until the condition holds; whether it did.
inline bool eventually(NicFixture& fixture, const std::function<bool()>& condition) {
  for (int i = 0; i < waits_max; ++i) {
    if (condition()) return true;
    if (!fixture.wait()) return condition();
  }
  return false;
}

/// Opens the NIC and waits until frames pass: after a cable comes to life the kernel drops what is sent at its far end
/// for up to a second, without a word.
inline std::unique_ptr<Nic> open(NicFixture& fixture) {
  auto opened = fixture.open(fixture.name());
  BOOST_REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.failure().reason));
  Nic& nic = *opened.value();
  FrameBytes probe = make_frame(broadcast_mac, far_mac, 0, 60);
  wire::store_be16(&probe[12], experiment + 1);
  PacketBatch batch;
  const bool passes = eventually(fixture, [&] {
    BOOST_REQUIRE(fixture.far_send(probe));
    for (batch.clear(); nic.receive(batch) != 0; batch.clear()) {
      for (std::size_t i = 0; i < batch.size(); ++i)
        if (std::equal(probe.begin(), probe.end(), batch[i].frame().begin(), batch[i].frame().end())) return true;
    }
    return false;
  });
  BOOST_REQUIRE_MESSAGE(passes, "no frame comes through the cable");
  return std::move(opened.value());
}

/// Our frames, as many as are asked for; fewer when no more come.
inline std::vector<FrameBytes> take(NicFixture& fixture, Nic& nic, std::size_t count, std::size_t capacity = 64) {
  std::vector<FrameBytes> frames;
  PacketBatch batch(capacity);
  eventually(fixture, [&] {
    std::size_t appended = 0;
    do {
      batch.clear();
      appended = nic.receive(batch);
      BOOST_REQUIRE(appended == batch.size());
      BOOST_REQUIRE(batch.size() <= capacity);
      for (std::size_t i = 0; i < batch.size(); ++i)
        if (is_ours(batch[i].frame())) frames.emplace_back(batch[i].frame().begin(), batch[i].frame().end());
    } while (appended != 0);
    return frames.size() >= count;
  });
  return frames;
}

inline std::vector<FrameBytes> take_far(NicFixture& fixture, std::size_t count) {
  std::vector<FrameBytes> frames;
  eventually(fixture, [&] {
    for (FrameBytes& frame : fixture.far_receive())
      if (is_ours(frame)) frames.push_back(std::move(frame));
    return frames.size() >= count;
  });
  return frames;
}

inline TransmitResult send(Nic& nic, const std::vector<FrameBytes>& frames) {
  PacketBatch batch(frames.size());
  std::vector<const Packet*> packets;
  for (const FrameBytes& frame : frames) {
    Packet& packet = batch.prepare();
    BOOST_REQUIRE(packet.assign(frame));
    batch.commit();
    packets.push_back(&packet);
  }
  return nic.transmit(packets);
}

inline bool means_no_link(int error) {
  return error == ENETDOWN || error == ENXIO || error == ENODEV || error == ENOBUFS;
}

// --- the cases ---

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

inline void a_vanished_interface_leaves_a_usable_object(NicFixture& fixture) {
  std::unique_ptr<Nic> nic = open(fixture);
  fixture.remove();
  BOOST_REQUIRE(eventually(fixture, [&] { return !nic->link().present; }));
  BOOST_TEST(!nic->link().up);
  PacketBatch batch(4);
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

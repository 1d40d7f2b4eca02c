// What the contract cases of nic_contract.hpp need: a NIC, a far end of its cable that can be played with, and frames.
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

}  // namespace contract

}  // namespace bondbox::test

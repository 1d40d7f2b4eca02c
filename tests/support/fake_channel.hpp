// What a Nic and a HostPort of a test have in common: a name, addresses, and frames that come and go by hand.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hal/packet.hpp"
#include "tests/support/frame_record.hpp"

namespace bondbox::test {

template <class Contract>
class FakeChannel : public Contract {
 public:
  /// Asked for each frame: 0 takes it, an errno value refuses it. Takes all when empty.
  std::function<int(wire::Bytes)> answer;
  FrameRecord taken;
  std::vector<std::vector<std::uint8_t>> to_receive;
  NicCounters counted;
  bool promiscuous = false;
  int transmit_calls = 0;

  std::string_view name() const noexcept override { return name_; }
  MacAddress mac() const noexcept override { return mac_; }
  Outcome set_mac(MacAddress mac) override {
    mac_ = mac;
    return Outcome::done();
  }
  std::uint32_t mtu() const noexcept override { return mtu_; }
  Outcome set_mtu(std::uint32_t mtu) override {
    mtu_ = mtu;
    return Outcome::done();
  }
  std::size_t receive(PacketBatch& batch) override {
    std::size_t count = 0;
    for (; count < to_receive.size() && !batch.full(); ++count) {
      batch.prepare().assign(to_receive[count]);
      batch.commit();
    }
    to_receive.erase(to_receive.begin(), to_receive.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }
  TransmitResult transmit(std::span<const Packet* const> packets) override {
    ++transmit_calls;
    TransmitResult result;
    for (const Packet* packet : packets) {
      result.error = answer ? answer(packet->frame()) : 0;
      if (result.error != 0) break;
      taken.add(packet->frame());
      ++result.accepted;
    }
    return result;
  }
  int wait_handle() const noexcept override { return -1; }
  const NicCounters& counters() const noexcept override { return counted; }

 protected:
  FakeChannel(std::string name, MacAddress mac) : name_(std::move(name)), mac_(mac) {}

 private:
  std::string name_;
  MacAddress mac_;
  std::uint32_t mtu_ = 1500;
};

}  // namespace bondbox::test

// A Nic that keeps what it is told to send and refuses what a test wants refused.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "hal/nic.hpp"
#include "tests/support/frame_record.hpp"

namespace bondbox::test {

class FakeNic : public Nic {
 public:
  explicit FakeNic(std::string name = "e0", MacAddress mac = {{0x02, 0, 0, 0, 0x0a, 0}})
      : name_(std::move(name)), permanent_mac_(mac), mac_(mac) {}

  /// Asked for each frame: 0 takes it, an errno value refuses it. Takes all when empty.
  std::function<int(wire::Bytes)> answer;
  LinkSample sample{.present = true, .up = true, .speed_mbps = 10'000, .duplex = Duplex::full};
  FrameRecord sent;
  std::vector<std::vector<std::uint8_t>> to_receive;
  NicCounters counted;
  bool promiscuous = false;
  LinkSource source = LinkSource::carrier;
  int transmit_calls = 0;
  int link_calls = 0;

  void refuse_all(int error) {
    answer = [error](wire::Bytes) { return error; };
  }
  /// The first `count` frames offered from now on are taken.
  void refuse_after(std::size_t count, int error) {
    answer = [left = count, error](wire::Bytes) mutable { return left == 0 ? error : (--left, 0); };
  }
  /// Of the frames offered from now on, counted from 0, the one with this number is refused.
  void refuse_one(std::size_t number, int error) {
    answer = [left = number + 1, error](wire::Bytes) mutable { return left != 0 && --left == 0 ? error : 0; };
  }

  std::string_view name() const noexcept override { return name_; }
  MacAddress permanent_mac() const noexcept override { return permanent_mac_; }
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
  Outcome set_promiscuous(bool on) override {
    promiscuous = on;
    return Outcome::done();
  }
  LinkSample link() override {
    ++link_calls;
    return sample;
  }
  bool has_lost_link() override { return !sample.up; }
  void set_link_source(LinkSource now) override { source = now; }
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
      sent.add(packet->frame());
      ++result.accepted;
    }
    return result;
  }
  int wait_handle() const noexcept override { return -1; }
  const NicCounters& counters() const noexcept override { return counted; }

 private:
  std::string name_;
  MacAddress permanent_mac_;
  MacAddress mac_;
  std::uint32_t mtu_ = 1500;
};

}  // namespace bondbox::test

// A HostPort that keeps what reaches the host and refuses what a test wants refused.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "hal/host_port.hpp"
#include "tests/support/frame_record.hpp"

namespace bondbox::test {

class FakeHostPort : public HostPort {
 public:
  explicit FakeHostPort(std::string name = "bond0", MacAddress mac = {{0x02, 0, 0, 0, 0x0a, 0}})
      : name_(std::move(name)), mac_(mac) {}

  /// Asked for each frame: 0 takes it, an errno value refuses it. Takes all when empty.
  std::function<int(wire::Bytes)> answer;
  FrameRecord delivered;
  std::vector<std::vector<std::uint8_t>> to_receive;
  std::vector<HostAddress> reachable;
  std::vector<VlanId> vlan_interfaces;
  std::vector<HostGroup> groups;
  HostPath path{true, {}, {}, {}};
  std::vector<IpPrefix> prefixes;
  std::vector<IpAddress> gateways;
  NicCounters counted;
  std::size_t queues = 1;
  bool carrier = false;
  bool up = true;
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
  Outcome set_carrier(bool on) override {
    carrier = on;
    return Outcome::done();
  }
  Outcome set_queues(std::size_t count) override {
    queues = count;
    return Outcome::done();
  }
  bool is_present() const noexcept override { return true; }
  bool is_up() const noexcept override { return up; }
  bool is_promiscuous() const noexcept override { return promiscuous; }
  std::span<const HostAddress> addresses() const noexcept override { return reachable; }
  std::span<const VlanId> vlans() const noexcept override { return vlan_interfaces; }
  Result<HostPath> path_to(const IpAddress&) const override { return path; }
  void append_groups(FixedVector<HostGroup, 64>& list) const override {
    for (const HostGroup& group : groups) list.push_back(group);
  }
  Outcome add_address(const IpPrefix& prefix) override {
    prefixes.push_back(prefix);
    return Outcome::done();
  }
  Outcome remove_address(const IpPrefix& prefix) override {
    std::erase(prefixes, prefix);
    return Outcome::done();
  }
  Outcome set_gateway(const IpAddress& gateway) override {
    std::erase_if(gateways, [&](const IpAddress& old) { return old.family == gateway.family; });
    gateways.push_back(gateway);
    return Outcome::done();
  }
  Outcome remove_gateway(const IpAddress& gateway) override {
    std::erase(gateways, gateway);
    return Outcome::done();
  }
  Outcome set_up(bool on) override {
    up = on;
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
      delivered.add(packet->frame());
      ++result.accepted;
    }
    return result;
  }
  int wait_handle() const noexcept override { return -1; }
  const NicCounters& counters() const noexcept override { return counted; }

 private:
  std::string name_;
  MacAddress mac_;
  std::uint32_t mtu_ = 1500;
};

}  // namespace bondbox::test

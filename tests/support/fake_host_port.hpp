// A HostPort that keeps what reaches the host and refuses what a test wants refused.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "hal/host_port.hpp"
#include "tests/support/fake_channel.hpp"

namespace bondbox::test {

class FakeHostPort : public FakeChannel<HostPort> {
 public:
  explicit FakeHostPort(std::string name = "bond0", MacAddress mac = {{0x02, 0, 0, 0, 0x0a, 0}})
      : FakeChannel(std::move(name), mac) {}

  FrameRecord& delivered = taken;
  std::vector<HostAddress> reachable;
  std::vector<VlanId> vlan_interfaces;
  std::vector<HostGroup> groups;
  HostPath path{true, {}, {}, {}};
  std::vector<IpPrefix> prefixes;
  std::vector<IpAddress> gateways;
  std::size_t queues = 1;
  bool carrier = false;
  bool up = true;

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
};

}  // namespace bondbox::test

// The members of what stands in a trace, for both directions of codec.hpp.
#pragma once

#include "firmware/bond.hpp"
#include "firmware/config/bond_config.hpp"
#include "firmware/config/config_diff.hpp"
#include "firmware/forwarder.hpp"
#include "firmware/trace/codec.hpp"
#include "hal/hardware.hpp"
#include "policies/plan.hpp"
#include "policies/policy.hpp"

namespace bondbox::trace {

/// Numbers of errors are not the same on every CPU (MIPS has its own beyond 34): in a trace they are those of Linux on
/// x86. What neither knows is EIO.
std::uint64_t portable_error(int error) noexcept;
int native_error(std::uint64_t portable) noexcept;

/// What a bond goes on from, as it goes into a trace; nullptr: it begins anew. What is read refers to the reader's
/// bytes.
void put_memory(Writer& writer, const BondMemory* memory) noexcept;
std::optional<BondMemory> get_memory(Reader& reader) noexcept;
void put_config(Writer& writer, const BondConfig& config) noexcept;
BondConfig get_config(Reader& reader);
void put_outcome(Writer& writer, const Outcome& outcome) noexcept;
Outcome get_outcome(Reader& reader);

void put_action(Writer& writer, const Action& action) noexcept;
void put_plan(Writer& writer, const ForwardingPlan& plan) noexcept;
ForwardingPlan get_plan(Reader& reader) noexcept;
/// What has been added since `before`.
struct TrafficSince {
  const BucketTraffic& now;
  const BucketTraffic& before;
};
void put_traffic(Writer& writer, const BucketTraffic& traffic, const BucketTraffic& before) noexcept;
void get_traffic(Reader& reader, BucketTraffic& traffic) noexcept;

void fields(auto& with, HostAddress& address) {
  with(address.address);
  with(address.vlan);
  with(address.mac);
  with(address.router);
  with(address.on_bridge);
}

void fields(auto& with, HostPath& path) {
  with(path.through_here);
  with(path.vlan);
  with(path.source);
  with(path.mac);
}

void fields(auto& with, HostGroup& group) {
  with(group.group);
  with(group.vlan);
  with(group.source);
  with(group.mac);
  with(group.version);
}

void fields(auto& with, HardwareEvent& event) {
  with.choice(event.kind, HardwareEvent::Kind::host_changed);
  with(event.name);
}

void fields(auto& with, PuntedFrame& frame) {
  with(frame.port);
  with(frame.from_host);
  with(frame.bytes);
}

void fields(auto& with, Change& change) {
  with.choice(change.kind, Change::Kind::mac);
  with(change.bond);
  with(change.name);
  with(change.from);
  with(change.to);
}

}  // namespace bondbox::trace

// Mode 3, broadcast: a copy of each frame on every port.
#pragma once

#include <optional>

#include "policies/policy.hpp"
#include "policies/trunk.hpp"

namespace bondbox {

/// A copy that a NIC refuses is lost on that port only. updelay is skipped for one port a pass, whatever the others do:
/// so Linux 6.1 was observed to do, and a port that is used too soon costs nothing where the others carry the same.
class Broadcast {
 public:
  void handle(const PolicyEvent& event, const BondFacts& facts, Tick, ActionList& actions) {
    trunk_.handle(event, facts, actions);
  }
  ForwardingPlan plan(const BondFacts& facts) const;
  std::optional<Tick> next_deadline() const noexcept { return std::nullopt; }
  std::optional<PortId> active() const noexcept { return std::nullopt; }
  bool skip_updelay(const BondFacts&) const noexcept { return true; }
  template <class A>
  void archive(A& a) {
    a(trunk_);
  }

 private:
  Trunk trunk_;
};
static_assert(Policy<Broadcast>);

}  // namespace bondbox

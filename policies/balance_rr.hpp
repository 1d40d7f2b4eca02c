// Mode 0, balance-rr: one frame after another, each on the next port.
#pragma once

#include <optional>

#include "policies/group_rejoiner.hpp"
#include "policies/policy.hpp"
#include "policies/trunk.hpp"

namespace bondbox {

/// Options packets_per_slave, resend_igmp, queue_id. updelay is always waited for.
class BalanceRr {
 public:
  void handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions);
  ForwardingPlan plan(const BondFacts& facts) const;
  std::optional<Tick> next_deadline() const noexcept { return rejoiner_.next_deadline(); }
  std::optional<PortId> active() const noexcept { return std::nullopt; }
  bool skip_updelay(const BondFacts&) const noexcept { return false; }
  template <class A>
  void archive(A& a) {
    a(trunk_, rejoiner_);
  }

 private:
  Trunk trunk_;
  GroupRejoiner rejoiner_;
};
static_assert(Policy<BalanceRr>);

}  // namespace bondbox

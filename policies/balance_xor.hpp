// Mode 2, balance-xor: a hash of the frame says on which port it leaves.
#pragma once

#include <optional>

#include "policies/policy.hpp"
#include "policies/trunk.hpp"

namespace bondbox {

/// Options xmit_hash_policy, xmit_hash_resilient, queue_id. updelay is skipped for one port a pass while none is up.
class BalanceXor {
 public:
  void handle(const PolicyEvent& event, const BondFacts& facts, Tick, ActionList& actions) {
    trunk_.handle(event, facts, actions);
  }
  ForwardingPlan plan(const BondFacts& facts) const;
  std::optional<Tick> next_deadline() const noexcept { return std::nullopt; }
  std::optional<PortId> active() const noexcept { return std::nullopt; }
  bool skip_updelay(const BondFacts& facts) const noexcept { return !any_port_up(facts); }
  template <class A>
  void archive(A& a) {
    a(trunk_);
  }

 private:
  Trunk trunk_;
};
static_assert(Policy<BalanceXor>);

}  // namespace bondbox

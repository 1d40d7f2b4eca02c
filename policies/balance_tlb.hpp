// Mode 5, balance-tlb: what is sent is spread over all ports, what is received comes in by the active one.
#pragma once

#include "policies/balanced_ports.hpp"

namespace bondbox {

/// Reference: ../ARCHITECTURE.md "Modes 5 and 6"; options primary, primary_reselect, prio, active_slave,
/// tlb_dynamic_lb, rebalance, xmit_hash_policy, lp_interval, all_slaves_active, resend_igmp.
class BalanceTlb {
 public:
  void handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions);
  ForwardingPlan plan(const BondFacts& facts) const;
  std::optional<Tick> next_deadline() const noexcept { return ports_.next_deadline(); }
  std::optional<PortId> active() const noexcept { return ports_.active(); }
  bool skip_updelay(const BondFacts& facts) const noexcept { return !any_port_up(facts); }
  BalanceStatus balance(const BondFacts&) const { return ports_.status(); }
  template <class A>
  void archive(A& a) {
    a(ports_);
  }

 private:
  BalancedPorts ports_;
};
static_assert(Policy<BalanceTlb>);

}  // namespace bondbox

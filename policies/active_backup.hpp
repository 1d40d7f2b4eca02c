// Mode 1, active-backup: one port carries everything, the others wait.
#pragma once

#include <optional>

#include "policies/active_port.hpp"
#include "policies/group_rejoiner.hpp"
#include "policies/peer_notifier.hpp"
#include "policies/policy.hpp"

namespace bondbox {

/// Reference: ../ARCHITECTURE.md "Mode 1"; options primary, primary_reselect, prio, active_slave, fail_over_mac,
/// num_grat_arp, peer_notif_delay, all_slaves_active, resend_igmp. ActivePort says when the active port is chosen anew.
class ActiveBackup {
 public:
  void handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions);
  ForwardingPlan plan(const BondFacts& facts) const;
  std::optional<Tick> next_deadline() const noexcept { return rejoiner_.next_deadline(); }
  std::optional<PortId> active() const noexcept { return active_.current(); }
  bool skip_updelay(const BondFacts&) const noexcept { return !active_.current(); }
  template <class A>
  void archive(A& a) {
    a(active_, notifier_, rejoiner_);
  }

 private:
  void follow(const ActivePort::Change& change, bool in_scheduled_pass, const BondFacts& facts, Tick now,
              ActionList& actions);
  void move_mac(std::optional<PortId> previous, PortId next, const BondFacts& facts, ActionList& actions) const;

  ActivePort active_;
  PeerNotifier notifier_;
  GroupRejoiner rejoiner_;
};
static_assert(Policy<ActiveBackup>);

}  // namespace bondbox

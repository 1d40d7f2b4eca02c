// Mode 1, active-backup: one port carries everything, the others wait.
#pragma once

#include <optional>

#include "policies/peer_notifier.hpp"
#include "policies/policy.hpp"

namespace bondbox {

/// Reference: ../ARCHITECTURE.md "Mode 1"; options primary, primary_reselect, prio, active_slave, fail_over_mac,
/// num_grat_arp, peer_notif_delay, all_slaves_active.
///
/// The active port is chosen anew when it goes down, when a port comes up that is the primary, has a higher priority or
/// finds nothing active, when a port is added or removed, and when an option that decides it is written. A port whose
/// link is going down (downdelay) stays active until it is down.
class ActiveBackup {
 public:
  void handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions);
  ForwardingPlan plan(const BondFacts& facts) const;
  std::optional<Tick> next_deadline() const noexcept { return std::nullopt; }
  std::optional<PortId> active() const noexcept { return active_; }
  bool skip_updelay(const BondFacts&) const noexcept { return !active_; }

 private:
  void on(const PortAdded& event, const BondFacts& facts, ActionList& actions);
  void on(const PortRemoved& event, const BondFacts& facts, ActionList& actions);
  void on(const LinkChanged& event, const BondFacts& facts, ActionList& actions);
  void on(const MonitorPass& event, const BondFacts& facts, ActionList& actions);
  void on(const Reconfigured& event, const BondFacts& facts, ActionList& actions);
  void on(const ActivateRequested& event, const BondFacts& facts, ActionList& actions);
  void on(const FramePunted&, const BondFacts&, ActionList&) {}
  void on(const TimerDue&, const BondFacts&, ActionList&) {}

  void select(const BondFacts& facts, bool in_scheduled_pass, ActionList& actions);
  void change_active(std::optional<PortId> next, const BondFacts& facts, bool in_scheduled_pass, ActionList& actions);
  void move_mac(std::optional<PortId> previous, PortId next, const BondFacts& facts, ActionList& actions) const;

  std::optional<PortId> active_;
  bool reselect_ = false;       ///< a link change asks for a selection at the end of the pass
  bool force_primary_ = false;  ///< primary was written or has just become a port: it wins once
  PeerNotifier notifier_;
};
static_assert(Policy<ActiveBackup>);

}  // namespace bondbox

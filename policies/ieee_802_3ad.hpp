// Mode 4, IEEE 802.3ad: link aggregation by LACP (IEEE 802.1AX-2014 clause 6). The machines and their state are in
// policies/lacp/; here they are driven by what happens to the bond, and their outcome becomes the plan.
#pragma once

#include <array>
#include <optional>

#include "policies/lacp/selection.hpp"
#include "policies/lacp/status.hpp"
#include "policies/lacp/story.hpp"
#include "policies/lacp/system.hpp"
#include "policies/policy.hpp"

namespace bondbox {

/// The machines run while the bond is up, once in 100 ms from the moment it was set up. A received LACPDU is recorded
/// at once and acted upon in the next tick.
class Ieee8023ad {
 public:
  void handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions);
  ForwardingPlan plan(const BondFacts& facts) const;
  std::optional<Tick> next_deadline() const noexcept { return next_tick_; }
  std::optional<PortId> active() const noexcept { return std::nullopt; }
  /// Nothing else carries: no port is usable.
  bool skip_updelay(const BondFacts& facts) const;

  LacpStatus lacp(const BondFacts& facts) const;

  /// Nobody has read or sent anything for so long, since this was kept. A partner that has given us up meanwhile finds
  /// the port's machines at their beginning; another one finds them as they were.
  void slept(Ticks gap) noexcept;
  /// Whether all its ports are among these; for what was read.
  bool speaks_of(const PortList& ports) const noexcept;
  template <class A>
  void archive(A& a) {
    a(system_, told_, next_tick_);
  }

 private:
  void follow(const BondFacts& facts, ActionList& actions);
  void take_system(const BondFacts& facts);
  void follow_port(const PortFacts& facts, const BondOptions& options, bool& link_changed, ActionList& actions);
  void follow_clock(const BondFacts& facts, Tick now);
  void leave(PortId id, const BondFacts& facts, ActionList& actions) const;
  void remove(PortId id, const BondFacts& facts, ActionList& actions);
  void receive(const FramePunted& event, const BondFacts& facts, Tick now, ActionList& actions);
  void receive_lacpdu(lacp::Port& port, const wire::LacpduView& pdu, Tick now, ActionList& actions);
  void tick(const BondFacts& facts, ActionList& actions);
  void tick(lacp::Port& port, const BondFacts& facts, ActionList& actions);
  void reselect(const BondFacts& facts, ActionList& actions);
  void tell_changes(const lacp::Port& port, ActionList& actions);
  void tell_active(std::optional<std::uint8_t> before, ActionList& actions) const;
  bool carries(const lacp::Port& port) const noexcept;
  bool has_carrier(const BondFacts& facts) const;

  lacp::System system_;
  /// What the log was last told of each port. Told by the tick, whoever changed it: partners that take turns, even by
  /// forged frames, make no more than a few lines a tick.
  std::array<lacp::Glimpse, max_ports> told_{};
  std::optional<Tick> next_tick_;
};

}  // namespace bondbox

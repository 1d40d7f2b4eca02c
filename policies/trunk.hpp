// What modes 0, 2 and 3 have in common: every port that is up carries traffic, and every port delivers.
#pragma once

#include <optional>

#include "policies/active_port.hpp"
#include "policies/policy.hpp"

namespace bondbox {

/// The kernel driver keeps an active port in these modes too, though it shows none: IGMP leaves by it in mode 0, and a
/// port that is going back is up at once when it becomes the active one because the last port with link went down
/// (observed on Linux 6.1).
class Trunk {
 public:
  /// To be told of every event; says when another port is active from now on.
  std::optional<ActivePort::Change> handle(const PolicyEvent& event, const BondFacts& facts, ActionList& actions);

  std::optional<PortId> active() const noexcept { return active_.current(); }
  template <class A>
  void archive(A& a) {
    a(active_);
  }

 private:
  ActivePort active_;
};

/// The ports that are exactly up, in order: the kernel driver sends on no other. When the NIC knows sooner than the
/// monitor that its link is gone, a refused frame leaves on the next of them.
PortList ports_up(const BondFacts& facts) noexcept;

/// Carrier, what the ports deliver and, with `queues`, their queues; nothing about sending.
ForwardingPlan trunk_plan(const BondFacts& facts, bool queues);

}  // namespace bondbox

// The one port that a bond calls active (modes 1, 5 and 6), or keeps without showing it (modes 0, 2 and 3): when it is
// chosen anew.
#pragma once

#include <optional>

#include "policies/policy.hpp"
#include "policies/selection.hpp"

namespace bondbox {

/// Chosen anew when the active port goes down, when a port comes up that is the primary, has a higher priority or finds
/// nothing active, when a port is added or removed, and when an option that decides it is written. A port whose link is
/// going down (downdelay) stays active until it is down. Link changes are gathered: the choice is made at the end of
/// the monitor's pass. What only revert_delay holds up is looked at again with each pass while the active port is up.
/// Where no port is shown as active, one that joins is taken only if there is none and it is up, and nothing is said
/// about it.
class ActivePort {
 public:
  struct Change {
    std::optional<PortId> from;
    std::optional<PortId> to;
  };

  std::optional<PortId> current() const noexcept { return current_; }
  bool is(PortId port) const noexcept { return current_ == port; }

  /// To be told of every event; says when another port is active from now on.
  std::optional<Change> handle(const PolicyEvent& event, const BondFacts& facts);
  template <class A>
  void archive(A& a) {
    a(current_, reselect_, force_primary_, reverts_);
  }

 private:
  std::optional<Change> note_added(PortId port, const BondFacts& facts);
  void note_link(const LinkChanged& event, const BondFacts& facts);
  std::optional<Change> select(const BondFacts& facts, Revert revert = Revert::as_delayed);
  std::optional<Change> move_to(std::optional<PortId> next);

  std::optional<PortId> current_;
  bool reselect_ = false;       ///< a link change asks for a selection at the end of the pass
  bool force_primary_ = false;  ///< primary was written or has just become a port: it wins once
  bool reverts_ = false;        ///< a better port waits for revert_delay
};

/// Carrier of a bond in every mode but 4: a port is exactly up (observed kernel behaviour).
bool any_port_up(const BondFacts& facts) noexcept;

}  // namespace bondbox

// Which port of a balancing bond (modes 5 and 6) carries which MAC address: each has one of its own, and the active
// port carries the bond's (reference: the kernel driver, observed live).
#pragma once

#include <array>
#include <optional>

#include "policies/policy.hpp"

namespace bondbox {

/// Whether it is the bond's address or a port's.
bool is_ours(const MacAddress& mac, const BondFacts& facts) noexcept;

/// What somebody must hear of when addresses have moved.
struct MacNews {
  FixedVector<PortId, 2> moved;        ///< ports that can send and have another address now
  std::optional<MacAddress> deaf_mac;  ///< an address that a port has got that hears nothing
};

/// Moves addresses by SetPortMac, and knows where they are after what it has asked for.
class PortMacs {
 public:
  /// Before anything else is asked in a step: the addresses as the facts have them.
  void note(const BondFacts& facts);

  /// A new port keeps the address that it came with, unless the bond or another port uses that: then it gets one that a
  /// port of the bond has brought along and nobody carries.
  void attach(PortId port, const BondFacts& facts, ActionList& actions);
  /// A port has left, and with it the address that it came with, except the bond's: a port that carries that gets what
  /// the one that left was carrying.
  MacNews detach(PortId port, const BondFacts& facts, ActionList& actions);
  /// The new active port and the one that carries the bond's address swap.
  MacNews activate(std::optional<PortId> previous, PortId next, const BondFacts& facts, ActionList& actions);
  /// Somebody gave the bond another address: the active port gets it, by swapping if another port carries it.
  MacNews follow_bond(PortId active, const BondFacts& facts, ActionList& actions);

  const MacAddress& of(PortId port) const noexcept { return known_[port.index].now; }
  template <class A>
  void archive(A& a) {
    a(known_);
  }

 private:
  struct Known {
    MacAddress now;
    MacAddress home;  ///< with which the port came
    template <class A>
    void archive(A& a) {
      a(now, home);
    }
  };

  const PortFacts* carrier_of(const MacAddress& mac, const BondFacts& facts,
                              std::optional<PortId> but = {}) const noexcept;
  const PortFacts* owner_of_spare(PortId port, const BondFacts& facts) const noexcept;
  void set(PortId port, const MacAddress& mac, ActionList& actions);
  void swap(PortId one, PortId other, ActionList& actions);

  std::array<Known, max_ports> known_{};
};

}  // namespace bondbox

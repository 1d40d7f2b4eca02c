// What modes 5 and 6 have in common: an active port, ports with addresses of their own, buckets, learning frames.
#pragma once

#include <cstdint>
#include <optional>

#include "policies/active_port.hpp"
#include "policies/balance_status.hpp"
#include "policies/group_rejoiner.hpp"
#include "policies/learning.hpp"
#include "policies/load_balancer.hpp"
#include "policies/policy.hpp"
#include "policies/port_macs.hpp"

namespace bondbox {

/// Keeps the driver's clock of a tenth of a second, by which learning frames, rebalancing and what mode 6 adds are
/// counted.
class BalancedPorts {
 public:
  /// What an event has led to, beside the actions that were asked for.
  struct Step {
    std::optional<ActivePort::Change> change;
    FixedVector<MacNews, 2> macs;  ///< in the order in which addresses moved
    bool tick = false;             ///< a tenth of a second is over, and bond0 is up
  };

  Step handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions);
  /// To be called when everything has been asked for: frames leave as there is room for them.
  void speak(const BondFacts& facts, ActionList& actions) { lessons_.give(facts, actions); }

  /// `inactive`: what a port that is not active delivers.
  ForwardingPlan plan(const BondFacts& facts, BucketKey key, Deliver inactive) const;
  std::optional<Tick> next_deadline() const noexcept;
  std::optional<PortId> active() const noexcept { return active_.current(); }
  BalanceStatus status() const;

  const PortMacs& macs() const noexcept { return macs_; }
  /// The switch behind `port` is to learn that `mac` is there.
  void teach(PortId port, const MacAddress& mac) { lessons_.add(port, mac); }
  template <class A>
  void archive(A& a) {
    a(active_, macs_, load_, lessons_, rejoiner_, next_tick_, now_, lesson_ticks_);
  }

 private:
  void follow(const ActivePort::Change& change, const BondFacts& facts, Tick now, ActionList& actions, Step& step);
  void note_macs(const MacNews& news, Step& step);
  bool take_tick(const BondFacts& facts, Tick now);
  void teach_all(const BondFacts& facts);

  ActivePort active_;
  PortMacs macs_;
  LoadBalancer load_;
  Lessons lessons_;
  GroupRejoiner rejoiner_;
  std::optional<Tick> next_tick_;  ///< none: there is no port
  Tick now_{};
  std::uint64_t lesson_ticks_ = 0;  ///< since every port was taught
};

/// Ports that can send, in order of enslaving.
PortList sending_ports(const BondFacts& facts);

}  // namespace bondbox

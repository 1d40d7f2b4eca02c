// When gratuitous ARP and unsolicited neighbour advertisements are repeated after a failover.
#pragma once

#include <cstdint>

#include "policies/policy.hpp"

namespace bondbox {

/// Counts down num_grat_arp announcements, peer_notif_delay apart, in passes of the link monitor.
///
/// Observed on the kernel driver (miimon 100, num_grat_arp 3, peer_notif_delay 300): after a failover that the monitor
/// found, announcements follow it by 0, 2 and 5 passes; after active_slave was written, by 0, 3 and 6 passes.
/// Where the kernel would count an announcement without sending it (no carrier yet), this one waits instead.
class PeerNotifier {
 public:
  /// A new active port carries traffic: announce now, then repeat. Told whether a scheduled pass found it.
  void start(const BondFacts& facts, bool in_scheduled_pass, ActionList& actions);
  /// A scheduled pass of the link monitor ended. `can_send`: bond0 is up, with carrier and an active port.
  void pass(const BondFacts& facts, bool can_send, ActionList& actions);
  void stop() noexcept { left_ = 0; }

  std::uint32_t left() const noexcept { return left_; }
  template <class A>
  void archive(A& a) {
    a(left_, passes_to_wait_);
  }

 private:
  static std::uint32_t passes_between(const BondOptions& options) noexcept;

  std::uint32_t left_ = 0;            ///< announcements still to be sent
  std::uint32_t passes_to_wait_ = 0;  ///< before the next of them
};

}  // namespace bondbox

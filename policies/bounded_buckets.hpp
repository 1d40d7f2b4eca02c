// The 256 buckets as bondbox spreads them (rebalance=bounded): all are given away from the start, and only so many move
// as a port that dies, a port that comes back or a clear imbalance asks for.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>

#include "policies/balance_status.hpp"
#include "policies/bucket_moves.hpp"
#include "policies/policy.hpp"

namespace bondbox {

class BoundedBuckets {
 public:
  /// Counts from `before` on.
  explicit BoundedBuckets(const BucketTraffic& before) : counted_(before.bytes), rest_counted_(before.other) {
    ports_.fill(no_port);
  }

  /// After every event: ports that can send now get their share, those that are down lose theirs. A port that is going
  /// down keeps its buckets; whoever reads ports() sees to it that nothing is sent there meanwhile. `active` counts as
  /// up even if its updelay is just being cut short.
  void follow_ports(const BondFacts& facts, std::optional<PortId> active);
  /// After follow_ports(), for a port that has left: its PortId may be another port's soon.
  void forget_port(PortId port) noexcept { this_round_[port.index] = last_round_[port.index] = 0; }
  /// Every ten seconds: rebalance_buckets().
  void round(const BondFacts& facts, std::optional<PortId> active);

  const BucketPorts& ports() const noexcept { return ports_; }
  void add_status(BalanceStatus& status) const noexcept;
  template <class A>
  void archive(A& a) {
    for (PortId& port : ports_) a.port_or(port, no_port);
    auto known = static_cast<std::uint32_t>(known_.to_ulong());
    a(known);
    known_ = known & 0xffff;
    a(loads_, counted_, rest_load_, rest_counted_, this_round_, last_round_, moved_);
  }

 private:
  void count_load(const BondFacts& facts) noexcept;
  Lanes lanes(const BondFacts& facts, std::optional<PortId> active) const;

  BucketPorts ports_;
  std::bitset<max_ports> known_;  ///< ports that buckets have been given to
  /// Bytes, halved each round: what counts is the recent past (Open vSwitch's weighting).
  BucketLoads loads_{};
  std::array<std::uint64_t, bucket_count> counted_;  ///< of the traffic
  std::uint64_t rest_load_ = 0;                      ///< as loads_, of what has no bucket and leaves on the active port
  std::uint64_t rest_counted_;
  std::array<std::uint64_t, max_ports> this_round_{};  ///< bytes
  std::array<std::uint64_t, max_ports> last_round_{};  ///< bytes a second
  std::uint64_t moved_ = 0;
};

}  // namespace bondbox

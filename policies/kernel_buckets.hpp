// The 256 buckets as the kernel driver spreads them (rebalance=kernel): each is given away with its first frame, and
// every ten seconds all are taken back.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "policies/balance_status.hpp"
#include "policies/bucket_moves.hpp"
#include "policies/policy.hpp"

namespace bondbox {

/// Exactly the driver, its 32-bit sums included. As nothing is known of any load at first, every bucket of the first
/// round goes to the first port.
class KernelBuckets {
 public:
  /// Counts from `before` on.
  explicit KernelBuckets(const BucketTraffic& before) : counted_from_(before.bytes), rest_counted_from_(before.other) {
    ports_.fill(no_port);
  }

  /// A port went down: its buckets have no port until their next frame.
  void clear_port(PortId port) noexcept;
  /// A port has left, and its PortId may be another port's soon.
  void forget_port(PortId port) noexcept {
    clear_port(port);
    last_round_[port.index] = 0;
  }
  /// As clear_port(); what the buckets have carried becomes their history first (an active port that changes).
  void save_port(PortId port, const BondFacts& facts) noexcept;
  /// Takes every bucket back. What left without a bucket counts as the active port's load.
  void round(const BondFacts& facts, std::optional<PortId> active) noexcept;
  /// In the order in which the frames came.
  void want(std::span<const std::uint8_t> buckets, const BondFacts& facts) noexcept;

  const BucketPorts& ports() const noexcept { return ports_; }
  void add_status(BalanceStatus& status) const noexcept;
  template <class A>
  void archive(A& a) {
    for (PortId& port : ports_) a.port_or(port, no_port);
    a(counted_from_, rest_counted_from_, history_, load_, last_round_);
  }

 private:
  void end_bucket(std::size_t bucket, const BondFacts& facts) noexcept;

  BucketPorts ports_;
  std::array<std::uint64_t, bucket_count> counted_from_;  ///< traffic when the bucket's history was last written
  std::uint64_t rest_counted_from_;
  std::array<std::uint32_t, bucket_count> history_{};  ///< bytes a second, plus 1
  std::array<std::uint32_t, max_ports> load_{};        ///< of the buckets given to each port, as their histories say
  std::array<std::uint64_t, max_ports> last_round_{};  ///< bytes a second
};

}  // namespace bondbox

// How modes 5 and 6 spread what they send over their ports: 256 buckets, rebalanced every ten seconds.
#pragma once

#include <optional>
#include <variant>

#include "policies/balance_status.hpp"
#include "policies/bounded_buckets.hpp"
#include "policies/kernel_buckets.hpp"
#include "policies/policy.hpp"

namespace bondbox {

/// Spreads by the option rebalance, and begins anew where that is written.
class LoadBalancer {
 public:
  /// To be told of every event, after the active port has been chosen.
  void handle(const PolicyEvent& event, const BondFacts& facts, std::optional<PortId> active);
  /// The active port changed, and both ports their addresses.
  void note_active_change(std::optional<PortId> from, PortId to, const BondFacts& facts);
  /// A tenth of a second has passed.
  void tick(const BondFacts& facts, std::optional<PortId> active);

  /// Writes bucket_port for the ports in `plan.transmit.usable`.
  void fill(ForwardingPlan& plan) const;
  void add_status(BalanceStatus& status) const noexcept;
  template <class A>
  void archive(A& a) {
    bool bounded = std::holds_alternative<BoundedBuckets>(buckets_);
    a(bounded);
    if (a.reads() || a.describes()) buckets_ = BoundedBuckets(no_bucket_traffic);
    if (bounded || a.describes()) a(std::get<BoundedBuckets>(buckets_));
    if (a.describes() || (a.reads() && !bounded)) buckets_ = KernelBuckets(no_bucket_traffic);
    if (!bounded || a.describes()) a(std::get<KernelBuckets>(buckets_));
    a(started_, ticks_, rounds_);
  }

 private:
  std::variant<BoundedBuckets, KernelBuckets> buckets_{BoundedBuckets(no_bucket_traffic)};
  bool started_ = false;
  std::uint32_t ticks_ = 0;  ///< since the last round
  std::uint64_t rounds_ = 0;
};

}  // namespace bondbox

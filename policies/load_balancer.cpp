#include "policies/load_balancer.hpp"

#include <algorithm>

namespace bondbox {
namespace {

constexpr std::uint32_t ticks_per_round = 100;

}  // namespace

void LoadBalancer::handle(const PolicyEvent& event, const BondFacts& facts, std::optional<PortId> active) {
  const bool as_kernel = facts.options.rebalance == Rebalance::kernel;
  if (!started_ || as_kernel != std::holds_alternative<KernelBuckets>(buckets_)) {
    started_ = true;
    if (as_kernel)
      buckets_.emplace<KernelBuckets>(*facts.traffic);
    else
      buckets_.emplace<BoundedBuckets>(*facts.traffic);
  }
  const auto* const removed = std::get_if<PortRemoved>(&event);
  auto* const kernel = std::get_if<KernelBuckets>(&buckets_);
  if (kernel == nullptr) {
    auto& bounded = std::get<BoundedBuckets>(buckets_);
    bounded.follow_ports(facts, active);
    if (removed != nullptr) bounded.forget_port(removed->port);
    return;
  }
  if (const auto* wanted = std::get_if<BucketsWanted>(&event)) {
    kernel->want(wanted->buckets, facts);
  } else if (const auto* link = std::get_if<LinkChanged>(&event)) {
    if (link->to != LinkState::up) kernel->clear_port(link->port);
    if (link->to == LinkState::up) ticks_ = ticks_per_round;  // the driver rebalances with its next tick
  } else if (removed != nullptr) {
    kernel->forget_port(removed->port);
  } else if (std::holds_alternative<PortAdded>(event)) {
    ticks_ = ticks_per_round;
  }
}

void LoadBalancer::note_active_change(std::optional<PortId> from, PortId to, const BondFacts& facts) {
  auto* const kernel = std::get_if<KernelBuckets>(&buckets_);
  if (kernel == nullptr) return;
  if (from) kernel->save_port(*from, facts);
  kernel->save_port(to, facts);
  // A port that was going back is up at once, which is told by nothing else.
  const PortFacts* const next = facts.find(to);
  if (next != nullptr && next->link == LinkState::back) ticks_ = ticks_per_round;
}

void LoadBalancer::tick(const BondFacts& facts, std::optional<PortId> active) {
  if (++ticks_ < ticks_per_round) return;
  ticks_ = 0;
  ++rounds_;
  std::visit([&](auto& buckets) { buckets.round(facts, active); }, buckets_);
}

void LoadBalancer::fill(ForwardingPlan& plan) const {
  const PortList& usable = plan.transmit.usable;
  const bool asks = std::holds_alternative<KernelBuckets>(buckets_);
  const BucketPorts& ports =
      std::visit([](const auto& buckets) -> const BucketPorts& { return buckets.ports(); }, buckets_);
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    const PortId port = ports[bucket];
    const bool can_send = std::find(usable.begin(), usable.end(), port) != usable.end();
    const bool is_asked_for = asks && port == no_port;
    plan.transmit.bucket_port[bucket] =
        can_send || is_asked_for || usable.empty() ? port : usable[bucket % usable.size()];
  }
}

void LoadBalancer::add_status(BalanceStatus& status) const noexcept {
  status.rounds = rounds_;
  std::visit([&status](const auto& buckets) { buckets.add_status(status); }, buckets_);
}

}  // namespace bondbox

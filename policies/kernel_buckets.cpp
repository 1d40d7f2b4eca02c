#include "policies/kernel_buckets.hpp"

namespace bondbox {
namespace {

constexpr std::uint64_t round_seconds = 10;
constexpr std::uint32_t unknown_speed = 0xffffffff;

/// What a port could still take. The shifts lose their upper bits in the driver too.
std::int64_t gap(const PortFacts& port, std::uint32_t load) noexcept {
  const std::uint32_t speed = port.speed_mbps != 0 ? port.speed_mbps : unknown_speed;
  return std::int64_t{speed << 20} - std::int64_t{load << 3};
}

}  // namespace

void KernelBuckets::clear_port(PortId port) noexcept {
  for (PortId& owner : ports_)
    if (owner == port) owner = no_port;
  load_[port.index] = 0;
}

void KernelBuckets::end_bucket(std::size_t bucket, const BondFacts& facts) noexcept {
  const std::uint64_t bytes = facts.traffic->bytes[bucket] - counted_from_[bucket];
  counted_from_[bucket] = facts.traffic->bytes[bucket];
  history_[bucket] = static_cast<std::uint32_t>(1 + static_cast<std::uint32_t>(bytes) / round_seconds);
  last_round_[ports_[bucket].index] += bytes / round_seconds;
  ports_[bucket] = no_port;
}

void KernelBuckets::save_port(PortId port, const BondFacts& facts) noexcept {
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket)
    if (ports_[bucket] == port) end_bucket(bucket, facts);
  load_[port.index] = 0;
}

void KernelBuckets::round(const BondFacts& facts, std::optional<PortId> active) noexcept {
  last_round_.fill(0);
  for (const PortFacts& port : facts.ports) save_port(port.id, facts);
  if (!active) return;
  const std::uint64_t rest = facts.traffic->other - rest_counted_from_;
  rest_counted_from_ = facts.traffic->other;
  load_[active->index] = static_cast<std::uint32_t>(static_cast<std::uint32_t>(rest) / round_seconds);
  last_round_[active->index] += rest / round_seconds;
}

void KernelBuckets::want(std::span<const std::uint8_t> buckets, const BondFacts& facts) noexcept {
  for (const std::uint8_t bucket : buckets) {
    if (ports_[bucket] != no_port) continue;
    const PortFacts* best = nullptr;
    for (const PortFacts& port : facts.ports) {
      if (port.link != LinkState::up) continue;
      if (best == nullptr || gap(port, load_[port.id.index]) > gap(*best, load_[best->id.index])) best = &port;
    }
    if (best == nullptr) return;
    ports_[bucket] = best->id;
    load_[best->id.index] += history_[bucket];
  }
}

void KernelBuckets::add_status(BalanceStatus& status) const noexcept {
  for (const PortId port : ports_)
    if (port != no_port) ++status.buckets[port.index];
  status.load_bytes_per_s = last_round_;
}

}  // namespace bondbox

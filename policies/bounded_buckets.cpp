#include "policies/bounded_buckets.hpp"

#include <algorithm>

namespace bondbox {
namespace {

constexpr std::uint64_t round_seconds = 10;

bool can_carry(const PortFacts& port, std::optional<PortId> active) noexcept {
  return port.link == LinkState::up || (port.link == LinkState::back && port.id == active);
}

}  // namespace

/// Ports that can send and have been given buckets. Speeds count where every port knows its own.
Lanes BoundedBuckets::lanes(const BondFacts& facts, std::optional<PortId> active) const {
  Lanes list;
  bool all_known = true;
  for (const PortFacts& port : facts.ports) {
    if (!known_.test(port.id.index) || !can_carry(port, active)) continue;
    all_known = all_known && port.speed_mbps != 0;
    list.push_back({port.id, port.speed_mbps, port.id == active ? rest_load_ : 0});
  }
  if (!all_known)
    for (Lane& lane : list) lane.weight = 1;
  return list;
}

void BoundedBuckets::count_load(const BondFacts& facts) noexcept {
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    const std::uint64_t bytes = facts.traffic->bytes[bucket] - counted_[bucket];
    counted_[bucket] = facts.traffic->bytes[bucket];
    loads_[bucket] += bytes;
    if (ports_[bucket] != no_port) this_round_[ports_[bucket].index] += bytes;
  }
}

void BoundedBuckets::follow_ports(const BondFacts& facts, std::optional<PortId> active) {
  std::bitset<max_ports> kept;
  std::bitset<max_ports> new_ones;
  for (const PortFacts& port : facts.ports) {
    const bool known = known_.test(port.id.index);
    if (known && (can_carry(port, active) || port.link == LinkState::fail)) kept.set(port.id.index);
    if (!known && can_carry(port, active)) new_ones.set(port.id.index);
  }
  if (kept == known_ && new_ones.none()) return;
  count_load(facts);
  known_ = kept;
  for (PortId& owner : ports_)
    if (owner != no_port && !known_.test(owner.index)) owner = no_port;
  deal_buckets(lanes(facts, active), loads_, ports_);
  for (const PortFacts& port : facts.ports) {
    if (!new_ones.test(port.id.index)) continue;
    known_.set(port.id.index);
    const Lanes all = lanes(facts, active);
    deal_buckets(all, loads_, ports_);
    give_share(port.id, all, ports_);
  }
}

void BoundedBuckets::round(const BondFacts& facts, std::optional<PortId> active) {
  count_load(facts);
  const std::uint64_t rest = facts.traffic->other - rest_counted_;
  rest_counted_ = facts.traffic->other;
  rest_load_ += rest;
  if (active) this_round_[active->index] += rest;
  for (std::size_t i = 0; i < max_ports; ++i) last_round_[i] = this_round_[i] / round_seconds;
  this_round_.fill(0);
  moved_ += rebalance_buckets(lanes(facts, active), loads_, ports_);
  for (std::uint64_t& load : loads_) load /= 2;
  rest_load_ /= 2;
}

void BoundedBuckets::add_status(BalanceStatus& status) const noexcept {
  for (const PortId port : ports_)
    if (port != no_port) ++status.buckets[port.index];
  status.load_bytes_per_s = last_round_;
  status.buckets_moved = moved_;
}

}  // namespace bondbox

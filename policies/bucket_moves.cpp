#include "policies/bucket_moves.hpp"

#include <algorithm>
#include <bitset>

namespace bondbox {
namespace {

constexpr std::uint64_t overload_min = 100'000;

std::size_t buckets_of(PortId port, const BucketPorts& ports) noexcept {
  return static_cast<std::size_t>(std::count(ports.begin(), ports.end(), port));
}

/// a/of_a < b/of_b, without dividing.
bool is_less(std::uint64_t a, std::uint32_t of_a, std::uint64_t b, std::uint32_t of_b) noexcept {
  return a * of_b < b * of_a;
}

std::uint8_t reversed(std::uint8_t bits) noexcept {
  std::uint8_t value = 0;
  for (int i = 0; i < 8; ++i) value = static_cast<std::uint8_t>((value << 1) | ((bits >> i) & 1));
  return value;
}

struct Loaded {
  std::uint64_t load = 0;
  std::uint8_t bucket = 0;
};
using LoadedList = FixedVector<Loaded, bucket_count>;

void sort_heaviest_first(LoadedList& list) {
  std::sort(list.begin(), list.end(),
            [](const Loaded& a, const Loaded& b) { return a.load != b.load ? a.load > b.load : a.bucket < b.bucket; });
}

/// A lane while buckets are handed around.
struct Filling {
  Lane lane;
  std::uint64_t load = 0;
  std::size_t buckets = 0;
  bool has_taken = false;  ///< in this round
};
using Fillings = FixedVector<Filling, max_ports>;

Fillings fillings_of(const Lanes& lanes, const BucketLoads& loads, const BucketPorts& ports) {
  Fillings list;
  for (const Lane& lane : lanes)
    list.push_back({lane, lane_load(lane, loads, ports), buckets_of(lane.port, ports), false});
  return list;
}

bool carries_less(const Filling& a, const Filling& b) noexcept {
  return is_less(a.load, a.lane.weight, b.load, b.lane.weight);
}

/// The lane that a further bucket would fill least.
Filling& emptiest(Fillings& lanes, bool by_load) {
  Filling* best = &lanes[0];
  for (Filling& lane : lanes) {
    if (by_load && carries_less(lane, *best)) best = &lane;
    const bool equal = !by_load || !carries_less(*best, lane);
    if (equal && is_less(lane.buckets + 1, lane.lane.weight, best->buckets + 1, best->lane.weight)) best = &lane;
  }
  return *best;
}

std::uint64_t distance(std::uint64_t a, std::uint64_t b) noexcept {
  return a > b ? a - b : b - a;
}

/// What `from` must give to `to` for both to be filled alike; `from` is filled more.
std::uint64_t ideal_move(const Filling& from, const Filling& to) noexcept {
  const std::uint64_t weight = std::uint64_t{from.lane.weight} + to.lane.weight;
  return (from.load * to.lane.weight - to.load * from.lane.weight) / weight;
}

std::uint64_t sum_of(const LoadedList& list) noexcept {
  std::uint64_t sum = 0;
  for (const Loaded& one : list) sum += one.load;
  return sum;
}

/// The one bucket that comes nearest to `ideal`; none without any.
LoadedList nearest_bucket(const LoadedList& offered, std::uint64_t ideal) {
  LoadedList chosen;
  for (const Loaded& one : offered) {
    if (chosen.empty()) chosen.push_back(one);
    if (distance(one.load, ideal) < distance(chosen[0].load, ideal)) chosen[0] = one;
  }
  return chosen;
}

/// The heaviest buckets that together stay below `ideal`, until a tenth of it is missing.
LoadedList buckets_below(const LoadedList& offered, std::uint64_t ideal, std::size_t count_max) {
  LoadedList chosen;
  std::uint64_t sum = 0;
  for (const Loaded& one : offered) {
    if (chosen.size() == count_max || ideal - sum <= ideal / 10) break;
    if (one.load > ideal - sum) continue;
    chosen.push_back(one);
    sum += one.load;
  }
  return chosen;
}

/// Buckets whose sum is near to `ideal`: one, if that is near enough or nothing else comes nearer.
LoadedList choose_buckets(const LoadedList& offered, std::uint64_t ideal, std::size_t count_max) {
  if (count_max == 0) return {};
  const LoadedList single = nearest_bucket(offered, ideal);
  const std::uint64_t missed = distance(sum_of(single), ideal);
  if (missed <= ideal / 10) return single;
  const LoadedList several = buckets_below(offered, ideal, count_max);
  return ideal - sum_of(several) < missed ? several : single;
}

}  // namespace

std::uint64_t lane_load(const Lane& lane, const BucketLoads& loads, const BucketPorts& ports) noexcept {
  std::uint64_t sum = lane.fixed;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket)
    if (ports[bucket] == lane.port) sum += loads[bucket];
  return sum;
}

void deal_buckets(const Lanes& lanes, const BucketLoads& loads, BucketPorts& ports) {
  if (lanes.empty()) return;
  LoadedList orphans;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket)
    if (ports[bucket] == no_port) orphans.push_back({loads[bucket], static_cast<std::uint8_t>(bucket)});
  sort_heaviest_first(orphans);
  Fillings fillings = fillings_of(lanes, loads, ports);
  for (const Loaded& orphan : orphans) {
    Filling& lane = emptiest(fillings, orphan.load != 0);
    ports[orphan.bucket] = lane.lane.port;
    lane.load += orphan.load;
    ++lane.buckets;
  }
}

void give_share(PortId newcomer, const Lanes& lanes, BucketPorts& ports) {
  std::uint64_t weights = 0;
  std::uint64_t own_weight = 0;
  Fillings givers;
  for (const Lane& lane : lanes) {
    weights += lane.weight;
    if (lane.port == newcomer)
      own_weight = lane.weight;
    else
      givers.push_back({lane, 0, buckets_of(lane.port, ports), false});
  }
  if (own_weight == 0) return;
  const std::uint64_t share = (bucket_count * own_weight + weights / 2) / weights;
  for (std::uint64_t have = buckets_of(newcomer, ports); have < share; ++have) {
    Filling* giver = nullptr;
    for (Filling& lane : givers) {
      if (lane.buckets < 2) continue;
      if (giver == nullptr || is_less(giver->buckets, giver->lane.weight, lane.buckets, lane.lane.weight))
        giver = &lane;
    }
    if (giver == nullptr) return;
    for (std::size_t i = bucket_count; i-- > 0;) {
      const std::uint8_t bucket = reversed(static_cast<std::uint8_t>(i));
      if (ports[bucket] != giver->lane.port) continue;
      ports[bucket] = newcomer;
      --giver->buckets;
      break;
    }
  }
}

std::size_t rebalance_buckets(const Lanes& lanes, const BucketLoads& loads, BucketPorts& ports) {
  Fillings open = fillings_of(lanes, loads, ports);
  std::bitset<bucket_count> moved;
  while (open.size() > 1) {
    Filling* const from = std::max_element(open.begin(), open.end(), carries_less);
    Filling* const to = std::min_element(open.begin(), open.end(), carries_less);
    if (!carries_less(*to, *from)) break;
    const std::uint64_t ideal = ideal_move(*from, *to);
    if (2 * ideal < std::max(to->load / 32, overload_min)) break;

    LoadedList offered;
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
      if (ports[bucket] == from->lane.port && loads[bucket] != 0 && !moved.test(bucket))
        offered.push_back({loads[bucket], static_cast<std::uint8_t>(bucket)});
    }
    sort_heaviest_first(offered);
    const LoadedList chosen = choose_buckets(offered, ideal, from->buckets > 0 ? from->buckets - 1 : 0);
    const std::uint64_t sum = sum_of(chosen);
    const bool gains = !from->has_taken && distance(ideal, sum) <= ideal - ideal / 10 &&
                       is_less(to->load + sum, to->lane.weight, from->load, from->lane.weight);
    if (!gains) {
      // It cannot give anything of use, now or later in this round.
      open.erase_at(static_cast<std::size_t>(from - open.begin()));
      continue;
    }
    for (const Loaded& one : chosen) {
      ports[one.bucket] = to->lane.port;
      moved.set(one.bucket);
    }
    from->load -= sum;
    to->load += sum;
    from->buckets -= chosen.size();
    to->has_taken = true;
    to->buckets += chosen.size();
  }
  return moved.count();
}

}  // namespace bondbox

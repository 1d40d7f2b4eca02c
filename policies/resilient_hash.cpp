#include "policies/resilient_hash.hpp"

#include <algorithm>

namespace bondbox {
namespace {

/// The first usable port in the order of preference of a bucket. The orders are permutations in the factorial number
/// system, the first place changing fastest: so the first places, and among buckets with the same first place the
/// second ones, occur equally often up to one. Each place is counted from the last one on, or the surplus of every port
/// that fails would fall to the same few.
PortId first_preferred(std::size_t bucket, PortList remaining, const PortList& usable) noexcept {
  std::size_t place = 0;
  for (std::size_t number = bucket; !remaining.empty();) {
    place = (place + number) % remaining.size();
    number /= remaining.size();
    const PortId port = remaining[place];
    if (std::find(usable.begin(), usable.end(), port) != usable.end()) return port;
    remaining.erase_at(place);
  }
  return no_port;
}

}  // namespace

std::array<PortId, bucket_count> resilient_buckets(const PortList& ports, const PortList& usable) noexcept {
  std::array<PortId, bucket_count> table{};
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    table[bucket] = first_preferred(bucket, ports, usable);
  }
  return table;
}

}  // namespace bondbox

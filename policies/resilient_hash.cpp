#include "policies/resilient_hash.hpp"

namespace bondbox {
namespace {

using Usable = std::array<bool, max_ports>;

/// The first usable port in the order of preference of a bucket. The orders are permutations in the factorial number
/// system, the first place changing fastest: so the first places, and among buckets with the same first place the
/// second ones, occur equally often up to one. Each place is counted from the last one on, or the surplus of every port
/// that fails would fall to the same few.
PortId first_preferred(std::size_t bucket, PortList remaining, const Usable& usable) noexcept {
  std::size_t place = 0;
  for (std::size_t number = bucket; !remaining.empty();) {
    place = (place + number) % remaining.size();
    number /= remaining.size();
    const PortId port = remaining[place];
    if (usable[port.index]) return port;
    remaining.erase_at(place);
  }
  return no_port;
}

}  // namespace

std::array<PortId, bucket_count> resilient_buckets(const PortList& ports, const PortList& usable) noexcept {
  Usable is_usable{};
  for (const PortId port : usable) is_usable[port.index] = true;
  std::array<PortId, bucket_count> table{};
  for (std::size_t bucket = 0, first = 0; bucket < bucket_count; ++bucket, ++first) {
    // Most buckets go to their first choice: the table is made in every step, so this is worth a shortcut.
    if (first == ports.size()) first = 0;
    const bool shortcut = !ports.empty() && is_usable[ports[first].index];
    table[bucket] = shortcut ? ports[first] : first_preferred(bucket, ports, is_usable);
  }
  return table;
}

void spread_resiliently(TransmitRule& transmit, const PortList& ports) noexcept {
  transmit.spread = Spread::buckets;
  transmit.bucket_key = BucketKey::every_frame;
  transmit.bucket_port = resilient_buckets(ports, transmit.usable);
}

}  // namespace bondbox

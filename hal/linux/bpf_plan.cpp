#include "hal/linux/bpf_plan.hpp"

#include <algorithm>
#include <iterator>

#include "hal/wire/fast_choice.hpp"

namespace bondbox::lnx {
namespace {

void append(std::uint8_t*& end, const std::uint8_t* begin, const std::uint8_t* ports, std::uint8_t count) noexcept {
  for (std::uint8_t i = 0; i < count && i < wire::fast_ports_max; ++i)
    if (ports[i] < wire::fast_ports_max && std::find(begin, static_cast<const std::uint8_t*>(end), ports[i]) == end)
      *end++ = ports[i];
}

}  // namespace

BpfKind kind_of(const wire::FastPlan& plan) noexcept {
  BpfKind kind;
  kind.spread = plan.spread;
  kind.punts = (plan.punt & wire::fast_classes_sent) != 0;
  kind.has_igmp_port = plan.igmp_port != wire::fast_no_port;
  kind.copies_neighbours = plan.copy_neighbours != 0;
  kind.has_rest_port = plan.spread == wire::fast_hash && plan.rest_port != wire::fast_no_port;
  const bool has_buckets = plan.spread == wire::fast_buckets || kind.has_rest_port;
  if (has_buckets) kind.bucket_key = plan.bucket_key;
  const bool hashes = plan.spread == wire::fast_hash ||
                      (plan.spread == wire::fast_buckets && plan.bucket_key != wire::fast_key_destination_ip);
  if (hashes) kind.hash_policy = plan.hash_policy;
  return kind;
}

BpfPlan lay_out(const wire::FastPlan& plan, const BpfKind& kind) noexcept {
  BpfPlan laid;
  static_cast<wire::FastPlan&>(laid) = plan;
  if (plan.spread == wire::fast_nothing) laid.usable_count = 0;
  laid.kind = bpf_number_of(kind);
  std::fill(std::begin(laid.order), std::end(laid.order), wire::fast_no_port);
  std::uint8_t* end = laid.order;
  append(end, laid.order, plan.usable, plan.usable_count);
  append(end, laid.order, plan.fallback, plan.fallback_count);
  for (const std::uint8_t* port = laid.order; port != end; ++port) laid.ordered |= 1U << *port;
  return laid;
}

}  // namespace bondbox::lnx

#include "policies/choice.hpp"

#include "hal/wire/fast_choice.hpp"
#include "hal/wire/span_reader.hpp"

namespace bondbox {
namespace {

namespace fast = wire::fast;

static_assert(static_cast<int>(Spread::nothing) == wire::fast_nothing);
static_assert(static_cast<int>(Spread::single) == wire::fast_single);
static_assert(static_cast<int>(Spread::round_robin) == wire::fast_round_robin);
static_assert(static_cast<int>(Spread::hash) == wire::fast_hash);
static_assert(static_cast<int>(Spread::buckets) == wire::fast_buckets);
static_assert(static_cast<int>(Spread::copy_to_all) == wire::fast_copy_to_all);
static_assert(static_cast<int>(ChoiceReason::nowhere) == wire::fast_nowhere);
static_assert(static_cast<int>(ChoiceReason::turn) == wire::fast_by_turn);
static_assert(static_cast<int>(ChoiceReason::bucketless) == wire::fast_bucketless);
static_assert(static_cast<int>(ChoiceReason::neighbour) == wire::fast_neighbour);
static_assert(max_ports == wire::fast_ports_max && no_port.index == wire::fast_no_port);

/// A TransmitRule as the shared choice reads it (hal/wire/fast_choice.hpp).
class RuleView {
 public:
  explicit RuleView(const TransmitRule& rule) noexcept : rule_(rule) {}
  std::uint8_t spread() const noexcept { return static_cast<std::uint8_t>(rule_.spread); }
  std::uint8_t hash_policy() const noexcept { return static_cast<std::uint8_t>(rule_.hash_policy); }
  std::uint8_t bucket_key() const noexcept { return static_cast<std::uint8_t>(rule_.bucket_key); }
  std::uint8_t usable_count() const noexcept { return static_cast<std::uint8_t>(rule_.usable.size()); }
  std::uint16_t packets_per_port() const noexcept { return rule_.packets_per_port; }
  bool copies_neighbours() const noexcept { return rule_.copy_neighbours; }
  std::uint8_t usable(std::uint32_t place) const noexcept { return rule_.usable[place].index; }
  std::uint8_t bucket_port(std::uint32_t bucket) const noexcept { return rule_.bucket_port[bucket].index; }
  std::uint8_t igmp_port() const noexcept { return rule_.igmp_port.value_or(no_port).index; }
  std::uint8_t rest_port() const noexcept { return rule_.rest_port.value_or(no_port).index; }

 private:
  const TransmitRule& rule_;
};

std::optional<PortId> queue_port(const ForwardingPlan& plan, std::uint16_t queue) noexcept {
  if (queue == 0) return std::nullopt;
  for (const PortList* ports : {&plan.transmit.usable, &plan.transmit.fallback}) {
    for (const PortId port : *ports)
      if (plan.ports[port.index].queue_id == queue) return port;
  }
  return std::nullopt;
}

}  // namespace

bool is_igmp(wire::Bytes frame) noexcept {
  if (frame.size() < wire::ethernet_header_size) return false;
  const wire::SpanReader reader(frame);
  return fast::is_igmp(reader, fast::content_of(reader));
}

bool is_neighbour_discovery(wire::Bytes frame) noexcept {
  if (frame.size() < wire::ethernet_header_size) return false;
  const wire::SpanReader reader(frame);
  const fast::Content content = fast::content_of(reader);
  return content.type == wire::ethertype::ipv6 && fast::neighbour_discovery_type(reader, content) != 0;
}

Choice choose_port(const ForwardingPlan& plan, wire::Bytes frame, std::uint32_t number, std::uint16_t queue) noexcept {
  const TransmitRule& rule = plan.transmit;
  if (rule.spread == Spread::nothing || rule.usable.empty()) return {};
  if (const auto port = queue_port(plan, queue)) return {ChoiceReason::queue, port, 0, {}};
  const wire::FastChoice made =
      fast::choose(RuleView(rule), wire::SpanReader(frame), [number](bool) { return number; });
  Choice choice{static_cast<ChoiceReason>(made.reason), {}, made.hash, {}};
  if (made.port != wire::fast_no_port) choice.port = PortId{made.port};
  if (made.reason == wire::fast_by_bucket || made.reason == wire::fast_unassigned)
    choice.bucket = static_cast<std::uint8_t>(made.bucket);
  return choice;
}

}  // namespace bondbox

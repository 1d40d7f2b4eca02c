#include "policies/choice.hpp"

#include <algorithm>

#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/nd.hpp"
#include "policies/transmit_hash.hpp"

namespace bondbox {
namespace {

bool is_neighbour_frame(wire::Bytes frame) noexcept {
  const auto view = wire::EthernetView::parse(frame);
  return view && (view->ethertype() == wire::ethertype::arp || is_neighbour_discovery(frame));
}

std::optional<PortId> queue_port(const ForwardingPlan& plan, std::uint16_t queue) noexcept {
  if (queue == 0) return std::nullopt;
  for (const PortList* ports : {&plan.transmit.usable, &plan.transmit.fallback}) {
    for (const PortId port : *ports)
      if (plan.ports[port.index].queue_id == queue) return port;
  }
  return std::nullopt;
}

Choice by_bucket(const TransmitRule& rule, wire::Bytes frame) noexcept {
  const std::optional<std::uint8_t> bucket = transmit_bucket(rule.bucket_key, rule.hash_policy, frame);
  if (!bucket) return {ChoiceReason::bucketless, rule.usable[0], 0, {}};
  const PortId port = rule.bucket_port[*bucket];
  if (port == no_port) return {ChoiceReason::unassigned, {}, 0, bucket};
  return {ChoiceReason::bucket, port, 0, bucket};
}

}  // namespace

bool is_igmp(wire::Bytes frame) noexcept {
  const auto view = wire::EthernetView::parse(frame);
  return view && view->ethertype() == wire::ethertype::ipv4 &&
         view->payload().size() >= wire::Ipv4View::header_size_min && view->payload()[9] == wire::ip_protocol::igmp;
}

bool is_neighbour_discovery(wire::Bytes frame) noexcept {
  constexpr std::size_t header = wire::Ipv6View::header_size;
  const auto view = wire::EthernetView::parse(frame);
  if (!view || view->ethertype() != wire::ethertype::ipv6) return false;
  const wire::Bytes ipv6 = view->payload();
  return ipv6.size() > header && ipv6[6] == wire::ip_protocol::icmpv6 &&
         (ipv6[header] == wire::nd::solicitation || ipv6[header] == wire::nd::advertisement);
}

Choice choose_port(const ForwardingPlan& plan, wire::Bytes frame, std::uint32_t number, std::uint16_t queue) noexcept {
  const TransmitRule& rule = plan.transmit;
  if (rule.spread == Spread::nothing || rule.usable.empty()) return {};
  if (const auto port = queue_port(plan, queue)) return {ChoiceReason::queue, port, 0, {}};
  if (rule.spread == Spread::copy_to_all) return {ChoiceReason::copies, {}, 0, {}};
  if (rule.copy_neighbours && is_neighbour_frame(frame)) return {ChoiceReason::neighbour, {}, 0, {}};
  if (rule.igmp_port && is_igmp(frame)) return {ChoiceReason::igmp, rule.igmp_port, 0, {}};
  switch (rule.spread) {
    case Spread::round_robin:
      if (rule.packets_per_port == 0) return {ChoiceReason::random, rule.usable[number % rule.usable.size()], 0, {}};
      return {ChoiceReason::turn, rule.usable[(number / rule.packets_per_port) % rule.usable.size()], 0, {}};
    case Spread::hash: {
      if (rule.rest_port && !transmit_bucket(rule.bucket_key, rule.hash_policy, frame))
        return {ChoiceReason::bucketless, rule.rest_port, 0, {}};
      const std::uint32_t hash = transmit_hash(rule.hash_policy, frame);
      return {ChoiceReason::hash, rule.usable[hash % rule.usable.size()], hash, {}};
    }
    case Spread::buckets:
      return by_bucket(rule, frame);
    case Spread::copy_to_all:
    case Spread::nothing:
    case Spread::single:
      break;
  }
  return {ChoiceReason::single, rule.usable[0], 0, {}};
}

}  // namespace bondbox

#include "firmware/fast_plan.hpp"

#include <algorithm>

namespace bondbox {
namespace {

using wire::FastPlan;
using wire::FastPort;

static_assert(wire::fast_ports_max == max_ports);
static_assert(no_port.index == wire::fast_no_port);
static_assert(sizeof(FastPlan::bucket_port) == bucket_count);

std::uint8_t compile_list(const PortList& ports, std::uint8_t* to) {
  for (const PortId port : ports) *to++ = port.index;
  return static_cast<std::uint8_t>(ports.size());
}

std::uint8_t compile_port(const std::optional<PortId>& port) {
  return port ? port->index : wire::fast_no_port;
}

}  // namespace

FastPlan compile_plan(const ForwardingPlan& plan, MacAddress bond_mac) {
  const TransmitRule& rule = plan.transmit;
  FastPlan fast{};
  fast.generation = plan.generation;
  fast.spread = static_cast<std::uint8_t>(rule.spread);
  fast.hash_policy = static_cast<std::uint8_t>(rule.hash_policy);
  fast.bucket_key = static_cast<std::uint8_t>(rule.bucket_key);
  fast.punt = plan.punt;
  fast.copy_neighbours = rule.copy_neighbours ? 1 : 0;
  fast.usable_count = compile_list(rule.usable, fast.usable);
  fast.fallback_count = compile_list(rule.fallback, fast.fallback);
  fast.packets_per_port = rule.packets_per_port;
  fast.rest_port = compile_port(rule.rest_port);
  fast.igmp_port = compile_port(rule.igmp_port);
  bond_mac.store(fast.bond_mac);
  for (std::size_t i = 0; i < bucket_count; ++i) fast.bucket_port[i] = rule.bucket_port[i].index;

  // A port that cannot hear itself is spoken to through every other one.
  std::uint16_t deaf = 0;
  for (std::uint8_t i = 0; i < max_ports; ++i) {
    const bool hears = plan.ports[i].deliver != deliver_nothing ||
                       std::find(rule.usable.begin(), rule.usable.end(), PortId{i}) != rule.usable.end();
    if (plan.ports[i].own_mac && !hears) deaf = static_cast<std::uint16_t>(deaf | 1U << i);
  }
  for (std::uint8_t i = 0; i < max_ports; ++i) {
    const PortRule& port = plan.ports[i];
    FastPort& to = fast.ports[i];
    to.deliver = port.deliver;
    to.own_mask = deaf;
    if (port.source_mac) {
      to.flags |= wire::fast_has_source_mac;
      port.source_mac->store(to.source_mac);
    }
    if (port.own_mac) {
      to.flags |= wire::fast_has_own_mac;
      to.own_mask = static_cast<std::uint16_t>(to.own_mask | 1U << i);
      port.own_mac->store(to.own_mac);
    }
  }
  return fast;
}

}  // namespace bondbox

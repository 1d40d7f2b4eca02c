#include "policies/lacp/selection.hpp"

#include <algorithm>

namespace bondbox::lacp {
namespace {

using Place = std::optional<std::uint8_t>;

bool counts(const Port& port, std::uint8_t place) noexcept {
  return port.aggregator == place && port.enabled && !port.held;
}

std::uint64_t bandwidth(const System& system, std::uint8_t place) noexcept {
  std::uint64_t sum = 0;
  for (const PortId id : system.order)
    if (counts(system.at(id), place)) sum += system.at(id).speed_mbps;
  return sum;
}

std::uint64_t priorities(const System& system, std::uint8_t place) noexcept {
  std::uint64_t sum = 0;
  for (const PortId id : system.order)
    if (counts(system.at(id), place)) sum += system.at(id).actor.port_priority;
  return sum;
}

/// Whether `candidate` is to be preferred to `best`; of equals the one that came first stays.
bool is_better(const System& system, std::uint8_t candidate, std::uint8_t best, AdSelect select) noexcept {
  const Aggregator& a = system.aggregators[candidate];
  const Aggregator& b = system.aggregators[best];
  if (a.individual != b.individual) return b.individual;
  if (a.has_partner() != b.has_partner()) return a.has_partner();
  const std::size_t mine = system.ready_ports(candidate);
  const std::size_t its = system.ready_ports(best);
  if ((mine == 0) != (its == 0)) return its == 0;
  if (select == AdSelect::actor_port_prio) {
    const std::uint64_t ours = priorities(system, candidate);
    const std::uint64_t theirs = priorities(system, best);
    if (ours != theirs) return ours > theirs;
  }
  if (select == AdSelect::count && mine != its) return mine > its;
  return bandwidth(system, candidate) > bandwidth(system, best);
}

/// The active aggregator still works: with ad_select=stable nothing else takes its place.
bool is_kept(const System& system, std::uint8_t active, std::uint8_t best) noexcept {
  if (system.active_ports(active) == 0) return false;
  const Aggregator& now = system.aggregators[active];
  const Aggregator& other = system.aggregators[best];
  if (!now.has_partner() && other.has_partner()) return false;
  if (system.ready_ports(active) == 0 && system.ready_ports(best) != 0) return false;
  return now.actor_key != 0 || other.actor_key == 0;
}

void open_fallback(System& system, const SelectionRule& rule) noexcept {
  const Place active = system.active();
  if (!active || system.aggregators[*active].has_partner()) return;
  for (const PortId id : system.order) {
    Port& port = system.at(id);
    if (port.aggregator != active) continue;
    rule.fallback ? port.open() : port.close();
  }
}

void leave_aggregator(System& system, Port& port) noexcept {
  if (!port.aggregator) return;
  const std::uint8_t left = *port.aggregator;
  port.aggregator.reset();
  if (system.users(left) == 0) system.aggregators[left].clear();
}

bool suits(const Aggregator& aggregator, const Port& port) noexcept {
  return aggregator.has_partner() && !aggregator.individual && aggregator.actor_key == port.actor.key &&
         aggregator.partner_system == port.partner.system &&
         aggregator.partner_system_priority == port.partner.system_priority &&
         aggregator.partner_key == port.partner.key;
}

bool is_distributing(const System& system, std::uint8_t aggregator) noexcept {
  return std::any_of(system.order.begin(), system.order.end(),
                     [&](PortId id) { return system.at(id).aggregator == aggregator && system.at(id).distributes; });
}

void found_aggregator(Aggregator& aggregator, const Port& port) noexcept {
  aggregator.individual = !port.is_full_duplex();
  aggregator.actor_key = port.actor.key;
  aggregator.partner_key = port.partner.key;
  aggregator.partner_system = port.partner.system;
  aggregator.partner_system_priority = port.partner.system_priority;
}

}  // namespace

bool select_port(System& system, Port& port, const SelectionRule& rule) noexcept {
  if (port.selected) return false;
  leave_aggregator(system, port);
  Place free;
  for (const PortId id : system.order) {
    const bool used = system.users(id.index) != 0;
    if (!used && !free) free = id.index;
    if (!used || !suits(system.aggregators[id.index], port)) continue;
    // What carried before, under another key or without a partner, waits for this partner's word like any port.
    if (is_distributing(system, id.index)) port.close();
    port.aggregator = id.index;
    break;
  }
  if (!port.aggregator) {
    if (!free) return false;  // there are as many aggregators as ports
    found_aggregator(system.aggregators[*free], port);
    port.aggregator = free;
  }
  port.selected = true;
  select_active(system, rule);
  if (!system.of(port)->active) port.clear(lacp_state::synchronization);
  return true;
}

bool select_active(System& system, const SelectionRule& rule) noexcept {
  const Place active = system.active();
  Place best = active && system.active_ports(*active) != 0 ? active : std::nullopt;
  for (const PortId id : system.order) {
    system.aggregators[id.index].active = false;
    if (system.active_ports(id.index) == 0) continue;
    if (!best || is_better(system, id.index, *best, rule.select)) best = id.index;
  }
  if (best && active && rule.select == AdSelect::stable && is_kept(system, *active, *best)) best = active;
  if (!best) return false;

  system.aggregators[*best].active = true;
  if (best != active && active) {
    for (const PortId id : system.order)
      if (system.at(id).aggregator == active) system.at(id).close();
  }
  open_fallback(system, rule);
  return best != active;
}

}  // namespace bondbox::lacp

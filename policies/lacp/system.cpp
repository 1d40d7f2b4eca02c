#include "policies/lacp/system.hpp"

#include <algorithm>

namespace bondbox::lacp {

bool System::holds(PortId id) const noexcept {
  return std::find(order.begin(), order.end(), id) != order.end();
}

std::optional<std::uint8_t> System::active() const noexcept {
  for (const PortId id : order)
    if (aggregators[id.index].active) return id.index;
  return std::nullopt;
}

const Aggregator* System::active_aggregator() const noexcept {
  const auto place = active();
  return place ? &aggregators[*place] : nullptr;
}

bool System::distributes() const noexcept {
  return std::any_of(order.begin(), order.end(), [this](PortId id) { return at(id).distributes; });
}

std::size_t System::users(std::uint8_t aggregator) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(order.begin(), order.end(), [&](PortId id) { return at(id).aggregator == aggregator; }));
}

std::size_t System::active_ports(std::uint8_t aggregator) const noexcept {
  return static_cast<std::size_t>(std::count_if(
      order.begin(), order.end(), [&](PortId id) { return at(id).aggregator == aggregator && at(id).enabled; }));
}

std::size_t System::ready_ports(std::uint8_t aggregator) const noexcept {
  return static_cast<std::size_t>(std::count_if(order.begin(), order.end(), [&](PortId id) {
    return at(id).aggregator == aggregator && at(id).enabled && !at(id).held;
  }));
}

bool System::others_ready(const Port& port) const noexcept {
  return std::all_of(order.begin(), order.end(), [&](PortId id) {
    const Port& other = at(id);
    return &other == &port || other.aggregator != port.aggregator || other.ready_n;
  });
}

namespace {

/// The last port's number plus one; after the last number there is, the first that no port has. 0 is none.
std::uint16_t next_port_number(const System& system) noexcept {
  const auto is_used = [&](std::uint16_t number) {
    return std::any_of(system.order.begin(), system.order.end(),
                       [&](PortId id) { return system.at(id).actor.port == number; });
  };
  std::uint16_t last = 0;
  for (const PortId other : system.order) last = std::max(last, system.at(other).actor.port);
  std::uint16_t next = static_cast<std::uint16_t>(last + 1);
  while (next == 0 || is_used(next)) ++next;
  return next;
}

}  // namespace

Port& add_port(System& system, PortId id) noexcept {
  if (system.order.empty()) {
    system.aggregators_made = 0;
    system.has_carried = false;
  }
  const std::uint16_t number = next_port_number(system);
  Port& port = system.at(id);
  port = Port{};
  port.id = id;
  port.actor.port = number;
  port.actor.state = lacp_state::aggregation;
  system.aggregators[id.index] = Aggregator{};
  if (++system.aggregators_made == 0) system.aggregators_made = 1;  // 0 is none
  system.aggregators[id.index].number = system.aggregators_made;
  system.order.push_back(id);
  return port;
}

bool remove_port(System& system, PortId id) noexcept {
  bool reselect = false;
  Port& port = system.at(id);
  if (port.aggregator) {
    const std::uint8_t left = *port.aggregator;
    port.aggregator.reset();
    reselect = system.aggregators[left].active && system.active_ports(left) == 0;
    if (system.users(left) == 0) system.aggregators[left].clear();
  }
  system.order.erase_at(
      static_cast<std::size_t>(std::find(system.order.begin(), system.order.end(), id) - system.order.begin()));

  Aggregator& own = system.aggregators[id.index];
  if (system.users(id.index) != 0) {
    // There are as many places as ports, and at least two ports are in one of them: another is free.
    const auto free = std::find_if(system.order.begin(), system.order.end(),
                                   [&](PortId other) { return system.users(other.index) == 0; });
    if (free != system.order.end()) {
      Aggregator& heir = system.aggregators[free->index];
      const std::uint16_t number = heir.number;
      heir = own;
      heir.number = number;
      for (const PortId other : system.order)
        if (system.at(other).aggregator == id.index) system.at(other).aggregator = free->index;
    }
  }
  own = Aggregator{};
  return reselect;
}

}  // namespace bondbox::lacp

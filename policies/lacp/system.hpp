// All ports and aggregators of a bond, and how they find each other.
#pragma once

#include <array>
#include <optional>

#include "policies/lacp/port.hpp"
#include "policies/plan.hpp"

namespace bondbox::lacp {

struct System {
  std::uint16_t priority = 0;  ///< 0 before the first port, as the kernel driver shows it
  MacAddress mac;
  PortList order;                                   ///< the ports there are, in order of enslaving
  std::array<Port, max_ports> ports{};              ///< by PortId::index
  std::array<Aggregator, max_ports> aggregators{};  ///< each in the place of the port that brought it
  std::uint16_t aggregators_made = 0;
  bool has_carried = false;  ///< a port has distributed to a partner since there was a first port
  template <class A>
  void archive(A& a) {
    a(priority, mac, order, ports, aggregators, aggregators_made, has_carried);
  }

  Port& at(PortId id) noexcept { return ports[id.index]; }
  const Port& at(PortId id) const noexcept { return ports[id.index]; }
  bool holds(PortId id) const noexcept;
  const Aggregator* of(const Port& port) const noexcept {
    return port.aggregator ? &aggregators[*port.aggregator] : nullptr;
  }
  /// The place of the active aggregator.
  std::optional<std::uint8_t> active() const noexcept;
  const Aggregator* active_aggregator() const noexcept;

  std::size_t users(std::uint8_t aggregator) const noexcept;
  /// Those of its ports that have link.
  std::size_t active_ports(std::uint8_t aggregator) const noexcept;
  /// Those of them that are to be used.
  std::size_t ready_ports(std::uint8_t aggregator) const noexcept;
  bool distributes() const noexcept;
  /// Every port of its aggregator but this one is ready to attach.
  bool others_ready(const Port& port) const noexcept;
};

/// A new port, with its aggregator: the last port's number plus one, the next aggregator's number.
Port& add_port(System& system, PortId id) noexcept;
/// The port leaves its aggregator; others that use the one it brought take that one's state along to another place.
/// `order` no longer holds it afterwards. True when the active aggregator is gone: select_active() must follow.
bool remove_port(System& system, PortId id) noexcept;

}  // namespace bondbox::lacp

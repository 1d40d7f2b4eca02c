// What LACP did, for the event log: one line for each change of a port, with the reason.
#pragma once

#include <array>

#include "policies/lacp/system.hpp"
#include "policies/policy.hpp"

namespace bondbox::lacp {

/// As MacAddress::text(), without the heap.
std::array<char, 18> mac_text(const MacAddress& mac) noexcept;

/// What of a port and its aggregator is worth telling when it changes.
struct Glimpse {
  LacpReceiveState receive = LacpReceiveState::initialize;
  LacpEnd partner;
  std::uint16_t aggregator = 0;
  bool aggregator_active = false;
  bool distributes = false;
  template <class A>
  void archive(A& a) {
    a(receive, partner, aggregator, aggregator_active, distributes);
  }
};

Glimpse glimpse(const System& system, const Port& port) noexcept;

/// At most three lines.
void tell_changes(const System& system, const Port& port, const Glimpse& before, ActionList& actions);

}  // namespace bondbox::lacp

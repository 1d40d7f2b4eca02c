#include "policies/balance_rr.hpp"

#include <algorithm>

namespace bondbox {
namespace {

/// A place for each port, so that the remainder is taken over all of them as the kernel driver does. The place of a
/// port that is not up goes to the next one that is, in order and around.
PortList places(const BondFacts& facts) {
  PortList list;
  const std::size_t count = facts.ports.size();
  for (std::size_t place = 0; place < count; ++place) {
    for (std::size_t step = 0; step < count; ++step) {
      const PortFacts& port = facts.ports[(place + step) % count];
      if (port.link != LinkState::up) continue;
      list.push_back(port.id);
      break;
    }
  }
  return list;
}

}  // namespace

void BalanceRr::handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions) {
  if (const auto change = trunk_.handle(event, facts, actions)) {
    if (change->to) {
      rejoiner_.start(facts, now);
    } else {
      rejoiner_.stop();
    }
  }
  rejoiner_.handle(event, facts, now, actions);
}

ForwardingPlan BalanceRr::plan(const BondFacts& facts) const {
  ForwardingPlan plan = trunk_plan(facts, true);
  plan.transmit.usable = places(facts);
  if (plan.transmit.usable.empty()) return plan;
  plan.transmit.spread = Spread::round_robin;
  plan.transmit.packets_per_port = facts.options.packets_per_slave;
  const PortFacts* const active = trunk_.active() ? facts.find(*trunk_.active()) : nullptr;
  const bool active_is_up = active != nullptr && active->link == LinkState::up;
  plan.transmit.igmp_port = active_is_up ? active->id : plan.transmit.usable[0];
  return plan;
}

}  // namespace bondbox

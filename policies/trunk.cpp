#include "policies/trunk.hpp"

namespace bondbox {

std::optional<ActivePort::Change> Trunk::handle(const PolicyEvent& event, const BondFacts& facts, ActionList& actions) {
  const std::optional<ActivePort::Change> change = active_.handle(event, facts);
  if (change) actions.push_back(ActiveChanged{change->from, change->to});
  return change;
}

PortList ports_up(const BondFacts& facts) noexcept {
  PortList ports;
  for (const PortFacts& port : facts.ports)
    if (port.link == LinkState::up) ports.push_back(port.id);
  return ports;
}

ForwardingPlan trunk_plan(const BondFacts& facts, bool queues) {
  ForwardingPlan plan;
  plan.carrier = any_port_up(facts);
  for (const PortFacts& port : facts.ports) {
    PortRule& rule = plan.ports[port.id.index];
    rule.deliver = deliver_all;
    if (queues) rule.queue_id = port.options.queue_id;
  }
  return plan;
}

}  // namespace bondbox

#include "policies/active_backup.hpp"

#include <algorithm>
#include <utility>

namespace bondbox {
namespace {

/// Who stands in when the active port refuses a frame: ports with link, by priority, then in order. An insertion sort:
/// std::stable_sort allocates, and this runs at every step.
PortList stand_ins(const BondFacts& facts, PortId active) {
  FixedVector<const PortFacts*, max_ports> ports;
  for (const PortFacts& port : facts.ports) {
    if (port.id == active || port.link != LinkState::up) continue;
    ports.push_back(&port);
    for (std::size_t i = ports.size() - 1; i > 0 && ports[i]->options.prio > ports[i - 1]->options.prio; --i)
      std::swap(ports[i], ports[i - 1]);
  }
  PortList list;
  for (const PortFacts* port : ports) list.push_back(port->id);
  return list;
}

}  // namespace

void ActiveBackup::handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions) {
  const auto* const pass = std::get_if<MonitorPass>(&event);
  const bool in_scheduled_pass = pass != nullptr && pass->scheduled;
  if (const auto change = active_.handle(event, facts)) follow(*change, in_scheduled_pass, facts, now, actions);
  if (in_scheduled_pass) notifier_.pass(facts, facts.bond_up && active_.current() && any_port_up(facts), actions);
  rejoiner_.handle(event, facts, now, actions);
}

void ActiveBackup::follow(const ActivePort::Change& change, bool in_scheduled_pass, const BondFacts& facts, Tick now,
                          ActionList& actions) {
  actions.push_back(ActiveChanged{change.from, change.to});
  if (!change.to) {
    notifier_.stop();
    rejoiner_.stop();
    return;
  }
  move_mac(change.from, *change.to, facts, actions);
  if (facts.bond_up) notifier_.start(facts, in_scheduled_pass, actions);
  rejoiner_.start(facts, now);
}

void ActiveBackup::move_mac(std::optional<PortId> previous, PortId next, const BondFacts& facts,
                            ActionList& actions) const {
  const PortFacts* const port = facts.find(next);
  if (port == nullptr || port->mac == facts.bond_mac) return;
  switch (facts.options.fail_over_mac) {
    case FailOverMac::none:
      return;
    case FailOverMac::active:
      actions.push_back(SetBondMac{port->mac});
      return;
    case FailOverMac::follow: {
      const PortFacts* holder = previous ? facts.find(*previous) : nullptr;
      if (holder == nullptr || holder->mac != facts.bond_mac) {
        holder = std::find_if(facts.ports.begin(), facts.ports.end(),
                              [&](const PortFacts& other) { return other.mac == facts.bond_mac; });
        if (holder == facts.ports.end()) holder = nullptr;
      }
      if (holder != nullptr) actions.push_back(SetPortMac{holder->id, port->mac});
      actions.push_back(SetPortMac{next, facts.bond_mac});
      return;
    }
  }
}

ForwardingPlan ActiveBackup::plan(const BondFacts& facts) const {
  ForwardingPlan plan;
  plan.carrier = any_port_up(facts);
  const std::optional<PortId> current = active_.current();
  if (current) plan.transmit.fallback = stand_ins(facts, *current);
  // While the active port is going down its frames leave on the first stand-in, so the answers come back there.
  const PortFacts* const active = current ? facts.find(*current) : nullptr;
  std::optional<PortId> stand_in;
  if (active != nullptr && active->link == LinkState::fail && !plan.transmit.fallback.empty()) {
    stand_in = plan.transmit.fallback[0];
  }
  for (const PortFacts& port : facts.ports) {
    // While the ARP monitor looks for an active port, the one that it asks over hears for the host.
    const bool is_candidate = !current && facts.options.is_judged_by_arp() && port.link == LinkState::back;
    const bool delivers = current == port.id || stand_in == port.id || is_candidate || facts.options.all_slaves_active;
    PortRule& rule = plan.ports[port.id.index];
    if (delivers) rule.deliver = deliver_all;
    if (delivers && port.mac != facts.bond_mac) rule.own_mac = port.mac;
    rule.queue_id = port.options.queue_id;
  }
  if (current) {
    plan.transmit.spread = Spread::single;
    plan.transmit.usable.push_back(*current);
  }
  return plan;
}

}  // namespace bondbox

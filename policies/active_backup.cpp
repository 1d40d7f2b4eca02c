#include "policies/active_backup.hpp"

#include <algorithm>
#include <utility>

#include "policies/selection.hpp"

namespace bondbox {
namespace {

bool has_carrier(const BondFacts& facts) noexcept {
  return std::any_of(facts.ports.begin(), facts.ports.end(),
                     [](const PortFacts& port) { return port.link == LinkState::up; });
}

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

void ActiveBackup::handle(const PolicyEvent& event, const BondFacts& facts, Tick, ActionList& actions) {
  std::visit([&](const auto& what) { on(what, facts, actions); }, event);
}

void ActiveBackup::on(const PortAdded& event, const BondFacts& facts, ActionList& actions) {
  const PortFacts* const primary = find_primary(facts);
  if (primary != nullptr && primary->id == event.port) force_primary_ = true;
  select(facts, false, actions);
}

void ActiveBackup::on(const PortRemoved& event, const BondFacts& facts, ActionList& actions) {
  if (active_ != event.port) return;
  const std::optional<PortId> next = choose_active(facts, std::nullopt, force_primary_);
  change_active(next, facts, false, actions);
}

void ActiveBackup::on(const LinkChanged& event, const BondFacts& facts, ActionList&) {
  const PortFacts* const port = facts.find(event.port);
  const PortFacts* const active = active_ ? facts.find(*active_) : nullptr;
  if (port == nullptr) return;
  if (event.to == LinkState::down && active_ == event.port) reselect_ = true;
  if (event.to == LinkState::up &&
      (active == nullptr || find_primary(facts) == port || port->options.prio > active->options.prio)) {
    reselect_ = true;
  }
}

void ActiveBackup::on(const MonitorPass& event, const BondFacts& facts, ActionList& actions) {
  if (reselect_) select(facts, event.scheduled, actions);
  if (event.scheduled) notifier_.pass(facts, facts.bond_up && active_ && has_carrier(facts), actions);
}

void ActiveBackup::on(const Reconfigured& event, const BondFacts& facts, ActionList& actions) {
  if (event.option == "primary") force_primary_ = true;
  if (event.option == "primary" || event.option == "primary_reselect" || event.option == "prio") {
    select(facts, false, actions);
  }
}

void ActiveBackup::on(const ActivateRequested& event, const BondFacts& facts, ActionList& actions) {
  const std::optional<PortId> next = event.port ? event.port : choose_active(facts, std::nullopt, force_primary_);
  change_active(next, facts, false, actions);
}

void ActiveBackup::select(const BondFacts& facts, bool in_scheduled_pass, ActionList& actions) {
  reselect_ = false;
  change_active(choose_active(facts, active_, force_primary_), facts, in_scheduled_pass, actions);
  const PortFacts* const primary = find_primary(facts);
  if (primary != nullptr && primary->link == LinkState::up) force_primary_ = false;
}

void ActiveBackup::change_active(std::optional<PortId> next, const BondFacts& facts, bool in_scheduled_pass,
                                 ActionList& actions) {
  if (next == active_) return;
  const std::optional<PortId> previous = active_;
  active_ = next;
  actions.push_back(ActiveChanged{previous, next});
  if (!next) {
    notifier_.stop();
    return;
  }
  move_mac(previous, *next, facts, actions);
  if (facts.bond_up) notifier_.start(facts, in_scheduled_pass, actions);
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
  plan.carrier = has_carrier(facts);
  if (active_) plan.transmit.fallback = stand_ins(facts, *active_);
  // While the active port is going down its frames leave on the first stand-in, so the answers come back there.
  const PortFacts* const active = active_ ? facts.find(*active_) : nullptr;
  std::optional<PortId> stand_in;
  if (active != nullptr && active->link == LinkState::fail && !plan.transmit.fallback.empty()) {
    stand_in = plan.transmit.fallback[0];
  }
  for (const PortFacts& port : facts.ports) {
    const bool delivers = active_ == port.id || stand_in == port.id || facts.options.all_slaves_active;
    plan.ports[port.id.index].deliver = delivers ? deliver_all : deliver_link_local;
  }
  if (active_) {
    plan.transmit.spread = Spread::single;
    plan.transmit.usable.push_back(*active_);
  }
  return plan;
}

}  // namespace bondbox

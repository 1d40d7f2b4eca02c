#include "policies/port_macs.hpp"

#include <algorithm>

#include "policies/tell.hpp"

namespace bondbox {
namespace {

bool can_send(PortId port, const BondFacts& facts) noexcept {
  const PortFacts* const found = facts.find(port);
  return found != nullptr && found->link == LinkState::up;
}

}  // namespace

bool is_ours(const MacAddress& mac, const BondFacts& facts) noexcept {
  if (mac == facts.bond_mac) return true;
  return std::any_of(facts.ports.begin(), facts.ports.end(), [&](const PortFacts& port) { return port.mac == mac; });
}

void PortMacs::note(const BondFacts& facts) {
  for (const PortFacts& port : facts.ports) known_[port.id.index].now = port.mac;
}

const PortFacts* PortMacs::carrier_of(const MacAddress& mac, const BondFacts& facts,
                                      std::optional<PortId> but) const noexcept {
  for (const PortFacts& port : facts.ports)
    if (port.id != but && of(port.id) == mac) return &port;
  return nullptr;
}

/// A port whose home address nobody carries, the asking one itself left out.
const PortFacts* PortMacs::owner_of_spare(PortId port, const BondFacts& facts) const noexcept {
  for (const PortFacts& other : facts.ports) {
    const MacAddress& home = known_[other.id.index].home;
    if (other.id != port && home != facts.bond_mac && carrier_of(home, facts, port) == nullptr) return &other;
  }
  return nullptr;
}

void PortMacs::set(PortId port, const MacAddress& mac, ActionList& actions) {
  if (of(port) == mac) return;
  known_[port.index].now = mac;
  actions.push_back(SetPortMac{port, mac});
}

void PortMacs::swap(PortId one, PortId other, ActionList& actions) {
  const MacAddress first = of(one);
  set(one, of(other), actions);
  set(other, first, actions);
}

void PortMacs::attach(PortId port, const BondFacts& facts, ActionList& actions) {
  const PortFacts* const added = facts.find(port);
  if (added == nullptr) return;
  // The first port has been given the bond's address before anybody asked.
  const bool carries_bonds = added->mac == facts.bond_mac;
  known_[port.index].home = carries_bonds ? added->permanent_mac : added->mac;
  if (facts.ports.size() == 1) return;
  if (!carries_bonds && carrier_of(added->mac, facts, port) == nullptr) return;
  if (const PortFacts* const owner = owner_of_spare(port, facts)) {
    actions.push_back(tell(port, "the slave hw address is in use by the bond; giving it the hw address of %.*s",
                           static_cast<int>(owner->name.size()), owner->name.data()));
    set(port, known_[owner->id.index].home, actions);
    return;
  }
  const MacAddress& permanent = added->permanent_mac;
  if (permanent != facts.bond_mac && carrier_of(permanent, facts, port) == nullptr) {
    set(port, permanent, actions);
    return;
  }
  actions.push_back(tell(port,
                         "the hw address of slave is in use by the bond; couldn't find a slave with a free hw "
                         "address to give it"));
}

MacNews PortMacs::detach(PortId port, const BondFacts& facts, ActionList& actions) {
  const Known left = known_[port.index];
  known_[port.index] = {};
  if (left.home == left.now || left.home == facts.bond_mac) return {};
  const PortFacts* const carrier = carrier_of(left.home, facts);
  if (carrier == nullptr) return {};
  set(carrier->id, left.now, actions);
  MacNews news;
  if (can_send(carrier->id, facts)) news.moved.push_back(carrier->id);
  return news;
}

MacNews PortMacs::activate(std::optional<PortId> previous, PortId next, const BondFacts& facts, ActionList& actions) {
  MacNews news;
  const PortFacts* other = previous ? facts.find(*previous) : nullptr;
  if (other == nullptr) other = carrier_of(facts.bond_mac, facts);
  if (other != nullptr && other->id != next) {
    swap(other->id, next, actions);
    if (can_send(other->id, facts))
      news.moved.push_back(other->id);
    else
      news.deaf_mac = of(other->id);
  }
  // Also where the old active port did not carry it.
  set(next, facts.bond_mac, actions);
  news.moved.push_back(next);
  return news;
}

MacNews PortMacs::follow_bond(PortId active, const BondFacts& facts, ActionList& actions) {
  const PortFacts* const other = carrier_of(facts.bond_mac, facts, active);
  if (other != nullptr) return activate(other->id, active, facts, actions);
  MacNews news;
  set(active, facts.bond_mac, actions);
  if (can_send(active, facts)) news.moved.push_back(active);
  return news;
}

}  // namespace bondbox

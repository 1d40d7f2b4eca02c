#include "policies/active_port.hpp"

#include <algorithm>

#include "policies/selection.hpp"

namespace bondbox {

std::optional<ActivePort::Change> ActivePort::handle(const PolicyEvent& event, const BondFacts& facts) {
  if (const auto* added = std::get_if<PortAdded>(&event)) return note_added(added->port, facts);
  if (const auto* removed = std::get_if<PortRemoved>(&event)) {
    if (current_ != removed->port) return std::nullopt;
    return move_to(choose_active(facts, std::nullopt, force_primary_));
  }
  if (const auto* link = std::get_if<LinkChanged>(&event)) {
    note_link(*link, facts);
    return std::nullopt;
  }
  if (std::holds_alternative<MonitorPass>(event)) {
    const PortFacts* const active = reverts_ && current_ ? facts.find(*current_) : nullptr;
    const bool reverts = active != nullptr && active->link == LinkState::up;
    return reselect_ || reverts ? select(facts) : std::nullopt;
  }
  if (const auto* written = std::get_if<Reconfigured>(&event)) {
    if (written->option == "primary") force_primary_ = true;
    const bool decides =
        written->option == "primary" || written->option == "primary_reselect" || written->option == "prio";
    // A primary that is named by hand waits for nothing.
    const Revert revert = written->option == "primary" ? Revert::at_once : Revert::as_delayed;
    return decides ? select(facts, revert) : std::nullopt;
  }
  if (const auto* asked = std::get_if<ActivateRequested>(&event)) {
    reverts_ = false;
    return move_to(asked->port ? asked->port : choose_active(facts, std::nullopt, force_primary_));
  }
  return std::nullopt;
}

std::optional<ActivePort::Change> ActivePort::note_added(PortId port, const BondFacts& facts) {
  if (!uses_primary(facts.options.mode)) {
    const PortFacts* const added = facts.find(port);
    if (!current_ && added != nullptr && added->link == LinkState::up) current_ = port;
    return std::nullopt;
  }
  const PortFacts* const primary = find_primary(facts);
  if (primary != nullptr && primary->id == port) force_primary_ = true;
  return select(facts);
}

void ActivePort::note_link(const LinkChanged& event, const BondFacts& facts) {
  const PortFacts* const port = facts.find(event.port);
  const PortFacts* const active = current_ ? facts.find(*current_) : nullptr;
  if (port == nullptr) return;
  if (event.to == LinkState::down && current_ == event.port) reselect_ = true;
  if (event.to == LinkState::up &&
      (active == nullptr || find_primary(facts) == port || port->options.prio > active->options.prio)) {
    reselect_ = true;
  }
}

std::optional<ActivePort::Change> ActivePort::select(const BondFacts& facts, Revert revert) {
  reselect_ = false;
  const std::optional<Change> change = move_to(choose_active(facts, current_, force_primary_, revert));
  reverts_ = waits_to_revert(facts, current_, force_primary_);
  const PortFacts* const primary = find_primary(facts);
  if (primary != nullptr && primary->link == LinkState::up && !reverts_) force_primary_ = false;
  return change;
}

std::optional<ActivePort::Change> ActivePort::move_to(std::optional<PortId> next) {
  if (next == current_) return std::nullopt;
  const Change change{current_, next};
  current_ = next;
  return change;
}

bool any_port_up(const BondFacts& facts) noexcept {
  return std::any_of(facts.ports.begin(), facts.ports.end(),
                     [](const PortFacts& port) { return port.link == LinkState::up; });
}

}  // namespace bondbox

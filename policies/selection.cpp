#include "policies/selection.hpp"

namespace bondbox {
namespace {

/// Whether a port that is up may be chosen: when it has been up for long enough, and at once where nothing works or the
/// bond has only just been made.
bool is_trusted(const PortFacts& port, const PortFacts* current, Ticks delay) noexcept {
  if (&port == current || current == nullptr || current->link != LinkState::up || !current->monitored) return true;
  return port.up_for >= delay;
}

const PortFacts* highest_priority_up(const BondFacts& facts, const PortFacts* current, Ticks delay) noexcept {
  const bool by_priority = uses_primary(facts.options.mode);
  const PortFacts* best = current != nullptr && current->link == LinkState::up ? current : nullptr;
  for (const PortFacts& port : facts.ports) {
    if (port.link != LinkState::up || !is_trusted(port, current, delay)) continue;
    if (best == nullptr || (by_priority && port.options.prio > best->options.prio)) best = &port;
  }
  return best;
}

const PortFacts* soonest_back(const BondFacts& facts) noexcept {
  // With the ARP monitor such a port is only being asked.
  if (facts.options.is_judged_by_arp()) return nullptr;
  const PortFacts* best = nullptr;
  for (const PortFacts& port : facts.ports) {
    if (port.link != LinkState::back || !port.monitored) continue;
    if (best == nullptr || port.back_left < best->back_left) best = &port;
  }
  return best;
}

bool is_better(const PortFacts& candidate, const PortFacts& current) noexcept {
  if (candidate.speed_mbps != current.speed_mbps) return candidate.speed_mbps > current.speed_mbps;
  return candidate.duplex == Duplex::full && current.duplex != Duplex::full;
}

}  // namespace

const PortFacts* find_primary(const BondFacts& facts) noexcept {
  if (facts.options.primary.empty() || !uses_primary(facts.options.mode)) return nullptr;
  for (const PortFacts& port : facts.ports)
    if (port.name == facts.options.primary) return &port;
  return nullptr;
}

std::optional<PortId> choose_active(const BondFacts& facts, std::optional<PortId> current, bool force_primary,
                                    Revert revert) noexcept {
  const Ticks delay = revert == Revert::at_once ? Ticks{} : ticks_from_ms(facts.options.revert_delay_ms);
  const PortFacts* const now = current ? facts.find(*current) : nullptr;
  const PortFacts* const primary = find_primary(facts);
  const bool primary_up = primary != nullptr && primary->link == LinkState::up && is_trusted(*primary, now, delay);
  const PortFacts* const candidate = primary_up ? primary : highest_priority_up(facts, now, delay);

  if (candidate == nullptr) {
    const PortFacts* const back = soonest_back(facts);
    return back != nullptr ? std::optional(back->id) : std::nullopt;
  }
  if (candidate == now || now == nullptr || now->link != LinkState::up) return candidate->id;
  if (primary_up && force_primary) return candidate->id;

  switch (facts.options.primary_reselect) {
    case PrimaryReselect::always:
      return candidate->id;
    case PrimaryReselect::better:
      return is_better(*candidate, *now) ? candidate->id : now->id;
    case PrimaryReselect::failure:
      return now->id;
  }
  return now->id;
}

bool waits_to_revert(const BondFacts& facts, std::optional<PortId> current, bool force_primary) noexcept {
  if (facts.options.revert_delay_ms == 0 || !current) return false;
  return choose_active(facts, current, force_primary, Revert::at_once) !=
         choose_active(facts, current, force_primary, Revert::as_delayed);
}

}  // namespace bondbox

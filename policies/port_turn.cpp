#include "policies/port_turn.hpp"

namespace bondbox {

std::optional<PortId> PortTurn::next(const BondFacts& facts) noexcept {
  const PortFacts* before = nullptr;
  const PortFacts* after = nullptr;
  bool passed = false;
  for (const PortFacts& port : facts.ports) {
    if (port.link == LinkState::up) {
      const PortFacts*& best = passed ? after : before;
      if (best == nullptr || best->speed_mbps < port.speed_mbps) best = &port;
    }
    passed = passed || port.id == last_;
  }
  const PortFacts* const chosen =
      after == nullptr || (before != nullptr && after->speed_mbps < before->speed_mbps) ? before : after;
  if (chosen == nullptr) return std::nullopt;
  last_ = chosen->id;
  return last_;
}

}  // namespace bondbox

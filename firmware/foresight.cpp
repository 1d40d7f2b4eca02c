#include "firmware/foresight.hpp"

#include <array>
#include <utility>
#include <variant>

namespace bondbox {
namespace {

PortFacts* find_port(BondFacts& facts, PortId id) {
  for (PortFacts& port : facts.ports)
    if (port.id == id) return &port;
  return nullptr;
}

}  // namespace

Foresight::Foresight(const AnyPolicy& policy, const BondFacts& facts, Tick now, PortId lost)
    : policy_(std::make_unique<AnyPolicy>(policy)), facts_(std::make_unique<BondFacts>(facts)), now_(now) {
  PortFacts* const port = find_port(*facts_, lost);
  if (port != nullptr && port->link != LinkState::down) {
    const LinkState before = std::exchange(port->link, LinkState::down);
    tell(LinkChanged{lost, before, LinkState::down});
  }
  tell(MonitorPass{});
  look();
}

void Foresight::tell(const PolicyEvent& event) {
  std::visit([&](auto& mode) { mode.handle(event, *facts_, now_, *actions_); }, *policy_);
  for (const Action& action : *actions_) perform(action);
  actions_->clear();
}

/// As far as the next decision reads it.
void Foresight::perform(const Action& action) {
  if (const auto* moved = std::get_if<SetPortMac>(&action)) {
    if (PortFacts* const port = find_port(*facts_, moved->port)) port->mac = moved->mac;
  } else if (const auto* set = std::get_if<SetBondMac>(&action)) {
    facts_->bond_mac = set->mac;
  } else if (const auto* changed = std::get_if<ActiveChanged>(&action)) {
    PortFacts* const port = changed->to ? find_port(*facts_, *changed->to) : nullptr;
    if (port != nullptr && port->link == LinkState::back) port->link = LinkState::up;
  }
}

void Foresight::look() {
  plan_ = std::visit([this](const auto& mode) { return mode.plan(*facts_); }, *policy_);
}

void Foresight::let_pass(Ticks span) {
  constexpr int most = 1'000;
  const Tick end = now_ + span;
  for (int i = 0; i < most; ++i) {
    const auto due = std::visit([](const auto& mode) { return mode.next_deadline(); }, *policy_);
    if (!due || *due > end) break;
    if (*due > now_) now_ = *due;
    tell(TimerDue{});
  }
  now_ = end;
  look();
}

void Foresight::want_bucket(std::uint8_t bucket) {
  const std::array<std::uint8_t, 1> wanted{bucket};
  tell(BucketsWanted{wanted});
  look();
}

}  // namespace bondbox

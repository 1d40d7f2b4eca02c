#include "policies/balanced_ports.hpp"

#include <algorithm>

namespace bondbox {
namespace {

constexpr Ticks tick_length = ticks_from_ms(100);
constexpr std::uint64_t ticks_per_second = 10;

}  // namespace

PortList sending_ports(const BondFacts& facts) {
  PortList list;
  for (const PortFacts& port : facts.ports)
    if (port.link == LinkState::up) list.push_back(port.id);
  return list;
}

BalancedPorts::Step BalancedPorts::handle(const PolicyEvent& event, const BondFacts& facts, Tick now,
                                          ActionList& actions) {
  now_ = now;
  Step step;
  macs_.note(facts);
  if (const auto* added = std::get_if<PortAdded>(&event)) {
    macs_.attach(added->port, facts, actions);
    if (!next_tick_) next_tick_ = now + tick_length;
  } else if (const auto* removed = std::get_if<PortRemoved>(&event)) {
    lessons_.forget(removed->port);
    note_macs(macs_.detach(removed->port, facts, actions), step);
    if (facts.ports.empty()) next_tick_.reset();
  }
  step.change = active_.handle(event, facts);
  if (step.change) follow(*step.change, facts, now, actions, step);
  if (std::holds_alternative<BondMacChanged>(event) && active_.current()) {
    note_macs(macs_.follow_bond(*active_.current(), facts, actions), step);
  }
  load_.handle(event, facts, active_.current());
  rejoiner_.handle(event, facts, now, actions);
  if (std::holds_alternative<TimerDue>(event)) step.tick = take_tick(facts, now);
  return step;
}

void BalancedPorts::follow(const ActivePort::Change& change, const BondFacts& facts, Tick now, ActionList& actions,
                           Step& step) {
  actions.push_back(ActiveChanged{change.from, change.to});
  if (!change.to) {
    rejoiner_.stop();
    return;
  }
  load_.note_active_change(change.from, *change.to, facts);
  note_macs(macs_.activate(change.from, *change.to, facts, actions), step);
  rejoiner_.start(facts, now);
}

void BalancedPorts::note_macs(const MacNews& news, Step& step) {
  for (const PortId port : news.moved) teach(port, macs_.of(port));
  if (!news.moved.empty() || news.deaf_mac) step.macs.push_back(news);
}

/// Whether the clock has moved on, and bond0 is up: the driver's stands still while it is down.
bool BalancedPorts::take_tick(const BondFacts& facts, Tick now) {
  if (!next_tick_ || now < *next_tick_) return false;
  next_tick_ = *next_tick_ + tick_length;
  if (*next_tick_ <= now) next_tick_ = now + tick_length;  // ticks that were slept through are not made up for
  if (!facts.bond_up) return false;
  // Observed on the kernel driver: in mode 5 its clock stands still without dynamic balancing.
  const bool repeats = facts.options.mode != Mode::balance_tlb || facts.options.tlb_dynamic_lb;
  if (repeats && ++lesson_ticks_ >= facts.options.lp_interval_s * ticks_per_second) {
    lesson_ticks_ = 0;
    teach_all(facts);
  }
  load_.tick(facts, active_.current());
  return true;
}

/// Every port with link, those whose updelay is not over too.
void BalancedPorts::teach_all(const BondFacts& facts) {
  for (const PortFacts& port : facts.ports)
    if (port.link == LinkState::up || port.link == LinkState::back) teach(port.id, port.mac);
}

ForwardingPlan BalancedPorts::plan(const BondFacts& facts, BucketKey key, Deliver inactive) const {
  ForwardingPlan plan;
  plan.carrier = any_port_up(facts);
  const std::optional<PortId> active = active_.current();
  const PortList sending = sending_ports(facts);
  const bool active_sends = active && std::find(sending.begin(), sending.end(), *active) != sending.end();

  TransmitRule& rule = plan.transmit;
  rule.hash_policy = facts.options.xmit_hash_policy;
  rule.bucket_key = key;
  if (active && (active_sends || sending.empty())) rule.usable.push_back(*active);
  for (const PortId port : sending)
    if (port != active) rule.usable.push_back(port);
  // While the active port is going down its frames leave on another, so the answers come back there.
  const std::optional<PortId> first = rule.usable.empty() ? std::nullopt : std::optional(rule.usable[0]);
  for (const PortFacts& port : facts.ports) {
    PortRule& own = plan.ports[port.id.index];
    const bool delivers = port.id == active || port.id == first || facts.options.all_slaves_active;
    // For a port that is down the active one hears. When its link is back unseen a switch floods to both.
    own.deliver = delivers ? deliver_all : port.link == LinkState::down ? deliver_nothing : inactive;
    if (port.id != active) own.source_mac = port.mac;
    if (port.mac != facts.bond_mac) own.own_mac = port.mac;
  }
  if (!active || rule.usable.empty()) return plan;
  if (facts.options.tlb_dynamic_lb) {
    rule.spread = Spread::buckets;
    load_.fill(plan);
  } else {
    rule.spread = Spread::hash;
    rule.rest_port = first;
    if (!sending.empty()) rule.usable = sending;
  }
  return plan;
}

std::optional<Tick> BalancedPorts::next_deadline() const noexcept {
  std::optional<Tick> due = next_tick_;
  const auto sooner = [&due](std::optional<Tick> other) {
    if (other && (!due || *other < *due)) due = other;
  };
  sooner(rejoiner_.next_deadline());
  if (lessons_.waiting()) sooner(now_ + ticks_from_ms(1));
  return due;
}

BalanceStatus BalancedPorts::status() const {
  BalanceStatus status;
  load_.add_status(status);
  return status;
}

}  // namespace bondbox

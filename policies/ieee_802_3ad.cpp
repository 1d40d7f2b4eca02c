#include "policies/ieee_802_3ad.hpp"

#include <algorithm>

#include "hal/wire/ethernet.hpp"
#include "hal/wire/slow_protocols.hpp"
#include "policies/lacp/churn.hpp"
#include "policies/lacp/marker.hpp"
#include "policies/lacp/mux.hpp"
#include "policies/lacp/periodic.hpp"
#include "policies/lacp/receive.hpp"
#include "policies/lacp/transmit.hpp"
#include "policies/resilient_hash.hpp"
#include "policies/tell.hpp"

namespace bondbox {
namespace {

/// Marker answers queued in one step: a flood of markers must not take the room of LACPDUs.
constexpr std::size_t queued_answers_max = 16;

lacp::SelectionRule rule_of(const BondOptions& options) noexcept {
  return {options.ad_select, options.lacp_fallback && !options.lacp_strict};
}

/// A port without known speed or duplex cannot aggregate: the kernel driver takes it for one without link.
bool can_negotiate(const PortFacts& port) noexcept {
  return port.speed_mbps != 0 && port.duplex != Duplex::unknown;
}

/// Whether the partner may be sending on the port. With coupled control it does so as soon as it has read that we are
/// in sync, which may be a tick before we read the same of it.
bool is_sent_to(const lacp::Port& port, const lacp::Aggregator& aggregator) noexcept {
  const bool says_sync = port.mux == LacpMuxState::attached && port.has(lacp_state::synchronization);
  return port.collects || (says_sync && port.enabled && aggregator.has_partner());
}

}  // namespace

void Ieee8023ad::handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions) {
  if (const auto* leaving = std::get_if<PortLeaving>(&event)) return leave(leaving->port, facts, actions);
  if (const auto* removed = std::get_if<PortRemoved>(&event)) remove(removed->port, facts, actions);
  if (const auto* added = std::get_if<PortAdded>(&event)) {
    if (system_.order.empty()) take_system(facts);
    lacp::add_port(system_, added->port);
    told_[added->port.index] = {};
  }
  if (const auto* written = std::get_if<Reconfigured>(&event)) {
    if (written->option == "ad_actor_system" || written->option == "ad_actor_sys_prio") take_system(facts);
  }
  if (const auto* punted = std::get_if<FramePunted>(&event)) return receive(*punted, facts, now, actions);
  follow(facts, actions);
  if (const auto* written = std::get_if<Reconfigured>(&event)) {
    const std::string_view option = written->option;
    if (option == "actor_port_prio" || option == "ad_select" || option == "lacp_fallback" || option == "lacp_strict")
      reselect(facts, actions);
  }
  follow_clock(facts, now);
  if (std::holds_alternative<TimerDue>(event) && next_tick_ && *next_tick_ <= now) {
    // Ticks that were slept through are not made up for: what the partner said meanwhile has not been read yet. But
    // it counts the time until it hears from us, whoever kept us from running.
    const std::int64_t slept = (now - *next_tick_).count / lacp::machine_tick.count;
    for (const PortId id : system_.order) lacp::count_slept_ticks(system_.at(id), slept);
    *next_tick_ = *next_tick_ + lacp::machine_tick;
    if (*next_tick_ <= now) *next_tick_ = now + lacp::machine_tick;
    tick(facts, actions);
  }
}

void Ieee8023ad::slept(Ticks gap) noexcept {
  for (const PortId id : system_.order) {
    lacp::Port& port = system_.at(id);
    const lacp::Timer patience =
        port.partner_has(lacp_state::timeout) ? lacp::short_timeout_time : lacp::long_timeout_time;
    if (gap.count >= patience * lacp::machine_tick.count) port.begin = true;
  }
}

bool Ieee8023ad::speaks_of(const PortList& ports) const noexcept {
  return std::all_of(system_.order.begin(), system_.order.end(), [&](PortId id) {
    return system_.at(id).id == id && std::find(ports.begin(), ports.end(), id) != ports.end();
  });
}

/// Observed kernel behaviour: the machines stand still while bond0 is down.
void Ieee8023ad::follow_clock(const BondFacts& facts, Tick now) {
  if (!facts.bond_up || system_.order.empty()) {
    next_tick_.reset();
  } else if (!next_tick_) {
    next_tick_ = now;
  }
}

void Ieee8023ad::follow(const BondFacts& facts, ActionList& actions) {
  system_.order.clear();
  for (const PortFacts& port : facts.ports)
    if (system_.at(port.id).actor.port != 0) system_.order.push_back(port.id);
  bool link_changed = false;
  for (const PortFacts& port : facts.ports)
    if (system_.holds(port.id)) follow_port(port, facts.options, link_changed, actions);
  if (link_changed) reselect(facts, actions);
}

/// Observed kernel behaviour: the system keeps its identifier when somebody gives bond0 another MAC, so that nothing is
/// negotiated anew; it is looked up with the first port and when one of its options is written.
void Ieee8023ad::take_system(const BondFacts& facts) {
  const MacAddress& own = facts.options.ad_actor_system;
  system_.mac = own.is_zero() ? facts.bond_mac : own;
  system_.priority = facts.options.ad_actor_sys_prio;
}

void Ieee8023ad::follow_port(const PortFacts& facts, const BondOptions& options, bool& link_changed,
                             ActionList& actions) {
  lacp::Port& port = system_.at(facts.id);
  const LacpEnd before = port.actor;
  port.actor.system = system_.mac;
  port.actor.system_priority = system_.priority;
  port.actor.port_priority = facts.options.actor_port_prio;
  port.clear(lacp_state::activity | lacp_state::timeout);
  if (options.lacp_active) port.set(lacp_state::activity);
  if (options.lacp_rate == LacpRate::fast) port.set(lacp_state::timeout);

  if (port.held != facts.held) link_changed = true;
  port.held = facts.held;
  const bool was_enabled = port.enabled;
  if (facts.link == LinkState::up && can_negotiate(facts)) port.enabled = true;
  if (facts.link == LinkState::down || !can_negotiate(facts)) port.enabled = false;
  port.speed_mbps = facts.speed_mbps;
  port.duplex = facts.duplex;
  port.actor.key = lacp::port_key(options.ad_user_port_key, port.enabled, port.speed_mbps, port.duplex);
  if (port.enabled != was_enabled) {
    link_changed = true;
    port.close();
    port.loop_told = false;
    port.heard_at.reset();  // whoever is at the other end now has not spoken yet
    tell_changes(port, actions);
  }
  constexpr std::uint16_t speed_bits = 0x3e;
  if (port.actor.key != before.key) {
    port.lacp_enabled = port.is_full_duplex();
    // Another speed is another link: the machines start anew. So they do when duplex or the user's key changes under
    // the link: LACP_DISABLED would never be left, and the aggregator would keep a key that its ports no longer have.
    const bool under_link = was_enabled && port.enabled;
    const bool other_speed = ((port.actor.key ^ before.key) & speed_bits) != 0;
    if (under_link || (port.lacp_enabled && other_speed)) port.begin = true;
  }
  if (!(port.actor == before)) port.ntt = true;
}

void Ieee8023ad::leave(PortId id, const BondFacts& facts, ActionList& actions) const {
  const PortFacts* const known = facts.find(id);
  if (known == nullptr || !system_.holds(id)) return;
  const lacp::Port& port = system_.at(id);
  if (!lacp::may_speak(port)) return;
  LacpEnd actor = port.actor;
  actor.state &= lacp_state::activity | lacp_state::timeout | lacp_state::defaulted | lacp_state::expired;
  actions.push_back(SendFrame{id, wire::build_lacpdu(known->permanent_mac, actor, port.partner)});
}

void Ieee8023ad::remove(PortId id, const BondFacts& facts, ActionList& actions) {
  if (!system_.holds(id)) return;
  const auto before = system_.active();
  const bool active_gone = lacp::remove_port(system_, id);
  system_.at(id) = lacp::Port{};
  if (!active_gone) return;
  actions.push_back(tell(std::nullopt, "Removing an active aggregator"));
  lacp::select_active(system_, rule_of(facts.options));
  tell_active(before, actions);
}

void Ieee8023ad::receive(const FramePunted& event, const BondFacts& facts, Tick now, ActionList& actions) {
  const auto frame = wire::EthernetView::parse(event.frame);
  if (!event.port || !system_.holds(*event.port) || !facts.bond_up || !frame) return;
  lacp::Port& port = system_.at(*event.port);
  const wire::Bytes payload = frame->payload();
  if (payload.size() < wire::slow_pdu_size || frame->destination() != wire::slow_protocols_mac) {
    ++port.counters.illegal_received;
  } else if (payload[0] == wire::slow_subtype::lacp && payload[1] != 0) {
    const auto pdu = wire::LacpduView::parse(payload);
    pdu ? receive_lacpdu(port, *pdu, now, actions) : void(++port.counters.illegal_received);
  } else if (payload[0] == wire::slow_subtype::marker) {
    const auto marker = wire::MarkerView::parse(payload);
    const PortFacts* const known = facts.find(port.id);
    if (!marker || known == nullptr) return void(++port.counters.unknown_received);
    const auto answer = lacp::answer_marker(port, *marker, known->permanent_mac);
    if (!answer || actions.size() >= queued_answers_max) return;
    if (actions.push_back(SendFrame{port.id, *answer})) ++port.counters.marker_response_sent;
  } else {
    ++port.counters.unknown_received;
  }
}

void Ieee8023ad::receive_lacpdu(lacp::Port& port, const wire::LacpduView& pdu, Tick now, ActionList& actions) {
  ++port.counters.lacpdu_received;
  if (pdu.actor().system == system_.mac) {
    ++port.counters.loopback_received;
    if (port.loop_told) return;
    port.loop_told = true;
    actions.push_back(tell(port.id, "An illegal loopback occurred on slave: an LACPDU with our own system ID"));
    return;
  }
  if (port.receive != LacpReceiveState::current) port.loop_told = false;
  port.heard_at = now;
  port.heard_of_us = pdu.partner();
  lacp::receive_pdu(port, pdu);
}

void Ieee8023ad::tick(const BondFacts& facts, ActionList& actions) {
  for (const PortId id : system_.order) tick(system_.at(id), facts, actions);
}

void Ieee8023ad::tick(lacp::Port& port, const BondFacts& facts, ActionList& actions) {
  const auto active_before = system_.active();
  lacp::receive_tick(port);
  lacp::periodic_tick(port);
  lacp::select_port(system_, port, rule_of(facts.options));
  const lacp::Aggregator* const aggregator = system_.of(port);
  lacp::MuxInput input;
  input.coupled = facts.options.coupled_control;
  if (aggregator != nullptr) {
    input.aggregator_active = aggregator->active;
    input.aggregator_has_partner = aggregator->has_partner();
    input.others_ready = system_.others_ready(port);
    input.is_missed = aggregator->active && aggregator->has_partner() && system_.has_carried && !system_.distributes();
  }
  lacp::mux_tick(port, input);
  if (port.distributes && input.aggregator_has_partner) system_.has_carried = true;
  if (lacp::transmit_tick(port)) {
    const PortFacts* const known = facts.find(port.id);
    const MacAddress source = known != nullptr ? known->permanent_mac : system_.mac;
    const bool queued = actions.push_back(SendFrame{port.id, wire::build_lacpdu(source, port.actor, port.partner)});
    queued ? lacp::transmitted(port) : lacp::not_transmitted(port);
  }
  lacp::churn_tick(port);
  port.begin = false;
  tell_active(active_before, actions);
  tell_changes(port, actions);
}

void Ieee8023ad::tell_changes(const lacp::Port& port, ActionList& actions) {
  lacp::Glimpse& before = told_[port.id.index];
  lacp::tell_changes(system_, port, before, actions);
  before = lacp::glimpse(system_, port);
}

void Ieee8023ad::reselect(const BondFacts& facts, ActionList& actions) {
  const auto before = system_.active();
  lacp::select_active(system_, rule_of(facts.options));
  tell_active(before, actions);
}

void Ieee8023ad::tell_active(std::optional<std::uint8_t> before, ActionList& actions) const {
  const auto now = system_.active();
  if (now == before) return;
  if (!now) {
    actions.push_back(tell(std::nullopt, "no aggregator is active"));
    return;
  }
  const lacp::Aggregator& aggregator = system_.aggregators[*now];
  if (!aggregator.has_partner()) {
    actions.push_back(
        tell(std::nullopt, "Warning: No 802.3ad response from the link partner for any adapters in the bond"));
    return;
  }
  actions.push_back(tell(std::nullopt, "aggregator %u is active: %zu ports to %s",
                         static_cast<unsigned>(aggregator.number), system_.active_ports(*now),
                         lacp::mac_text(aggregator.partner_system).data()));
}

bool Ieee8023ad::carries(const lacp::Port& port) const noexcept {
  const lacp::Aggregator* const aggregator = system_.of(port);
  return aggregator != nullptr && aggregator->active && port.distributes && !port.held;
}

/// The kernel driver's rule: enough ports of the active aggregator have link, whatever their machines say. lacp_strict
/// and lacp_fallback=0 ask for ports that really carry.
bool Ieee8023ad::has_carrier(const BondFacts& facts) const {
  const auto active = system_.active();
  if (!active) return false;
  const auto carrying = static_cast<std::size_t>(
      std::count_if(system_.order.begin(), system_.order.end(), [&](PortId id) { return carries(system_.at(id)); }));
  const bool has_partner = system_.aggregators[*active].has_partner();
  if (facts.options.lacp_strict) return carrying >= std::max(1U, facts.options.min_links);
  if (!facts.options.lacp_fallback && !has_partner) return false;
  const std::size_t ready = system_.ready_ports(*active);
  return ready >= facts.options.min_links && (ready != 0 || system_.active_ports(*active) == 0);
}

bool Ieee8023ad::skip_updelay(const BondFacts& facts) const {
  return std::none_of(facts.ports.begin(), facts.ports.end(), [this](const PortFacts& port) {
    return port.link == LinkState::up && system_.holds(port.id) && carries(system_.at(port.id));
  });
}

ForwardingPlan Ieee8023ad::plan(const BondFacts& facts) const {
  ForwardingPlan plan;
  plan.carrier = has_carrier(facts);
  plan.punt = punt_slow_protocols;
  plan.transmit.hash_policy = facts.options.xmit_hash_policy;
  plan.transmit.copy_neighbours = facts.options.broadcast_neighbor;
  for (const PortFacts& known : facts.ports) {
    if (!system_.holds(known.id)) continue;
    const lacp::Port& port = system_.at(known.id);
    const lacp::Aggregator* const aggregator = system_.of(port);
    const bool collects = aggregator != nullptr && aggregator->active && is_sent_to(port, *aggregator);
    if (collects || facts.options.all_slaves_active) plan.ports[known.id.index].deliver = deliver_all;
    if (carries(port) && known.link == LinkState::up) plan.transmit.usable.push_back(known.id);
  }
  if (plan.transmit.usable.empty()) return plan;
  plan.transmit.spread = Spread::hash;
  if (facts.options.xmit_hash_resilient) spread_resiliently(plan.transmit, system_.order);
  return plan;
}

LacpStatus Ieee8023ad::lacp(const BondFacts& facts) const {
  LacpStatus status;
  status.system_priority = system_.priority;
  status.system = system_.mac;
  if (const auto active = system_.active()) {
    const lacp::Aggregator& aggregator = system_.aggregators[*active];
    status.active = LacpAggregatorStatus{aggregator.number, static_cast<std::uint16_t>(system_.active_ports(*active)),
                                         aggregator.actor_key, aggregator.partner_key, aggregator.partner_system};
  }
  for (const PortFacts& known : facts.ports) {
    if (!system_.holds(known.id)) continue;
    const lacp::Port& port = system_.at(known.id);
    const lacp::Aggregator* const aggregator = system_.of(port);
    LacpPortStatus one;
    one.port = known.id;
    one.aggregator = aggregator != nullptr ? aggregator->number : std::uint16_t{0};
    one.in_active_aggregator = aggregator != nullptr && aggregator->active;
    one.has_partner = port.receive == LacpReceiveState::current;
    one.actor = port.actor;
    one.partner = port.partner;
    one.heard_at = port.heard_at;
    one.heard_of_us = port.heard_of_us;
    one.receive = port.receive;
    one.mux = port.mux;
    one.actor_churn = port.actor_churn;
    one.partner_churn = port.partner_churn;
    one.actor_churned = port.actor_churned;
    one.partner_churned = port.partner_churned;
    one.counters = port.counters;
    status.ports.push_back(one);
    status.fallback = status.fallback || (carries(port) && !aggregator->has_partner());
  }
  return status;
}

}  // namespace bondbox

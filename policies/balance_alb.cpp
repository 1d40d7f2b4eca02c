#include "policies/balance_alb.hpp"

#include "hal/wire/ethernet.hpp"
#include "policies/speech_room.hpp"
#include "policies/tell.hpp"

namespace bondbox {
namespace {

constexpr std::uint32_t hearing_ticks_max = 100;
constexpr std::size_t source_at = 6;
constexpr std::size_t arp_sender_at = 8;  ///< of the ARP packet

bool is_going_back(PortId port, const BondFacts& facts) noexcept {
  const PortFacts* const found = facts.find(port);
  return found != nullptr && found->link == LinkState::back;
}

}  // namespace

void BalanceAlb::handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions) {
  now_ = now;
  // Before a new active port is chosen, as the driver does it: clients move first, then addresses.
  if (const auto* link = std::get_if<LinkChanged>(&event)) note_link(*link, facts, actions);
  if (const auto* removed = std::get_if<PortRemoved>(&event)) {
    receive_.port_lost(removed->port, facts);
    neighbours_.port_lost(removed->port, facts);
    receive_.hurry();
    neighbours_.hurry();
    returned_.forget(removed->port);
    if (hearing_ == removed->port) hearing_.reset();
  }
  if (std::holds_alternative<PortAdded>(event)) {
    receive_.order_spread();
    neighbours_.order_spread();
  }

  const BalancedPorts::Step step = ports_.handle(event, facts, now, actions);
  if (step.change) end_hearing(actions);
  // A port that was going back is up at once: no change of its link is told.
  if (step.change && step.change->to && is_going_back(*step.change->to, facts)) {
    receive_.order_spread();
    neighbours_.order_spread();
  }
  for (const MacNews& news : step.macs) {
    for (const PortId port : news.moved) {
      receive_.address_moved(port);
      neighbours_.address_moved(port);
    }
    if (news.deaf_mac) hear_for(*news.deaf_mac, actions);
  }
  if (step.tick) {
    if (hearing_ && ++hearing_ticks_ >= hearing_ticks_max) end_hearing(actions);
    receive_.tick(facts);
    neighbours_.tick(facts);
    if (lost_ != lost_told_) {
      actions.push_back(tell({}, "%llu ARP and ND frames of the host were lost: too many at once",
                             static_cast<unsigned long long>(lost_ - lost_told_)));
      lost_told_ = lost_;
    }
  }
  if (std::holds_alternative<Reconfigured>(event) && !facts.options.nd_balance) neighbours_.dismiss(active(), facts);
  if (const auto* punted = std::get_if<FramePunted>(&event)) take_frame(*punted, facts);
  returned_.give_due(now, [this](PortId port) { ports_.teach(port, ports_.macs().of(port)); });
  speak(facts, actions);
}

void BalanceAlb::note_link(const LinkChanged& link, const BondFacts& facts, ActionList& actions) {
  const PortFacts* const port = facts.find(link.port);
  if (port == nullptr) return;
  if (link.to == LinkState::up) {
    receive_.order_spread();
    neighbours_.order_spread();
    // Its address may have been heard for elsewhere; the switch must not wait for the next lesson.
    if (hearing_) {
      ports_.teach(link.port, port->mac);
      returned_.begin(link.port, now_);
    }
  }
  if (link.to == LinkState::down) {
    returned_.forget(link.port);
    receive_.port_lost(link.port, facts);
    neighbours_.port_lost(link.port, facts);
    if (link.port != active()) hear_for(port->mac, actions);
  }
}

/// Peers go on sending to the address of a port that hears nothing until they have been told otherwise: the active port
/// takes these frames for ten seconds.
void BalanceAlb::hear_for(const MacAddress& mac, ActionList& actions) {
  if (!active()) return;
  if (!hearing_) {
    hearing_ = active();
    actions.push_back(SetPortPromiscuous{*hearing_, true});
  }
  hearing_ticks_ = 0;
  ports_.teach(*hearing_, mac);
}

void BalanceAlb::end_hearing(ActionList& actions) {
  if (!hearing_) return;
  actions.push_back(SetPortPromiscuous{*hearing_, false});
  hearing_.reset();
}

void BalanceAlb::take_frame(const FramePunted& punted, const BondFacts& facts) {
  if (!punted.port) return send_for_host(punted.frame, facts);
  const auto view = wire::EthernetView::parse(punted.frame);
  if (!view) return;
  if (view->ethertype() == wire::ethertype::ipv6) neighbours_.received(*view, facts, ports_.macs());
  if (view->ethertype() != wire::ethertype::arp) return;
  if (const auto arp = wire::ArpView::parse(view->payload())) receive_.received(*arp, facts);
}

void BalanceAlb::send_for_host(wire::Bytes frame, const BondFacts& facts) {
  const auto view = wire::EthernetView::parse(frame);
  const PortList sending = sending_ports(facts);
  std::optional<PortId> port = active();
  const PortFacts* const active_facts = port ? facts.find(*port) : nullptr;
  if (!sending.empty() && (active_facts == nullptr || active_facts->link != LinkState::up)) port = sending[0];
  if (!view || !port) {
    ++lost_;
    return;
  }
  SendFrame out{*port, {}};
  for (const std::uint8_t byte : frame) out.bytes.push_back(byte);
  choose(*view, facts, out);
  if (out.port != active()) ports_.macs().of(out.port).store(out.bytes.data() + source_at);
  if (!unsent_.push_back(out)) ++lost_;
}

/// The port that one peer is to be answered on, and the address in the answer.
void BalanceAlb::choose(const wire::EthernetView& view, const BondFacts& facts, SendFrame& out) {
  if (view.ethertype() == wire::ethertype::ipv6) {
    const std::optional<PortId> port =
        facts.options.nd_balance ? neighbours_.sent(view, facts, active()) : std::nullopt;
    if (!port) return;
    const wire::MutableBytes bytes(out.bytes.data(), out.bytes.size());
    if (wire::replace_target_link(bytes, view.payload_offset(), ports_.macs().of(*port))) out.port = *port;
    return;
  }
  const auto arp = wire::ArpView::parse(view.payload());
  if (!arp) return;
  const ReceiveBalancer::Sent sent = receive_.sent(*arp, view.vlan(), facts, active(), ports_.macs());
  if (sent.port) out.port = *sent.port;
  if (sent.rewrite_sender) ports_.macs().of(out.port).store(out.bytes.data() + view.payload_offset() + arp_sender_at);
}

void BalanceAlb::speak(const BondFacts& facts, ActionList& actions) {
  while (!unsent_.empty() && may_send(actions)) {
    actions.push_back(unsent_[0]);
    unsent_.erase_at(0);
  }
  ports_.speak(facts, actions);
  receive_.speak(ports_.macs(), actions);
  neighbours_.speak(facts, ports_.macs(), actions);
}

ForwardingPlan BalanceAlb::plan(const BondFacts& facts) const {
  ForwardingPlan plan = ports_.plan(facts, BucketKey::destination_ip, deliver_unicast);
  plan.punt = punt_arp_received;
  if (facts.options.nd_balance) plan.punt |= punt_nd_received;
  if (plan.transmit.spread == Spread::nothing) return plan;
  plan.punt |= punt_arp_sent;
  if (facts.options.nd_balance) plan.punt |= punt_na_sent;
  return plan;
}

std::optional<Tick> BalanceAlb::next_deadline() const noexcept {
  std::optional<Tick> due = ports_.next_deadline();
  if (const auto lesson = returned_.next_deadline(); lesson && (!due || *lesson < *due)) due = lesson;
  if (unsent_.empty() && !receive_.waiting() && !neighbours_.waiting()) return due;
  const Tick next = now_ + ticks_from_ms(1);
  return due && *due < next ? due : next;
}

BalanceStatus BalanceAlb::balance(const BondFacts&) const {
  BalanceStatus status = ports_.status();
  status.clients = receive_.clients_of_ports();
  neighbours_.add_clients(status.clients);
  status.clients_replaced = receive_.replaced() + neighbours_.replaced();
  return status;
}

}  // namespace bondbox

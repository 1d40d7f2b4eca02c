#include "policies/lacp/receive.hpp"

namespace bondbox::lacp {
namespace {

constexpr bool same_aggregation(std::uint8_t a, std::uint8_t b) noexcept {
  return ((a ^ b) & lacp_state::aggregation) == 0;
}

/// Whether two descriptions name the same port of the same system under the same key.
bool same_port(const LacpEnd& a, const LacpEnd& b) noexcept {
  return a.port == b.port && a.port_priority == b.port_priority && a.system == b.system &&
         a.system_priority == b.system_priority && a.key == b.key;
}

void record_default(Port& port) noexcept {
  port.partner = silent_partner;
  port.set(lacp_state::defaulted);
}

/// update_Selected and update_Default_Selected: another partner than the one this port was selected for.
void update_selected(Port& port, const LacpEnd& partner) noexcept {
  if (!same_port(partner, port.partner) || !same_aggregation(partner.state, port.partner.state)) port.selected = false;
}

/// update_NTT: the partner's picture of us is out of date.
void update_ntt(Port& port, const LacpEnd& heard_of_us) noexcept {
  constexpr std::uint8_t bits =
      lacp_state::activity | lacp_state::timeout | lacp_state::synchronization | lacp_state::aggregation;
  if (!same_port(heard_of_us, port.actor) || ((heard_of_us.state ^ port.actor.state) & bits) != 0) port.ntt = true;
}

/// recordPDU, with choose_Matched: the partner is in sync only when it means this port, or an individual link.
void record_pdu(Port& port, const wire::LacpduView& pdu) noexcept {
  const LacpEnd heard_of_us = pdu.partner();
  port.partner = pdu.actor();
  port.matched = (same_port(heard_of_us, port.actor) && same_aggregation(heard_of_us.state, port.actor.state)) ||
                 !port.partner_has(lacp_state::aggregation);
  if (!port.matched) port.partner.state = static_cast<std::uint8_t>(port.partner.state & ~lacp_state::synchronization);
  port.clear(lacp_state::defaulted);
}

void enter_port_disabled(Port& port) noexcept {
  port.receive = LacpReceiveState::port_disabled;
  port.matched = false;
}

void initialize(Port& port) noexcept {
  port.lacp_enabled = port.is_full_duplex();
  port.selected = false;
  port.restart_churn = true;
  record_default(port);
  port.clear(lacp_state::expired);
  enter_port_disabled(port);
}

void enter_lacp_disabled(Port& port) noexcept {
  port.receive = LacpReceiveState::lacp_disabled;
  port.selected = false;
  record_default(port);
  port.matched = true;
  port.clear(lacp_state::expired);
}

void enter_expired(Port& port) noexcept {
  port.receive = LacpReceiveState::expired;
  port.matched = false;
  port.partner.state =
      static_cast<std::uint8_t>((port.partner.state & ~lacp_state::synchronization) | lacp_state::timeout);
  port.current_while = short_timeout_time;
  port.set(lacp_state::expired);
  port.restart_churn = true;
}

void enter_defaulted(Port& port) noexcept {
  port.receive = LacpReceiveState::defaulted;
  update_selected(port, silent_partner);
  record_default(port);
  port.matched = true;
  port.clear(lacp_state::expired);
}

}  // namespace

void receive_tick(Port& port) noexcept {
  if (port.begin) return initialize(port);
  if (!port.enabled) {
    if (port.receive != LacpReceiveState::port_disabled) enter_port_disabled(port);
    return;
  }
  if (port.current_while != 0 && --port.current_while == 0) {
    if (port.receive == LacpReceiveState::expired) enter_defaulted(port);
    if (port.receive == LacpReceiveState::current) enter_expired(port);
    return;
  }
  if (port.receive != LacpReceiveState::port_disabled) return;
  return port.lacp_enabled ? enter_expired(port) : enter_lacp_disabled(port);
}

void receive_pdu(Port& port, const wire::LacpduView& pdu) noexcept {
  const bool listens = port.receive == LacpReceiveState::expired || port.receive == LacpReceiveState::defaulted ||
                       port.receive == LacpReceiveState::current;
  // Observed kernel behaviour: a port that has only just got its link takes note of nothing yet.
  if (port.begin || !port.enabled || !listens) return;
  if (port.receive != LacpReceiveState::current) port.restart_churn = true;
  port.receive = LacpReceiveState::current;
  update_selected(port, pdu.actor());
  update_ntt(port, pdu.partner());
  record_pdu(port, pdu);
  port.current_while = port.has(lacp_state::timeout) ? short_timeout_time : long_timeout_time;
  port.clear(lacp_state::expired);
}

}  // namespace bondbox::lacp

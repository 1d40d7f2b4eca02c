#include "policies/lacp/mux.hpp"

#include <algorithm>

namespace bondbox::lacp {
namespace {

constexpr std::uint8_t sync = lacp_state::synchronization;

/// Observed kernel behaviour: an aggregator without a partner is not closed by its machines; it carries as it is.
void close_data_path(Port& port, const MuxInput& input) noexcept {
  port.clear(lacp_state::collecting | lacp_state::distributing);
  if (input.aggregator_has_partner) port.close();
}

void enter(Port& port, LacpMuxState state, const MuxInput& input) noexcept {
  port.mux = state;
  switch (state) {
    case LacpMuxState::detached:
      port.clear(sync);
      close_data_path(port, input);
      break;
    case LacpMuxState::waiting:
      port.wait_while_timer = aggregate_wait_time;
      return;
    case LacpMuxState::attached:
      if (input.aggregator_active)
        port.set(sync);
      else
        port.clear(sync);
      close_data_path(port, input);
      break;
    case LacpMuxState::collecting:
      port.set(sync | lacp_state::collecting);
      port.clear(lacp_state::distributing);
      port.collects = input.aggregator_active && port.enabled;
      port.distributes = false;
      break;
    case LacpMuxState::distributing:
    case LacpMuxState::collecting_distributing:
      port.set(sync | lacp_state::collecting | lacp_state::distributing);
      if (input.aggregator_active) port.open();
      break;
  }
  port.ntt = true;
}

void waiting_tick(Port& port, const MuxInput& input) noexcept {
  if (!port.selected) {
    port.ready_n = false;
    return enter(port, LacpMuxState::detached, input);
  }
  // Waiting lets several links come together; it must not lengthen an outage.
  if (input.is_missed) port.wait_while_timer = std::min<Timer>(port.wait_while_timer, 1);
  if (port.wait_while_timer != 0 && --port.wait_while_timer == 0) port.ready_n = true;
  if (port.wait_while_timer == 0 && port.ready_n && input.others_ready) enter(port, LacpMuxState::attached, input);
}

void attached_tick(Port& port, const MuxInput& input) noexcept {
  if (!port.selected) {
    port.ready_n = false;
    return enter(port, LacpMuxState::detached, input);
  }
  if (!input.aggregator_active) return;
  if (port.partner_has(sync)) {
    return enter(port, input.coupled ? LacpMuxState::collecting_distributing : LacpMuxState::collecting, input);
  }
  // What carried alone goes on when a partner is found, until that one has heard us and is not in sync all the same: no
  // machine would close it here.
  if (port.distributes && input.aggregator_has_partner && port.matched) port.close();
  if (!port.has(sync)) {  // the aggregator became the active one after the port was attached
    port.set(sync);
    port.ntt = true;
  }
}

}  // namespace

void mux_tick(Port& port, const MuxInput& input) noexcept {
  if (port.begin) return enter(port, LacpMuxState::detached, input);
  const bool in_sync = port.selected && port.partner_has(sync) && port.has(sync);
  switch (port.mux) {
    case LacpMuxState::detached:
      if (port.selected) enter(port, LacpMuxState::waiting, input);
      return;
    case LacpMuxState::waiting:
      return waiting_tick(port, input);
    case LacpMuxState::attached:
      return attached_tick(port, input);
    case LacpMuxState::collecting_distributing:
      if (!in_sync) return enter(port, LacpMuxState::attached, input);
      if (input.aggregator_active && !port.distributes) port.open();
      return;
    case LacpMuxState::collecting:
      if (!in_sync) return enter(port, LacpMuxState::attached, input);
      if (port.partner_has(lacp_state::collecting)) return enter(port, LacpMuxState::distributing, input);
      if (input.aggregator_active && !port.collects) port.collects = port.enabled;
      return;
    case LacpMuxState::distributing:
      if (!in_sync || !port.partner_has(lacp_state::collecting)) return enter(port, LacpMuxState::collecting, input);
      if (input.aggregator_active && !port.distributes) port.open();
      return;
  }
}

}  // namespace bondbox::lacp

#include "policies/lacp/transmit.hpp"

namespace bondbox::lacp {

bool may_speak(const Port& port) noexcept {
  return port.enabled && port.lacp_enabled && (port.has(lacp_state::activity) || !port.partner.system.is_zero());
}

bool transmit_tick(Port& port) noexcept {
  if (port.transmit_timer != 0 && --port.transmit_timer != 0) return false;
  port.transmit_timer = transmit_interval;
  if (!port.ntt) return false;
  if (!may_speak(port)) {
    port.ntt = false;
    return false;
  }
  return true;
}

void transmitted(Port& port) noexcept {
  port.ntt = false;
  ++port.counters.lacpdu_sent;
}

void not_transmitted(Port& port) noexcept {
  port.transmit_timer = 1;
}

}  // namespace bondbox::lacp

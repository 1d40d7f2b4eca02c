#include "policies/lacp/transmit.hpp"

namespace bondbox::lacp {

bool transmit_tick(Port& port) noexcept {
  if (port.transmit_timer != 0 && --port.transmit_timer != 0) return false;
  port.transmit_timer = transmit_interval;
  if (!port.ntt || !port.enabled || !port.lacp_enabled) return false;
  // 6.4.16: nothing is transmitted, and NTT is forgotten, while both ends are passive.
  if (!port.has(lacp_state::activity) && !port.partner_has(lacp_state::activity)) {
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

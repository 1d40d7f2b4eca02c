#include "policies/lacp/periodic.hpp"

#include <algorithm>

namespace bondbox::lacp {
namespace {

void enter(Port& port, PeriodicState state) noexcept {
  port.periodic = state;
  switch (state) {
    case PeriodicState::no_periodic:
      port.periodic_timer = 0;
      break;
    case PeriodicState::fast_periodic:
      port.periodic_timer = fast_periodic_time - 1;  // the tick spent in periodic_tx counts
      break;
    case PeriodicState::slow_periodic:
      port.periodic_timer = slow_periodic_time - 1;
      break;
    case PeriodicState::periodic_tx:
      port.periodic_timer = 0;
      port.ntt = true;
      break;
  }
}

}  // namespace

void periodic_tick(Port& port) noexcept {
  const bool both_passive = !port.has(lacp_state::activity) && !port.partner_has(lacp_state::activity);
  if (port.begin || !port.lacp_enabled || !port.enabled || both_passive) {
    return enter(port, PeriodicState::no_periodic);
  }
  const bool fast = port.partner_has(lacp_state::timeout);
  switch (port.periodic) {
    case PeriodicState::no_periodic:
      return enter(port, PeriodicState::fast_periodic);
    case PeriodicState::periodic_tx:
      return enter(port, fast ? PeriodicState::fast_periodic : PeriodicState::slow_periodic);
    case PeriodicState::fast_periodic:
      if (--port.periodic_timer == 0) return enter(port, PeriodicState::periodic_tx);
      if (!fast) enter(port, PeriodicState::slow_periodic);
      return;
    case PeriodicState::slow_periodic:
      if (--port.periodic_timer == 0 || fast) enter(port, PeriodicState::periodic_tx);
      return;
  }
}

void count_slept_ticks(Port& port, std::int64_t slept) noexcept {
  for (Timer* const timer : {&port.periodic_timer, &port.transmit_timer})
    if (*timer != 0) *timer = static_cast<Timer>(std::max<std::int64_t>(1, *timer - slept));
}

}  // namespace bondbox::lacp

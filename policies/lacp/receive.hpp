// The receive machine (802.1AX-2014 6.4.12): what is known of the partner, and for how long.
#pragma once

#include "hal/wire/slow_protocols.hpp"
#include "policies/lacp/port.hpp"

namespace bondbox::lacp {

/// One tick: a restart, a port without link, timers.
void receive_tick(Port& port) noexcept;

/// An LACPDU of another system. Runs at once, not at the next tick.
void receive_pdu(Port& port, const wire::LacpduView& pdu) noexcept;

}  // namespace bondbox::lacp

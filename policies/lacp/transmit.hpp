// The transmit machine (802.1AX-2014 6.4.16): when what is to be said is said.
#pragma once

#include "policies/lacp/port.hpp"

namespace bondbox::lacp {

/// Whether an LACPDU may leave at all: there is link, and the port is active or has been spoken to. A passive port
/// answers a passive partner too, as the kernel driver does; only periodic transmission stops then.
bool may_speak(const Port& port) noexcept;

/// One tick; true: an LACPDU is to leave now. Observed kernel behaviour: each port may speak in one tick out of three.
/// `ntt` stays until the caller says that the frame is on its way.
bool transmit_tick(Port& port) noexcept;
void transmitted(Port& port) noexcept;
/// The frame found no room: the next tick asks again.
void not_transmitted(Port& port) noexcept;

}  // namespace bondbox::lacp

// The transmit machine (802.1AX-2014 6.4.16): when what is to be said is said.
#pragma once

#include "policies/lacp/port.hpp"

namespace bondbox::lacp {

/// One tick; true: an LACPDU is to leave now. Observed kernel behaviour: each port may speak in one tick out of three.
/// `ntt` stays until the caller says that the frame is on its way.
bool transmit_tick(Port& port) noexcept;
void transmitted(Port& port) noexcept;
/// The frame found no room: the next tick asks again.
void not_transmitted(Port& port) noexcept;

}  // namespace bondbox::lacp

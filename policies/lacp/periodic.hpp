// The periodic transmission machine (802.1AX-2014 6.4.13): how often the partner wants to hear from us.
#pragma once

#include "policies/lacp/port.hpp"

namespace bondbox::lacp {

/// One tick. Silent while neither end is active: a passive port speaks when it is spoken to.
void periodic_tick(Port& port) noexcept;

}  // namespace bondbox::lacp

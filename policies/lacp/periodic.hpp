// The periodic transmission machine (802.1AX-2014 6.4.13): how often the partner wants to hear from us.
#pragma once

#include "policies/lacp/port.hpp"

namespace bondbox::lacp {

/// One tick. Silent while neither end is active: a passive port speaks when it is spoken to.
void periodic_tick(Port& port) noexcept;

/// So many ticks have passed without one: what is due by now is due in the next tick, this machine's and transmit's.
void count_slept_ticks(Port& port, std::int64_t slept) noexcept;

}  // namespace bondbox::lacp

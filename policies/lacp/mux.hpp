// The mux machine (802.1AX-2014 6.4.15), with coupled control of collecting and distributing (figure 6-22) or, with
// coupled_control=0, one after the other (figure 6-21).
#pragma once

#include "policies/lacp/port.hpp"

namespace bondbox::lacp {

/// What the machine must know beside the port.
struct MuxInput {
  bool aggregator_active = false;
  bool aggregator_has_partner = false;
  bool others_ready = true;  ///< every other port of the aggregator has Ready_N
  bool coupled = true;       ///< coupled_control
  bool is_missed = false;    ///< nobody carries any more what some port has carried: do not wait for others
};

/// One tick.
void mux_tick(Port& port, const MuxInput& input) noexcept;

}  // namespace bondbox::lacp

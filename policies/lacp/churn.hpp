// The churn detection machines (802.1AX-2014 6.4.17): whether an end fails to get in sync in 60 s.
#pragma once

#include "policies/lacp/port.hpp"

namespace bondbox::lacp {

/// One tick. As the kernel driver runs them: monitoring starts anew with each restart and each change of partner, and
/// the verdict after 60 s stays.
void churn_tick(Port& port) noexcept;

}  // namespace bondbox::lacp

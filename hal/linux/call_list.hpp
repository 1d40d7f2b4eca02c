// The system calls of a daemon that has started, and no others: what it does with the kernel from then on, and what
// the C library does for it, on each architecture and with older and newer kernels.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "hal/linux/call_filter.hpp"

namespace bondbox::lnx {

/// `own_pid` is the process that may be sent signals by tgkill(2), as abort(3) does.
std::vector<CallRule> daemon_calls(int own_pid);

/// This program's architecture, as seccomp tells it (AUDIT_ARCH_*); 0: none for which refused calls can be answered.
std::uint32_t own_architecture();

}  // namespace bondbox::lnx

// What is said when the kernel does not take a part of the offload.
#pragma once

#include <string>

#include "hal/outcome.hpp"

namespace bondbox::lnx {

/// "the kernel refuses WHAT: WHY (needs CAP_BPF): the verifier's words".
Outcome refused(int error, const std::string& what, const std::string& complaint = {});

/// The kernel has no clsact qdisc, or none that takes programs; tcx may do.
bool means_no_clsact(int error) noexcept;

}  // namespace bondbox::lnx

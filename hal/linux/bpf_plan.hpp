// A plan as the programs in bpf/ read it, and which copy of the egress program it takes.
#pragma once

#include "hal/linux/bpf/layout.hpp"

namespace bondbox::lnx {

/// What of the plan the egress program depends on; what makes no difference is left 0, so that one copy of the program
/// serves as many plans as can be.
BpfKind kind_of(const wire::FastPlan& plan) noexcept;

/// A plan by which nothing may leave (fast_nothing) fits any kind, and takes this one.
BpfPlan lay_out(const wire::FastPlan& plan, const BpfKind& kind) noexcept;

}  // namespace bondbox::lnx

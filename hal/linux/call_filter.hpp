// From a list of system calls to the classic BPF program by which the kernel lets them through (seccomp(2)). Nothing
// here knows which calls those are: hal/linux/call_list.hpp does.
#pragma once

#include <linux/filter.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "hal/wire/fixed_vector.hpp"

namespace bondbox::lnx {

/// What an argument has to be: one of `values` under `mask`. Of an argument only the lower 32 bits are looked at, so it
/// is for those that the kernel takes as an int, or whose bits above do not matter.
struct CallCondition {
  unsigned argument = 0;  ///< 0 to 5
  std::uint32_t mask = ~0U;
  std::span<const std::uint32_t> values;  ///< must outlive the compilation
};

/// A call that is let through when all conditions hold. There may be several for one number: any of them will do.
struct CallRule {
  std::uint32_t number = 0;
  FixedVector<CallCondition, 3> conditions;
  std::uint32_t result = 0;  ///< a seccomp action other than to allow it; 0: allow
};

/// `refusal` is the action (SECCOMP_RET_*) for every other call, and for calls of another architecture than this
/// (AUDIT_ARCH_*). Finds its way by halving, so that the most frequent calls need not be known.
std::vector<sock_filter> compile_calls(std::vector<CallRule> rules, std::uint32_t architecture, std::uint32_t refusal);

}  // namespace bondbox::lnx

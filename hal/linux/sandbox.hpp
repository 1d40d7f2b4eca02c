// Where a daemon that has started lives: with few capabilities and few system calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hal/linux/capabilities.hpp"
#include "hal/outcome.hpp"

namespace bondbox::lnx {

struct SandboxState {
  CapabilitySet capabilities = 0;
  bool calls_are_filtered = false;
  std::string lack;  ///< why they are not, a sentence for the log
};

/// Locks this process in, for good, and all threads that it starts from here on; to be called while there is one.
/// Of all groups beside its first it stays in `group` alone, to which it can give files then. A kernel that cannot
/// filter system calls is no failure; rights that cannot be given up are.
Result<SandboxState> enter_sandbox(std::optional<unsigned> group = std::nullopt);

/// A system call that was refused. Calls are refused with EPERM; nothing else happens to the process.
struct RefusedCall {
  std::uint64_t count = 0;
  int number = 0;  ///< of the last one, as this architecture counts
};
/// From any thread.
RefusedCall refused_calls() noexcept;

}  // namespace bondbox::lnx

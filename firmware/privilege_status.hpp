// What the program may do to the machine, and others to it, as status tells it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bondbox {

struct PrivilegeStatus {
  bool sandbox = false;                   ///< what is not needed was given up
  std::vector<std::string> capabilities;  ///< that it has: "CAP_NET_ADMIN"
  bool calls_are_filtered = false;        ///< by seccomp
  std::string reason;                     ///< why not, where it was meant
  std::uint64_t refused_calls = 0;        ///< system calls
  std::uint64_t refused_commands = 0;     ///< of readers who asked for more than to read, or were too many
};

}  // namespace bondbox

// What the program may do to the machine, as status tells it.
#pragma once

#include <string>
#include <vector>

namespace bondbox {

struct PrivilegeStatus {
  bool sandbox = false;                   ///< what is not needed was given up
  std::vector<std::string> capabilities;  ///< that it has: "CAP_NET_ADMIN"
};

}  // namespace bondbox

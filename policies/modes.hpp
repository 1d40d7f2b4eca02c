// The one place that knows which modes there are.
#pragma once

#include <string>
#include <variant>

#include "policies/active_backup.hpp"

namespace bondbox {

using AnyPolicy = std::variant<ActiveBackup>;

/// Whether this build has a policy for the mode.
constexpr bool mode_available(Mode mode) noexcept {
  return mode == Mode::active_backup;
}

/// "active-backup (1)", the modes that mode_available() says yes to, separated by commas.
std::string available_modes();

/// A fresh policy for a mode that is available.
inline AnyPolicy make_policy(Mode) {
  return ActiveBackup{};
}

}  // namespace bondbox

// How much of an ActionList a policy may fill with frames that can wait.
#pragma once

#include "policies/policy.hpp"

namespace bondbox {

/// Room that stays for what a decision must do at once: addresses that move, a new active port.
inline constexpr std::size_t actions_kept_free = 16;

/// Whether `count` more frames may be sent in this step; what may not is said in one of the next.
inline bool may_send(const ActionList& actions, std::size_t count = 1) noexcept {
  return actions.size() + count + actions_kept_free <= ActionList::capacity();
}

}  // namespace bondbox

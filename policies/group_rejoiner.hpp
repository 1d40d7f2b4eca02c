// When the host's multicast groups are joined again after the active port changed (resend_igmp).
#pragma once

#include <cstdint>
#include <optional>

#include "policies/policy.hpp"

namespace bondbox {

/// RejoinGroups one tick of the kernel driver's clock (10 ms) after the active port changed, then every 200 ms, as
/// often as resend_igmp says, while bond0 is up (reference: the driver's resend_igmp). A further change begins anew.
/// For modes 0, 1, 5 and 6: the policy hands on every event and adds next_deadline() to its own.
class GroupRejoiner {
 public:
  /// Another port is active from now on.
  void start(const BondFacts& facts, Tick now) noexcept;
  /// To be told of every event, before or after the policy has dealt with it.
  void handle(const PolicyEvent& event, const BondFacts& facts, Tick now, ActionList& actions);
  void stop() noexcept { left_ = 0; }

  std::optional<Tick> next_deadline() const noexcept { return left_ != 0 ? std::optional(due_) : std::nullopt; }
  template <class A>
  void archive(A& a) {
    a(left_, due_);
  }

 private:
  std::uint8_t left_ = 0;  ///< reports still to be sent
  Tick due_{};             ///< when the next of them is
};

}  // namespace bondbox

// Whose turn it is to receive for the next peer of a balance-alb bond.
#pragma once

#include <optional>

#include "policies/policy.hpp"

namespace bondbox {

class PortTurn {
 public:
  /// The port after the one that was given last, the fastest of those that can send only.
  std::optional<PortId> next(const BondFacts& facts) noexcept;
  template <class A>
  void archive(A& a) {
    a(last_);
  }

 private:
  std::optional<PortId> last_;
};

}  // namespace bondbox

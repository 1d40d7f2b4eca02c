#include "policies/modes.hpp"

namespace bondbox {

AnyPolicy make_policy(Mode mode) {
  switch (mode) {
    case Mode::balance_rr:
      return BalanceRr{};
    case Mode::balance_xor:
      return BalanceXor{};
    case Mode::broadcast:
      return Broadcast{};
    case Mode::lacp_8023ad:
      return Ieee8023ad{};
    case Mode::balance_tlb:
      return BalanceTlb{};
    case Mode::balance_alb:
      return BalanceAlb{};
    case Mode::active_backup:
      break;
  }
  return ActiveBackup{};
}

std::optional<LacpStatus> lacp_status(const AnyPolicy& policy, const BondFacts& facts) {
  return std::visit(
      [&facts](const auto& mode) -> std::optional<LacpStatus> {
        if constexpr (requires { mode.lacp(facts); })
          return mode.lacp(facts);
        else
          return std::nullopt;
      },
      policy);
}

std::optional<BalanceStatus> balance_status(const AnyPolicy& policy, const BondFacts& facts) {
  return std::visit(
      [&facts](const auto& mode) -> std::optional<BalanceStatus> {
        if constexpr (requires { mode.balance(facts); })
          return mode.balance(facts);
        else
          return std::nullopt;
      },
      policy);
}

}  // namespace bondbox

// The one place that knows which modes there are.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "policies/active_backup.hpp"
#include "policies/balance_alb.hpp"
#include "policies/balance_rr.hpp"
#include "policies/balance_status.hpp"
#include "policies/balance_tlb.hpp"
#include "policies/balance_xor.hpp"
#include "policies/broadcast.hpp"
#include "policies/ieee_802_3ad.hpp"
#include "policies/lacp/status.hpp"
#include "policies/selection.hpp"

namespace bondbox {

using AnyPolicy = std::variant<ActiveBackup, BalanceRr, BalanceXor, Broadcast, Ieee8023ad, BalanceTlb, BalanceAlb>;

/// Modes with a "Currently Active Slave": primary, prio, active_slave mean something there.
constexpr bool has_active_port(Mode mode) noexcept {
  return uses_primary(mode);
}
/// Modes whose ports keep addresses of their own; the policy swaps them as it needs. In the others all ports carry the
/// bond's, as far as fail_over_mac lets them.
constexpr bool has_distinct_port_macs(Mode mode) noexcept {
  return mode == Mode::balance_tlb || mode == Mode::balance_alb;
}
/// Modes in which the ARP monitor works.
constexpr bool has_arp_monitor(Mode mode) noexcept {
  return mode <= Mode::broadcast;
}

/// A fresh policy.
AnyPolicy make_policy(Mode mode);

/// What the policy shows beyond what every mode has; none where it has nothing.
std::optional<LacpStatus> lacp_status(const AnyPolicy& policy, const BondFacts& facts);
std::optional<BalanceStatus> balance_status(const AnyPolicy& policy, const BondFacts& facts);

}  // namespace bondbox

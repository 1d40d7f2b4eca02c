#include "policies/lacp/churn.hpp"

namespace bondbox::lacp {
namespace {

void judge(LacpChurn& churn, Timer& timer, std::uint32_t& churned, bool in_sync) noexcept {
  if (timer == 0 || --timer != 0 || churn != LacpChurn::monitoring) return;
  churn = in_sync ? LacpChurn::none : LacpChurn::churned;
  if (!in_sync) ++churned;
}

}  // namespace

void churn_tick(Port& port) noexcept {
  if (port.restart_churn) {
    port.restart_churn = false;
    port.actor_churn = port.partner_churn = LacpChurn::monitoring;
    port.actor_churn_timer = port.partner_churn_timer = churn_detection_time;
    return;
  }
  judge(port.actor_churn, port.actor_churn_timer, port.actor_churned, port.has(lacp_state::synchronization));
  judge(port.partner_churn, port.partner_churn_timer, port.partner_churned,
        port.partner_has(lacp_state::synchronization));
}

}  // namespace bondbox::lacp

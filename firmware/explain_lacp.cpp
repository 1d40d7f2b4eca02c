// 802.3ad: what keeps a port whose link is up out of the active aggregator, named by the field that differs.
#include "firmware/explain_words.hpp"
#include "firmware/option_table.hpp"
#include "firmware/text.hpp"

namespace bondbox {
namespace {

bool says(const LacpEnd& end, std::uint8_t bit) {
  return (end.state & bit) != 0;
}

const char* receive_name(LacpReceiveState state) {
  switch (state) {
    case LacpReceiveState::initialize:
      return "INITIALIZE";
    case LacpReceiveState::port_disabled:
      return "PORT_DISABLED";
    case LacpReceiveState::lacp_disabled:
      return "LACP_DISABLED";
    case LacpReceiveState::expired:
      return "EXPIRED";
    case LacpReceiveState::defaulted:
      return "DEFAULTED";
    case LacpReceiveState::current:
      return "CURRENT";
  }
  return "unknown";
}

/// No LACPDU of a partner is in force.
Explanation without_partner(const BondStatus& bond, const PortStatus& port, const LacpPortStatus& lacp) {
  const char* const state = receive_name(lacp.receive);
  if (port.speed_mbps == 0 || port.duplex == Duplex::unknown) return say(Said::lacp_no_speed, {port.name});
  if (lacp.counters.loopback_received != 0 && !lacp.heard_at) return say(Said::lacp_loop);
  if (lacp.receive == LacpReceiveState::lacp_disabled || port.duplex == Duplex::half)
    return say(Said::lacp_half_duplex);
  const bool is_passive = !bond.options.lacp_active;
  if (lacp.heard_at) {
    const std::string silent_for = duration_text((bond.at - *lacp.heard_at).count);
    // Its last word is in force until it is defaulted.
    const bool far_is_passive = lacp.receive == LacpReceiveState::expired && !says(lacp.partner, lacp_state::activity);
    if (is_passive && far_is_passive) return say(Said::lacp_both_passive, {silent_for});
    // It falls silent by itself then, and speaks again each 30 s.
    const bool did_not_hear =
        lacp.receive == LacpReceiveState::expired && says(lacp.partner, lacp_state::expired | lacp_state::defaulted);
    if (did_not_hear) return say(Said::lacp_stopped_deaf, {silent_for, state, port.name});
    return say(Said::lacp_stopped, {silent_for, state});
  }
  if (is_passive) return say(Said::lacp_passive, {state});
  return say(Said::lacp_never, {duration_text(port.in_state_for.count), state});
}

/// What the far end says of us is not who we are: nullopt where it is.
std::optional<Explanation> mistaken(const PortStatus& port, const LacpPortStatus& lacp) {
  const LacpEnd& of_us = lacp.heard_of_us;
  if (of_us.system.is_zero()) return say(Said::lacp_one_way, {port.name});
  if (of_us.system == lacp.actor.system && of_us.port == lacp.actor.port && of_us.key == lacp.actor.key)
    return std::nullopt;
  return say(Said::lacp_taken_for_other, {std::to_string(of_us.port), of_us.system.text(), std::to_string(of_us.key)});
}

/// It has a partner, and is in another aggregator than the active one, or in none.
Explanation elsewhere(const BondStatus& bond, const PortStatus& port, const LacpPortStatus& lacp) {
  const LacpAggregatorStatus& active = *bond.lacp->active;
  if (!says(lacp.actor, lacp_state::aggregation)) return say(Said::lacp_half_duplex);
  if (!says(lacp.partner, lacp_state::aggregation)) return say(Said::lacp_far_individual);
  if (lacp.partner.system != active.partner_system && !active.partner_system.is_zero())
    return say(Said::lacp_other_system, {lacp.partner.system.text(), active.partner_system.text()});
  // Before the partner's: with the speed of a cable both ends' keys differ.
  if (lacp.actor.key != active.actor_key) {
    return say(Said::lacp_own_key, {std::to_string(lacp.actor.key), std::to_string(active.actor_key), port.name,
                                    std::to_string(port.speed_mbps)});
  }
  if (lacp.partner.key != active.partner_key && !active.partner_system.is_zero())
    return say(Said::lacp_partner_key, {std::to_string(lacp.partner.key), std::to_string(active.partner_key)});
  if (lacp.aggregator == 0) return say(Said::lacp_deciding);
  return say(Said::lacp_other_aggregator,
             {std::to_string(lacp.aggregator), std::to_string(active.number),
              option_value_name("ad_select", static_cast<std::int64_t>(bond.options.ad_select))});
}

/// In the active aggregator, on its way through the mux machine.
Explanation on_its_way(const PortStatus& port, const LacpPortStatus& lacp) {
  switch (lacp.mux) {
    case LacpMuxState::detached:
      break;
    case LacpMuxState::waiting:
      return say(Said::lacp_waiting);
    case LacpMuxState::attached:
      if (says(lacp.partner, lacp_state::synchronization)) return say(Said::lacp_attached);
      if (auto told = mistaken(port, lacp)) return *std::move(told);
      return say(Said::lacp_out_of_sync);
    case LacpMuxState::collecting:
      return say(says(lacp.partner, lacp_state::collecting) ? Said::lacp_collecting : Said::lacp_far_not_collecting);
    case LacpMuxState::distributing:
    case LacpMuxState::collecting_distributing:
      break;
  }
  return say(Said::lacp_deciding);
}

Explanation carrying(const BondStatus& bond, const LacpPortStatus& lacp) {
  if (!lacp.has_partner) return say(Said::lacp_fallback);
  const std::string number = std::to_string(lacp.aggregator);
  const std::string partner = lacp.partner.system.text();
  if (!bond.carrier && bond.options.min_links > bond.plan.transmit.usable.size())
    return say(Said::lacp_carries_in_vain, {number, partner, std::to_string(bond.options.min_links)});
  Explanation told = say(Said::lacp_carries, {number, partner});
  put_remedy(told, bond.plan.transmit.usable.size() > 1 ? Said::lacp_moves : Said::lacp_no_other);
  return told;
}

}  // namespace

Explanation explain_lacp_port(const BondStatus& bond, const PortStatus& port) {
  const LacpPortStatus* const lacp = bond.lacp ? bond.lacp->find(port.id) : nullptr;
  if (lacp == nullptr) return say(Said::lacp_deciding);
  if (port.carries) return carrying(bond, *lacp);
  const bool silent = !lacp->has_partner || lacp->receive != LacpReceiveState::current;
  if (silent) return without_partner(bond, port, *lacp);
  if (!bond.lacp->active) return say(Said::lacp_deciding);
  Explanation told = lacp->in_active_aggregator ? on_its_way(port, *lacp) : elsewhere(bond, port, *lacp);
  const bool is_churned = lacp->actor_churn == LacpChurn::churned || lacp->partner_churn == LacpChurn::churned;
  if (is_churned && lacp->mux != LacpMuxState::collecting_distributing) add_part(told, Said::lacp_churned);
  return told;
}

}  // namespace bondbox

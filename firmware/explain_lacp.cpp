// 802.3ad: what keeps a port whose link is up out of the active aggregator, named by the field that differs.
#include "firmware/explain.hpp"
#include "firmware/text.hpp"

namespace bondbox {
namespace {

Explanation idle(std::string cause, std::string remedy) {
  return {std::string(carries_nothing), std::move(cause), std::move(remedy)};
}

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
  const std::string state = std::string(" (receive state ") + receive_name(lacp.receive) + ")";
  if (port.speed_mbps == 0 || port.duplex == Duplex::unknown) {
    return idle("its driver does not tell its speed and duplex, without which 802.3ad does not aggregate",
                "See what ethtool shows of " + port.name);
  }
  const bool only_ours = lacp.counters.lacpdu_received == lacp.counters.loopback_received;
  if (lacp.counters.loopback_received != 0 && only_ours) {
    return idle("our own LACPDUs come back on it: its cable ends in a loop", "Connect it to another system");
  }
  if (lacp.receive == LacpReceiveState::lacp_disabled || port.duplex == Duplex::half) {
    return idle("it runs in half duplex, in which 802.3ad does not aggregate",
                "Set both ends of its cable to full duplex");
  }
  if (lacp.counters.lacpdu_received != 0) {
    return idle("the far end's LACPDUs have stopped coming" + state,
                "See whether LACP still runs on the port at the far end");
  }
  if (!bond.options.lacp_active) {
    return idle("with lacp_active=off it speaks only when spoken to, and the far end is silent" + state,
                "Write lacp_active=on, or make the far end speak first");
  }
  return idle("no LACPDU has come from the far end" + state, "Turn LACP on at the port at the far end");
}

/// It has a partner, and is in another aggregator than the active one, or in none.
Explanation elsewhere(const PortStatus& port, const LacpPortStatus& lacp, const LacpAggregatorStatus& active) {
  if (!says(lacp.actor, lacp_state::aggregation)) {
    return idle("it is individual: it runs in half duplex, in which 802.3ad does not aggregate",
                "Set both ends of its cable to full duplex");
  }
  if (!says(lacp.partner, lacp_state::aggregation)) {
    return idle("the far end calls its port individual", "Put the port at the far end into the group of the others");
  }
  if (lacp.partner.system != active.partner_system) {
    const std::string others = active.partner_system.is_zero() ? "the active aggregator has none"
                                                               : "the other ports' is " + active.partner_system.text();
    return idle("its partner is system " + lacp.partner.system.text() + ", " + others,
                "Connect it to the same system as the others");
  }
  if (lacp.partner.key != active.partner_key) {
    return idle(format("partner key %u, the other ports' partner key is %u", lacp.partner.key, active.partner_key),
                "Put the port at the far end into the group of the others");
  }
  if (lacp.actor.key != active.actor_key) {
    return idle(format("its own key is %u, the other ports' key is %u: speed or duplex differs", lacp.actor.key,
                       active.actor_key),
                format("Give all ports one speed; %s runs at %u Mbit/s", port.name.c_str(), port.speed_mbps));
  }
  if (lacp.aggregator == 0) return idle("it has not been given an aggregator yet", std::string(nothing_to_do));
  return idle(format("it is in aggregator %u, and aggregator %u is the active one", lacp.aggregator, active.number),
              "The option ad_select says which aggregator is active, and when it is chosen anew");
}

/// In the active aggregator, on its way through the mux machine.
Explanation on_its_way(const LacpPortStatus& lacp) {
  switch (lacp.mux) {
    case LacpMuxState::detached:
      return idle("it has been chosen and is not attached yet (mux state DETACHED)", std::string(nothing_to_do));
    case LacpMuxState::waiting:
      return idle("it waits 2 s for ports that come up together to join together (mux state WAITING)",
                  std::string(nothing_to_do));
    case LacpMuxState::attached:
      if (!says(lacp.partner, lacp_state::synchronization)) {
        return idle("partner not in sync: the far end has not put its port into the group (mux state ATTACHED)",
                    "See why the far end leaves its port out");
      }
      return idle("it is about to collect (mux state ATTACHED)", std::string(nothing_to_do));
    case LacpMuxState::collecting:
      if (!says(lacp.partner, lacp_state::collecting)) {
        return idle("it collects and does not distribute: the far end does not collect yet (mux state COLLECTING)",
                    "See why the far end does not collect on its port");
      }
      return idle("it collects and is about to distribute (mux state COLLECTING)", std::string(nothing_to_do));
    case LacpMuxState::distributing:
    case LacpMuxState::collecting_distributing:
      break;
  }
  return idle("it may distribute, and the plan does not use it yet", std::string(nothing_to_do));
}

Explanation carrying(const BondStatus& bond, const LacpPortStatus& lacp) {
  const std::string leaves = bond.plan.transmit.usable.size() > 1
                                 ? "Its share moves to the other ports when it loses its link or its partner"
                                 : "No other port of its aggregator could take over";
  if (!lacp.has_partner) {
    return {std::string(carries_traffic), "no partner speaks LACP, and without any partner one port carries",
            "Turn LACP on at the far end to use all ports"};
  }
  const std::string cause =
      format("it distributes in aggregator %u, with partner %s", lacp.aggregator, lacp.partner.system.text().c_str());
  if (!bond.carrier && bond.options.min_links > bond.plan.transmit.usable.size()) {
    return {std::string(carries_traffic),
            cause + format(", but min_links=%u takes the carrier away", bond.options.min_links),
            "Repair the other ports, or write a smaller min_links"};
  }
  return {std::string(carries_traffic), cause, leaves};
}

}  // namespace

Explanation explain_lacp_port(const BondStatus& bond, const PortStatus& port) {
  const LacpPortStatus* const lacp = bond.lacp ? bond.lacp->find(port.id) : nullptr;
  if (lacp == nullptr) return idle("LACP does not know it yet", std::string(nothing_to_do));
  if (port.carries) return carrying(bond, *lacp);
  const bool silent = !lacp->has_partner || lacp->receive != LacpReceiveState::current;
  if (silent) return without_partner(bond, port, *lacp);
  if (!bond.lacp->active) return idle("no aggregator is active yet", std::string(nothing_to_do));
  if (!lacp->in_active_aggregator) return elsewhere(port, *lacp, *bond.lacp->active);
  return on_its_way(*lacp);
}

}  // namespace bondbox

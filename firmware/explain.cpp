#include "firmware/explain.hpp"

#include <algorithm>
#include <array>

#include "firmware/option_table.hpp"
#include "firmware/render.hpp"
#include "firmware/text.hpp"
#include "policies/modes.hpp"

namespace bondbox {
namespace {

Explanation carries(std::string cause, std::string remedy) {
  return {std::string(carries_traffic), std::move(cause), std::move(remedy)};
}

Explanation idle(std::string cause, std::string remedy) {
  return {std::string(carries_nothing), std::move(cause), std::move(remedy)};
}

const PortStatus* find_port(const BondStatus& bond, PortId id) {
  for (const PortStatus& port : bond.ports)
    if (port.id == id) return &port;
  return nullptr;
}

std::string span_text(Ticks span) {
  return duration_text(span.count);
}

/// "eth0, eth1 and eth2"
std::string list_text(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "" : i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

std::string targets_text(const BondOptions& options) {
  std::vector<std::string> names;
  for (const IpAddress& target : options.arp_ip_targets) names.push_back(target.text());
  for (const IpAddress& target : options.ns_ip6_targets) names.push_back(target.text());
  return list_text(names);
}

/// The first port after this one that would send in its stead; null: none.
const PortStatus* stand_in_of(const BondStatus& bond, PortId id) {
  for (const PortList* ports : {&bond.plan.transmit.usable, &bond.plan.transmit.fallback}) {
    for (const PortId other : *ports) {
      const PortStatus* const port = find_port(bond, other);
      if (other != id && port != nullptr && port->link == LinkState::up) return port;
    }
  }
  return nullptr;
}

std::string used_after(const BondOptions& options) {
  if (options.updelay_ms == 0) return "it is used as soon as it has link again";
  return "it is used " + duration_text(options.updelay_ms) + " after it has link again (updelay)";
}

// --- a port whose link is not up -------------------------------------------------------------------------------------

Explanation down_port(const BondStatus& bond, const PortStatus& port) {
  if (bond.options.is_judged_by_arp()) {
    const std::string targets = targets_text(bond.options);
    if (targets.empty()) return idle("the ARP monitor has no target to ask", "Give it one: arp_ip_target");
    return idle(
        "no answer from " + targets + " has come in on it; it has been down for " + span_text(port.in_state_for),
        "Check that the way from " + port.name + " to a target works; one answer is enough");
  }
  return idle("it has had no link for " + span_text(port.in_state_for),
              "Check its cable and the port at the far end; " + used_after(bond.options));
}

Explanation away_port(const PortStatus& port) {
  const std::string how = port.away == Away::down ? " (set down)" : " (only taken as if it had no link)";
  return idle("it is away for a drill" + how, "It is given back by itself in " + span_text(port.away_left));
}

Explanation failing_port(const BondStatus& bond, const PortStatus& port) {
  std::string cause = "it has lost its link and is given up in " + span_text(port.delay_left) + " (downdelay)";
  if (const PortStatus* const other = stand_in_of(bond, port.id); other != nullptr && port.carries) {
    cause += "; until then its frames leave on " + other->name;
  }
  return idle(std::move(cause),
              "Nothing needs to be done if the link comes back by then; a smaller downdelay gives it "
              "up sooner");
}

Explanation returning_port(const PortStatus& port) {
  return idle("it has link again and is used in " + span_text(port.delay_left) + " (updelay)",
              std::string(nothing_to_do) + "; a smaller updelay uses it sooner");
}

// --- modes with an active port ---------------------------------------------------------------------------------------

std::string activate_command(const BondStatus& bond, const PortStatus& port) {
  return "\"bondbox activate " + bond.name + " " + port.name + "\"";
}

std::string what_replaces(const BondStatus& bond, const PortStatus& port) {
  const PortStatus* const other = stand_in_of(bond, port.id);
  if (other == nullptr) return "No other port could take over: none has a working link";
  return other->name + " takes over when " + port.name + " loses its link, or with " + activate_command(bond, *other);
}

/// Why the primary, though it works, is not the active port.
std::string why_not_primary(const BondOptions& options, const PortStatus& port) {
  if (port.revert_left.count != 0 && options.primary_reselect != PrimaryReselect::failure)
    return "it is the primary, and may take over in " + span_text(port.revert_left) + " (revert_delay)";
  switch (options.primary_reselect) {
    case PrimaryReselect::failure:
      return "it is the primary, but with primary_reselect=failure it waits until the active port fails";
    case PrimaryReselect::better:
      return "it is the primary, but with primary_reselect=better it waits until it is faster than the active port";
    case PrimaryReselect::always:
      break;
  }
  return "it is the primary, but another port was made the active one by hand";
}

Explanation backup_port(const BondStatus& bond, const PortStatus& port) {
  const auto active =
      std::find_if(bond.ports.begin(), bond.ports.end(), [&](const PortStatus& other) { return other.active; });
  if (active == bond.ports.end())
    return idle("no port is active", "Make it the active one: " + activate_command(bond, port));
  const std::string by_hand = "or with " + activate_command(bond, port);
  if (active->link == LinkState::fail) {
    return idle("it stands by and sends what " + active->name + " cannot: that one is going down",
                "It takes over in " + span_text(active->delay_left) + " (downdelay), " + by_hand);
  }
  std::string cause = port.name == bond.primary ? why_not_primary(bond.options, port)
                                                : "it stands by, " + active->name + " is active and works";
  return idle(std::move(cause), "It takes over when " + active->name + " loses its link, " + by_hand);
}

Explanation active_backup_port(const BondStatus& bond, const PortStatus& port) {
  if (!port.active) return backup_port(bond, port);
  const bool is_primary = port.name == bond.primary;
  return carries(is_primary ? "it is the active port, and the primary" : "it is the active port",
                 what_replaces(bond, port));
}

std::string share_text(const BondStatus& bond, const PortStatus& port) {
  if (!bond.options.tlb_dynamic_lb && bond.options.mode == Mode::balance_tlb) {
    return "it takes its share of the flows, by " +
           std::string(option_value_name("xmit_hash_policy", static_cast<std::int64_t>(bond.options.xmit_hash_policy)));
  }
  const BalanceStatus balance = bond.balance.value_or(BalanceStatus{});
  return format("it has %u of 256 buckets of outgoing traffic", balance.buckets[port.id.index]);
}

Explanation balancing_port(const BondStatus& bond, const PortStatus& port) {
  std::string cause = share_text(bond, port);
  if (port.active) cause = "it is the active port, which all that is not balanced leaves on, and " + cause;
  if (bond.options.mode == Mode::balance_alb) {
    const BalanceStatus balance = bond.balance.value_or(BalanceStatus{});
    const std::uint32_t clients = balance.clients[port.id.index];
    cause += format("; %u client%s been told to send to it", clients, clients == 1 ? " has" : "s have");
  }
  if (port.active) return carries(std::move(cause), what_replaces(bond, port));
  if (!port.carries)
    return idle("the plan does not use it yet", std::string(nothing_to_do) + ": it takes a share soon");
  return carries(std::move(cause),
                 "Its share moves to the other ports when it loses its link, and it becomes the active "
                 "port with " +
                     activate_command(bond, port));
}

// --- modes in which every port that is up carries
// ---------------------------------------------------------------------

Explanation spreading_port(const BondStatus& bond, const PortStatus& port) {
  if (!port.carries) return idle("the plan does not use it", "Look at \"bondbox status " + bond.name + "\"");
  const std::size_t ports = bond.plan.transmit.usable.size();
  const bool alone = bond.plan.transmit.usable[0] == port.id && stand_in_of(bond, port.id) == nullptr;
  const std::string leaves = alone ? "No other port could take over: none has a working link"
                                   : "Its share moves to the other ports when it loses its link";
  if (bond.options.mode == Mode::broadcast) {
    return carries("every frame leaves on each port that is up", "It stops when it loses its link");
  }
  if (alone) return carries("it is the only port that is up", leaves);
  if (bond.options.mode == Mode::balance_rr) return carries("the ports that are up take turns", leaves);
  const char* const policy =
      option_value_name("xmit_hash_policy", static_cast<std::int64_t>(bond.options.xmit_hash_policy));
  return carries(format("it takes its share of the flows, by %s over %zu ports", policy, ports), leaves);
}

// --- the bond --------------------------------------------------------------------------------------------------------

/// What is not as configured, port by port.
std::vector<std::string> troubles(const BondStatus& bond) {
  std::vector<std::string> list;
  for (const PortStatus& port : bond.ports) {
    if (port.away != Away::no) {
      list.push_back(port.name + " is away for a drill");
      continue;
    }
    switch (port.link) {
      case LinkState::down:
        if (const std::string kept = kept_out_text(port); !kept.empty())
          list.push_back(port.name + " " + kept);
        else
          list.push_back(port.name + (bond.options.is_judged_by_arp() ? " gets no answer" : " has no link"));
        break;
      case LinkState::fail:
        list.push_back(port.name + " is going down");
        break;
      case LinkState::back:
        list.push_back(port.name + " is going back");
        break;
      case LinkState::up:
        if (port.held)
          list.push_back(port.name + " " + kept_out_text(port));
        else if (bond.lacp && !port.carries)
          list.push_back(port.name + " has link and is not aggregated");
        break;
    }
  }
  for (const AwaitedStatus& waiting : bond.awaited) list.push_back(waiting.name + " is awaited");
  return list;
}

constexpr std::string_view see_the_ports = "Each port says below what would help";

Explanation down_bond(const BondStatus& bond) {
  const std::string verdict = "is down";
  if (!bond.host_up) return {verdict, "it is set down on the host", "Set it up: ip link set " + bond.name + " up"};
  if (bond.ports.empty() && bond.awaited.empty()) {
    return {verdict, "it has no ports", "Give it one: bondbox enslave " + bond.name + " PORT"};
  }
  if (bond.lacp && bond.lacp->active && bond.lacp->active->ports < bond.options.min_links) {
    return {verdict,
            format("min_links is %u, and its active aggregator has %u port%s", bond.options.min_links,
                   bond.lacp->active->ports, bond.lacp->active->ports == 1 ? "" : "s"),
            "Repair the other ports, or write a smaller min_links"};
  }
  const bool any_up = std::any_of(bond.ports.begin(), bond.ports.end(),
                                  [](const PortStatus& port) { return port.link == LinkState::up; });
  if (bond.lacp && any_up && bond.options.lacp_strict) {
    const std::size_t carrying = bond.plan.transmit.usable.size();
    return {verdict,
            carrying == 0
                ? "no port collects and distributes, which lacp_strict asks for"
                : format("min_links is %u, and %zu port%s and distribute%s (lacp_strict)", bond.options.min_links,
                         carrying, carrying == 1 ? " collects" : "s collect", carrying == 1 ? "s" : ""),
            std::string(see_the_ports)};
  }
  if (bond.lacp && bond.lacp->active && !bond.options.lacp_fallback && bond.lacp->active->partner_system.is_zero()) {
    return {verdict, "no partner speaks LACP, and lacp_fallback is off", std::string(see_the_ports)};
  }
  if (bond.lacp && any_up) return {verdict, "no aggregator is active", std::string(see_the_ports)};
  const std::string all = list_text(troubles(bond));
  return {verdict, "no port is up: " + all, "Repair one of them; " + used_after(bond.options)};
}

std::string how_it_spreads(const BondStatus& bond) {
  const std::size_t count = bond.ports.size();
  const std::string all = count == 1 ? "its only port is up" : format("all %zu ports are up", count);
  if (bond.options.mode == Mode::active_backup && !bond.active.empty()) return all + ", " + bond.active + " is active";
  if (bond.lacp && bond.lacp->active && bond.lacp->active->partner_system.is_zero()) {
    return all + ", though no partner speaks LACP";
  }
  return all;
}

/// Cause and remedy, each a sentence and a line of its own.
std::string lines_of(const std::string& name, const Explanation& told) {
  return wrapped(name + " " + told.verdict + ": " + told.cause + ".\n    " + told.remedy + ".\n");
}

}  // namespace

Explanation explain_bond(const BondStatus& bond) {
  if (!bond.carrier || !bond.host_up) return down_bond(bond);
  if (bond.options.unmonitored) {
    return {"is not monitored", "no link monitor is on: a port that loses its link stays in use",
            "Turn one on, for instance miimon=100"};
  }
  if (is_degraded(bond)) return {"is degraded", list_text(troubles(bond)), std::string(see_the_ports)};
  if (bond.ports.size() == 1) {
    return {"works", how_it_spreads(bond), "A second port would take over when this one fails"};
  }
  return {"works", how_it_spreads(bond), std::string(nothing_to_do)};
}

Explanation explain_port(const BondStatus& bond, const PortStatus& port) {
  if (!bond.host_up) {
    return idle(bond.name + " is set down on the host", "Set it up: ip link set " + bond.name + " up");
  }
  if (port.away != Away::no) return away_port(port);
  if (auto kept_out = explain_kept_out(bond, port)) return *std::move(kept_out);
  switch (port.link) {
    case LinkState::down:
      return down_port(bond, port);
    case LinkState::fail:
      return failing_port(bond, port);
    case LinkState::back:
      return returning_port(port);
    case LinkState::up:
      break;
  }
  switch (bond.options.mode) {
    case Mode::active_backup:
      return active_backup_port(bond, port);
    case Mode::lacp_8023ad:
      return explain_lacp_port(bond, port);
    case Mode::balance_tlb:
    case Mode::balance_alb:
      return balancing_port(bond, port);
    case Mode::balance_rr:
    case Mode::balance_xor:
    case Mode::broadcast:
      break;
  }
  return spreading_port(bond, port);
}

Explanation explain_awaited(const BondStatus& bond, const AwaitedStatus& port) {
  return idle(bond.name + " awaits it: " + port.reason,
              "It is taken as soon as an interface of this name can be; \"bondbox release " + bond.name + " " +
                  port.name + "\" ends the waiting");
}

Explanation explain_forwarding(const BondStatus& bond) {
  const OffloadStatus& offload = bond.offload;
  const std::string set = "\"bondbox set " + bond.name + " offload ";
  if (offload.serving) {
    return {"forwards in the kernel", "BPF programs carry its frames (" + offload.kind + ")",
            std::string(nothing_to_do) + "; " + set + "off\" lets a capture on " + bond.name + " see every frame"};
  }
  const std::string verdict = "forwards in the daemon";
  if (offload.wanted == OffloadUse::off || offload.reason.empty())
    return {verdict, "offload is off", set + "auto\" lets the kernel carry its frames"};
  if (!offload.kind.empty()) return {verdict, offload.reason, "The kernel carries its frames when that is over"};
  return {verdict, "BPF is refused: " + offload.reason, "It works without, at the cost of more CPU"};
}

std::string render_explanation(const BondStatus& bond) {
  std::string text = lines_of(bond.name, explain_bond(bond));
  for (const PortStatus& port : bond.ports) text += lines_of(port.name, explain_port(bond, port));
  for (const AwaitedStatus& port : bond.awaited) text += lines_of(port.name, explain_awaited(bond, port));
  return text + lines_of(bond.name, explain_forwarding(bond));
}

std::optional<std::string> render_explanation(const BondStatus& bond, std::string_view name) {
  for (const PortStatus& port : bond.ports)
    if (port.name == name) return lines_of(port.name, explain_port(bond, port));
  for (const AwaitedStatus& port : bond.awaited)
    if (port.name == name) return lines_of(port.name, explain_awaited(bond, port));
  return std::nullopt;
}

}  // namespace bondbox

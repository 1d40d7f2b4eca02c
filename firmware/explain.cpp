#include "firmware/explain.hpp"

#include <algorithm>

#include "firmware/explain_words.hpp"
#include "firmware/option_table.hpp"
#include "firmware/port_voices.hpp"
#include "firmware/render.hpp"
#include "firmware/text.hpp"
#include "policies/modes.hpp"

namespace bondbox {
namespace {

const PortStatus* find_port(const BondStatus& bond, PortId id) {
  for (const PortStatus& port : bond.ports)
    if (port.id == id) return &port;
  return nullptr;
}

std::string span_text(Ticks span) {
  return duration_text(span.count);
}

/// A choice of the options as it is written: "layer3+4".
std::string written(std::string_view option, auto value) {
  return option_value_name(option, static_cast<std::int64_t>(value));
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

// --- a port whose link is not up -------------------------------------------------------------------------------------

std::string names_of(const std::vector<ArpPortStatus::Target>& targets) {
  std::vector<std::string> names;
  for (const ArpPortStatus::Target& target : targets) names.push_back(target.address.text());
  return list_text(names);
}

/// Of the targets that are asked; with arp_all_targets=all it takes but one of them.
const ArpPortStatus::Target* silent_target(const BondOptions& options, const ArpPortStatus& arp) {
  if (options.arp_all_targets != ArpAllTargets::all || options.mode != Mode::active_backup || !arp.validated)
    return nullptr;
  const ArpPortStatus::Target* most_silent = nullptr;
  std::size_t answering = 0;
  for (const ArpPortStatus::Target& target : arp.targets) {
    const bool answers = target.heard && target.heard->count <= 2 * std::int64_t{options.arp_interval_ms};
    if (answers) ++answering;
    if (!answers && most_silent == nullptr) most_silent = &target;
  }
  return answering != 0 ? most_silent : nullptr;
}

Explanation silent_port(const BondStatus& bond, const PortStatus& port) {
  const ArpPortStatus arp = port.arp.value_or(ArpPortStatus{});
  const std::string targets = names_of(arp.targets);
  const std::string span = span_text(port.in_state_for);
  if (arp.targets.empty()) return say(Said::arp_no_target);
  if (!port.has_carrier) return say(Said::arp_no_carrier, {span});
  const bool any_asked =
      std::any_of(arp.targets.begin(), arp.targets.end(), [](const auto& one) { return one.is_asked; });
  if (!any_asked) return say(Said::arp_not_asked, {targets, bond.name});
  if (const ArpPortStatus::Target* const one = silent_target(bond.options, arp))
    return say(Said::arp_one_silent, {one->address.text()});
  if (arp.validated && arp.ignored != 0)
    return say(Said::arp_ignored, {targets, written("arp_validate", bond.options.arp_validate),
                                   span_text(arp.heard.value_or(port.in_state_for))});
  if (port.link != LinkState::down) {
    Explanation parts;
    const std::string silence =
        arp.heard ? say_part(parts, Said::for_a_time, {span_text(*arp.heard)}) : say_part(parts, Said::not_yet);
    Explanation told = say(Said::arp_in_turn, {targets, silence, port.name});
    told.said.push_back(parts.said[0]);
    return told;
  }
  return say(Said::arp_silent, {targets, span, port.name});
}

Explanation down_port(const BondStatus& bond, const PortStatus& port) {
  if (!port.set_up) return say(Said::set_down, {port.name, span_text(port.in_state_for)});
  if (bond.options.is_judged_by_arp()) return silent_port(bond, port);
  Explanation told;
  const std::string used = used_when(told, bond.options);
  const std::vector<Said> parts = told.said;
  told = say(Said::no_link, {span_text(port.in_state_for), used});
  told.said.insert(told.said.end(), parts.begin(), parts.end());
  return told;
}

Explanation failing_port(const BondStatus& bond, const PortStatus& port) {
  if (bond.options.is_judged_by_arp()) return silent_port(bond, port);
  const std::string left = span_text(port.delay_left);
  const std::string silent = silent_monitors(port);
  Explanation told = silent.empty() ? say(Said::failing, {left})
                                    : say(Said::voted_failing, {monitor_rule_text(bond.options), silent, left});
  if (const PortStatus* const other = stand_in_of(bond, port.id); other != nullptr && port.carries)
    add_part(told, Said::failing_moved, {other->name});
  return told;
}

Explanation returning_port(const BondStatus& bond, const PortStatus& port) {
  if (bond.options.is_judged_by_arp()) return silent_port(bond, port);
  const std::string left = span_text(port.delay_left);
  if (is_called_up_together(port)) return say(Said::voted_returning, {monitor_rule_text(bond.options), left});
  return say(Said::returning, {left});
}

// --- modes with an active port ---------------------------------------------------------------------------------------

void say_what_replaces(Explanation& told, const BondStatus& bond, const PortStatus& port) {
  const PortStatus* const other = stand_in_of(bond, port.id);
  if (other == nullptr) return put_remedy(told, Said::no_stand_in);
  put_remedy(told, Said::takes_over, {other->name, port.name, bond.name});
}

/// Why the primary, though it works, is not the active port.
Said why_not_primary(const BondOptions& options, const PortStatus& port) {
  if (port.revert_left.count != 0 && options.primary_reselect != PrimaryReselect::failure) return Said::waits_to_revert;
  switch (options.primary_reselect) {
    case PrimaryReselect::failure:
      return Said::waits_for_failure;
    case PrimaryReselect::better:
      return Said::waits_for_better;
    case PrimaryReselect::always:
      break;
  }
  return Said::primary_by_hand;
}

Explanation backup_port(const BondStatus& bond, const PortStatus& port) {
  const auto active =
      std::find_if(bond.ports.begin(), bond.ports.end(), [](const PortStatus& other) { return other.active; });
  if (active == bond.ports.end()) return say(Said::stands_by, {"no other port", bond.name, port.name});
  if (active->link == LinkState::fail) {
    return say(Said::stands_by_failing, {active->name, bond.name, port.name, span_text(active->delay_left)});
  }
  if (port.name == bond.primary)
    return say(why_not_primary(bond.options, port), {active->name, bond.name, port.name, span_text(port.revert_left)});
  Explanation told = say(Said::stands_by, {active->name, bond.name, port.name});
  const bool is_primary = active->name == bond.primary;
  const bool outranks = active->options.prio > port.options.prio;
  add_part(told, is_primary ? Said::rank_primary : outranks ? Said::rank_prio : Said::rank_equal, {active->name});
  return told;
}

Explanation active_backup_port(const BondStatus& bond, const PortStatus& port) {
  if (!port.active) return backup_port(bond, port);
  Explanation told = say(port.name == bond.primary ? Said::active_primary : Said::active);
  if (bond.options.fail_over_mac != FailOverMac::none)
    add_part(told, Said::active_address, {bond.name, written("fail_over_mac", bond.options.fail_over_mac)});
  say_what_replaces(told, bond, port);
  return told;
}

Explanation balancing_port(const BondStatus& bond, const PortStatus& port) {
  const BalanceStatus balance = bond.balance.value_or(BalanceStatus{});
  const bool by_hash = !bond.options.tlb_dynamic_lb && bond.options.mode == Mode::balance_tlb;
  Explanation told = by_hash ? say(Said::hashed, {written("xmit_hash_policy", bond.options.xmit_hash_policy)})
                             : say(Said::buckets, {std::to_string(balance.buckets[port.id.index])});
  if (port.active) {
    const std::string first = say_part(told, Said::active_and);
    told.cause = first + told.cause;
  }
  if (bond.options.mode == Mode::balance_alb) {
    const std::uint32_t clients = balance.clients[port.id.index];
    add_part(told, Said::clients, {format("%u client%s", clients, clients == 1 ? " has" : "s have")});
  }
  if (port.active) {
    say_what_replaces(told, bond, port);
  } else {
    put_remedy(told, Said::becomes_active, {bond.name, port.name});
  }
  return told;
}

// --- modes in which every port that is up carries --------------------------------------------------------------------

Explanation spreading_port(const BondStatus& bond, const PortStatus& port) {
  if (bond.options.mode == Mode::broadcast) return say(Said::copies);
  const PortList& usable = bond.plan.transmit.usable;
  const bool alone = std::all_of(usable.begin(), usable.end(), [&](PortId other) { return other == port.id; });
  if (alone) return say(Said::alone);
  if (bond.options.mode == Mode::balance_rr) return say(Said::turns);
  return say(Said::flows, {written("xmit_hash_policy", bond.options.xmit_hash_policy), std::to_string(usable.size())});
}

/// What is true of a port whatever else is.
void add_remarks(Explanation& told, const BondStatus& bond, const PortStatus& port) {
  const BondOptions& options = bond.options;
  const std::int64_t interval = options.is_judged_by_arp() ? options.arp_interval_ms : 0;
  const bool answers_late = interval != 0 && port.arp && port.arp->heard && port.arp->heard->count > interval * 3 / 2;
  if (port.link == LinkState::up && port.active && answers_late) {
    add_part(told, Said::and_late_answer,
             {span_text(*port.arp->heard), std::to_string(options.arp_missed_max), duration_text(interval)});
  }
  if (const std::string silent = silent_monitors(port); port.link == LinkState::up && !port.held && !silent.empty())
    add_part(told, Said::and_outvoted, {silent, monitor_rule_text(options)});
  const bool has_queues = options.mode <= Mode::balance_xor;
  if (port.options.queue_id != 0 && has_queues && port.link == LinkState::up)
    add_part(told, Said::and_queue, {std::to_string(port.options.queue_id)});
  const bool is_standby = port.link == LinkState::up && !port.carries && options.mode == Mode::active_backup;
  if (is_standby && options.all_slaves_active) add_part(told, Said::and_delivers);
  if (port.leaves_in) add_part(told, Said::and_leaves, {span_text(*port.leaves_in)});
}

Explanation explain_link(const BondStatus& bond, const PortStatus& port) {
  switch (port.link) {
    case LinkState::down:
      return down_port(bond, port);
    case LinkState::fail:
      return failing_port(bond, port);
    case LinkState::back:
      return returning_port(bond, port);
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

/// Cause and remedy, each a sentence and a line of its own.
std::string lines_of(const std::string& name, const Explanation& told) {
  return wrapped(name + " " + told.verdict + ": " + told.cause + ".\n    " + told.remedy + ".\n");
}

}  // namespace

Explanation explain_port(const BondStatus& bond, const PortStatus& port) {
  if (!bond.host_up) return say(Said::host_down, {bond.name});
  if (port.away != Away::no)
    return say(port.away == Away::down ? Said::away_set_down : Said::away_pretended, {span_text(port.away_left)});
  const std::optional<Explanation> kept_out = explain_kept_out(bond, port);
  Explanation told = kept_out ? *kept_out : explain_link(bond, port);
  add_remarks(told, bond, port);
  return told;
}

Explanation explain_awaited(const BondStatus& bond, const AwaitedStatus& port) {
  return say(Said::awaited, {bond.name, port.name, port.reason});
}

Explanation explain_forwarding(const BondStatus& bond) {
  const OffloadStatus& offload = bond.offload;
  if (offload.serving) return say(Said::in_kernel, {bond.name, offload.kind});
  if (offload.wanted == OffloadUse::off || offload.reason.empty()) return say(Said::in_daemon_off, {bond.name});
  return say(offload.kind.empty() ? Said::in_daemon_refused : Said::in_daemon_now, {offload.reason});
}

std::string render_explanation(const BondStatus& bond, const PrivilegeStatus* privileges) {
  std::string text = lines_of(bond.name, explain_bond(bond));
  for (const PortStatus& port : bond.ports) text += lines_of(port.name, explain_port(bond, port));
  for (const AwaitedStatus& port : bond.awaited) text += lines_of(port.name, explain_awaited(bond, port));
  for (const Explanation& remark : explain_remarks(bond, privileges)) text += lines_of(bond.name, remark);
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

// What is said of a bond as a whole.
#include <algorithm>

#include "firmware/explain_words.hpp"
#include "firmware/option_table.hpp"
#include "firmware/render.hpp"
#include "firmware/text.hpp"
#include "policies/modes.hpp"

namespace bondbox {
namespace {

std::string count_text(std::size_t count, const char* one, const char* several) {
  return std::to_string(count) + " " + (count == 1 ? one : several);
}

std::string written(std::string_view option, auto value) {
  return option_value_name(option, static_cast<std::int64_t>(value));
}

Said trouble_of(const BondStatus& bond, const PortStatus& port) {
  // Going down and back are no delays there: ports are asked in turn.
  if (bond.options.is_judged_by_arp() && port.link != LinkState::up && port.has_carrier) return Said::trouble_no_answer;
  switch (port.link) {
    case LinkState::down:
      return port.set_up ? Said::trouble_no_link : Said::trouble_set_down;
    case LinkState::fail:
      return Said::trouble_failing;
    case LinkState::back:
      return Said::trouble_returning;
    case LinkState::up:
      break;
  }
  return Said::trouble_not_aggregated;
}

/// What is not as configured, port by port.
std::string troubles(Explanation& told, const BondStatus& bond) {
  std::vector<std::string> list;
  for (const PortStatus& port : bond.ports) {
    if (port.away != Away::no) {
      list.push_back(say_part(told, Said::trouble_away, {port.name}));
      continue;
    }
    if (port.link == LinkState::up && !port.held && (!bond.lacp || port.carries)) continue;
    if (const std::string kept = kept_out_text(port, &told); !kept.empty()) {
      list.push_back(say_part(told, Said::trouble_kept_out, {port.name, kept}));
      continue;
    }
    list.push_back(say_part(told, trouble_of(bond, port), {port.name}));
  }
  for (const AwaitedStatus& waiting : bond.awaited)
    list.push_back(say_part(told, Said::trouble_awaited, {waiting.name}));
  return list_text(list);
}

/// A sentence that tells of the troubles, with the parts that it is made of.
Explanation say_troubles(const BondStatus& bond, Said said, std::string_view more = {}) {
  Explanation parts;
  const std::string all = troubles(parts, bond);
  Explanation told = say(said, {all, more});
  told.said.insert(told.said.end(), parts.said.begin(), parts.said.end());
  return told;
}

Explanation no_port_up(const BondStatus& bond) {
  Explanation parts;
  const std::string used = used_when(parts, bond.options);
  Explanation told = say_troubles(bond, Said::bond_no_port_up, used);
  told.said.insert(told.said.end(), parts.said.begin(), parts.said.end());
  return told;
}

Explanation down_lacp_bond(const BondStatus& bond) {
  const BondOptions& options = bond.options;
  const std::optional<LacpAggregatorStatus>& active = bond.lacp->active;
  const std::string wanted = std::to_string(options.min_links);
  const std::size_t ports = bond.ports.size() + bond.awaited.size();
  if (ports < options.min_links)
    return say(Said::bond_min_links_unreachable, {wanted, count_text(ports, "port", "ports")});
  if (active && active->ports < options.min_links)
    return say(Said::bond_min_links, {wanted, count_text(active->ports, "port", "ports")});
  if (options.lacp_strict) {
    const std::size_t carrying = bond.plan.transmit.usable.size();
    if (carrying == 0) return say(Said::bond_strict);
    return say(Said::bond_strict_few,
               {wanted, count_text(carrying, "port collects and distributes", "ports collect and distribute")});
  }
  if (active && !options.lacp_fallback && active->partner_system.is_zero()) return say(Said::bond_no_partner);
  return say(Said::bond_no_aggregator);
}

Explanation down_bond(const BondStatus& bond) {
  if (!bond.host_up) return say(Said::bond_set_down, {bond.name});
  if (bond.ports.empty() && bond.awaited.empty()) return say(Said::bond_no_ports, {bond.name});
  const bool any_up = std::any_of(bond.ports.begin(), bond.ports.end(),
                                  [](const PortStatus& port) { return port.link == LinkState::up; });
  return bond.lacp && any_up ? down_lacp_bond(bond) : no_port_up(bond);
}

// --- remarks ---------------------------------------------------------------------------------------------------------

/// How many hundredths of all it is, rounded down.
std::uint64_t share(std::uint64_t part, std::uint64_t all) {
  for (; all > ~std::uint64_t{0} / 100; all /= 2) part /= 2;
  return all == 0 ? 0 : part * 100 / all;
}

/// Uneven is what is nearer to one port's carrying all than to an even share.
std::optional<Explanation> uneven(const BondStatus& bond) {
  constexpr std::uint64_t bytes_that_count = 1'000'000;
  const TransmitRule& rule = bond.plan.transmit;
  const bool spreads = rule.spread == Spread::hash || rule.spread == Spread::buckets;
  if (!spreads || rule.usable.size() < 2) return std::nullopt;
  std::uint64_t all = 0;
  const PortStatus* most = nullptr;
  for (const PortStatus& port : bond.ports) {
    if (!port.carries) continue;
    const std::uint64_t bytes = bond.load.tx_bytes[port.id.index];
    all += bytes;
    if (most == nullptr || bytes > bond.load.tx_bytes[most->id.index]) most = &port;
  }
  if (all < bytes_that_count) return std::nullopt;
  const std::uint64_t percent = share(bond.load.tx_bytes[most->id.index], all);
  if (percent < 50 + 50 / rule.usable.size()) return std::nullopt;
  const std::string shown = std::to_string(percent);
  const std::string span = duration_text(bond.load.span.count);
  if (rule.spread == Spread::buckets) {
    const std::uint64_t bucket = share(bond.load.heaviest_bucket[most->id.index], all);
    if (bucket >= 50) return say(Said::skewed_bucket, {shown, span, most->name, std::to_string(bucket)});
  } else if (rule.hash_policy == HashPolicy::layer2) {
    return say(Said::skewed_router, {shown, span, most->name, bond.name});
  }
  return say(Said::skewed, {shown, span, most->name});
}

/// What is asked for, and how long silence then lasts before it is noticed.
struct Rate {
  const char* each;
  const char* patience;
};
Rate rate_of(std::uint8_t state) {
  return (state & lacp_state::timeout) != 0 ? Rate{"each second", "3 s"} : Rate{"in 30 s", "90 s"};
}

std::optional<Explanation> other_rate(const BondStatus& bond) {
  if (!bond.lacp) return std::nullopt;
  for (const PortStatus& port : bond.ports) {
    const LacpPortStatus* const lacp = bond.lacp->find(port.id);
    if (lacp == nullptr || !port.carries || !lacp->has_partner) continue;
    if (((lacp->actor.state ^ lacp->partner.state) & lacp_state::timeout) == 0) continue;
    const Rate ours = rate_of(lacp->actor.state);
    const Rate theirs = rate_of(lacp->partner.state);
    return say(Said::rates_differ, {port.name, ours.each, theirs.each, ours.patience, theirs.patience});
  }
  return std::nullopt;
}

void remark_on_options(const BondStatus& bond, std::vector<Explanation>& remarks) {
  const BondOptions& options = bond.options;
  const Mode mode = options.mode;
  const bool hashes = mode == Mode::balance_xor || mode == Mode::lacp_8023ad ||
                      (has_distinct_port_macs(mode) && !options.tlb_dynamic_lb);
  const auto idle = [&](const std::string& what) {
    remarks.push_back(say(Said::idle_option, {what, mode_name(mode)}));
  };
  if (options.xmit_hash_policy != HashPolicy::layer2 && !hashes)
    idle("xmit_hash_policy=" + written("xmit_hash_policy", options.xmit_hash_policy));
  const bool has_queues = mode <= Mode::balance_xor;
  for (const PortStatus& port : bond.ports)
    if (port.options.queue_id != 0 && !has_queues)
      idle("queue_id=" + port.name + ":" + std::to_string(port.options.queue_id));
  if (!options.primary.empty() && bond.primary.empty() && has_active_port(mode)) {
    const bool is_awaited = std::any_of(bond.awaited.begin(), bond.awaited.end(),
                                        [&](const AwaitedStatus& one) { return one.name == options.primary; });
    if (!is_awaited) remarks.push_back(say(Said::primary_missing, {options.primary}));
  }
  if (mode == Mode::active_backup && options.num_peer_notif == 0 && bond.ports.size() > 1)
    remarks.push_back(say(Said::unannounced));
  if (mode == Mode::active_backup && options.all_slaves_active && bond.ports.size() > 1)
    remarks.push_back(say(Said::duplicates));
}

}  // namespace

Explanation explain_bond(const BondStatus& bond) {
  if (!bond.carrier || !bond.host_up) return down_bond(bond);
  if (bond.options.unmonitored) return say(Said::bond_unmonitored);
  if (is_degraded(bond)) return say_troubles(bond, Said::bond_degraded);
  const std::size_t ports = bond.ports.size();
  Explanation told = ports == 1 ? say(Said::bond_one_port)
                                : say(Said::bond_works, {ports == 2 ? "both" : "all " + std::to_string(ports)});
  if (bond.options.mode == Mode::active_backup && !bond.active.empty() && bond.ports.size() > 1)
    add_part(told, Said::bond_works_active, {bond.active});
  if (bond.lacp && bond.lacp->active && bond.lacp->active->partner_system.is_zero())
    add_part(told, Said::bond_works_alone);
  return told;
}

std::vector<Explanation> explain_remarks(const BondStatus& bond, const PrivilegeStatus* privileges) {
  std::vector<Explanation> remarks;
  if (auto told = uneven(bond)) remarks.push_back(std::move(*told));
  for (const PortStatus& port : bond.ports) {
    if (port.counters.tx_refused != 0)
      remarks.push_back(say(Said::refused_frames, {port.name, std::to_string(port.counters.tx_refused)}));
    if (port.hears_itself)
      remarks.push_back(say(Said::hears_itself, {port.name, std::to_string(port.counters.rx_looped)}));
    if (port.mtu_refused) remarks.push_back(say(Said::long_frames, {port.name, std::to_string(bond.mtu), bond.name}));
  }
  if (!bond.mac_lent_by.empty()) remarks.push_back(say(Said::lent_address, {bond.mac_lent_by, bond.mac.text()}));
  if (bond.fail_over_mac_forced) remarks.push_back(say(Said::forced_address));
  remark_on_options(bond, remarks);
  if (auto told = other_rate(bond)) remarks.push_back(std::move(*told));
  if (privileges != nullptr && privileges->refused_calls != 0)
    remarks.push_back(say(Said::sandbox_refused, {std::to_string(privileges->refused_calls)}));
  return remarks;
}

}  // namespace bondbox

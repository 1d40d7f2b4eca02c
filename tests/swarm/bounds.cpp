// How long a bond may take until it carries again, from its options.
#include <algorithm>

#include "firmware/port_voices.hpp"
#include "policies/modes.hpp"
#include "tests/swarm/play.hpp"

namespace bondbox::swarm {
namespace {

/// A port whose interface has come back is taken at the latest when it is looked for again.
constexpr std::int64_t retake_ms = 1'000;
/// Hosts ask for each other's addresses anew each second; then a switch knows, too, where they are.
constexpr std::int64_t relearn_ms = 1'200;

/// From the machines' timers (IEEE 802.1AX 6.4.4): the time until the partner is heard, which speaks every 30 s to
/// whoever it takes for lost; until stale words expire (3 or 90 s, then 3 s); wait-while; and some of their ticks.
std::int64_t lacp_bound_ms(const BondOptions& options) {
  const std::int64_t stale = options.lacp_rate == LacpRate::fast ? 3'000 : 90'000;
  return 30'000 + stale + 3'000 + 2'000 + 2'000;
}

/// Every port may have to be asked over in turn before one is found alive, after the others were given up.
std::int64_t arp_bound_ms(const BondOptions& options, std::size_t ports) {
  const std::int64_t rounds = 2 * (options.arp_missed_max + 2) + 2 * static_cast<std::int64_t>(ports) + 4;
  return rounds * options.arp_interval_ms;
}

}  // namespace

std::int64_t recovery_bound_ms(const BondOptions& options, std::size_t ports) {
  std::int64_t bound = retake_ms + relearn_ms;
  if (options.arp_interval_ms != 0) bound += arp_bound_ms(options, ports);
  // A port that flapped is kept out for so long at most, and one that works takes its time to be active again.
  if (options.flap_damping_ms != 0) bound += options.flap_hold_max_ms;
  bound += options.revert_delay_ms;
  if (options.miimon_ms != 0) {
    bound += 3 * options.miimon_ms + options.updelay_ms + options.downdelay_ms;
  }
  if (options.mode == Mode::lacp_8023ad) bound += lacp_bound_ms(options);
  // Clients are told again within two seconds; the switch is taught by learning frames.
  if (has_distinct_port_macs(options.mode)) bound += 3'000 + 1'000 * std::min<std::int64_t>(options.lp_interval_s, 10);
  return bound;
}

bool teaches_once(const BondOptions& options) {
  return options.mode == Mode::balance_tlb && !options.tlb_dynamic_lb;
}

bool is_to_carry(Scheduler& scheduler, const std::string& from, const std::string& to, bool switched) {
  std::optional<Mode> mode;
  bool anybody_speaks = false;
  bool is_lacp = false;
  for (const std::string& name : {from, to}) {
    const Bond* const bond = scheduler.find(name);
    if (bond == nullptr) continue;
    const BondOptions& options = bond->options();
    if (!bond->is_up() || (mode && *mode != options.mode)) return false;
    // Nobody looks at its ports, so nobody finds that somebody else has taken an address.
    if (options.miimon_ms == 0 && options.arp_interval_ms == 0) return false;
    mode = options.mode;
    if (options.mode != Mode::lacp_8023ad) continue;
    is_lacp = true;
    anybody_speaks = anybody_speaks || options.lacp_active;
    if (switched && (options.lacp_strict || !options.lacp_fallback || voices_needed(options) > 1)) return false;
  }
  // Two that wait to be spoken to never agree, and each chooses a port for itself.
  return !is_lacp || switched || anybody_speaks;
}

}  // namespace bondbox::swarm

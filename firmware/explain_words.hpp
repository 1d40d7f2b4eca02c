// Every sentence that explain can say, in one table: what is not in it is not said, and a test asks that each has been
// said of a situation that brings it about. In a sentence %1 to %9 stand for names and numbers.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "firmware/explain.hpp"

namespace bondbox {

enum class Said : std::uint8_t {
  // of a port whose link is not up
  set_down,
  no_link,
  used_at_once,
  used_after_updelay,
  used_when_answered,
  used_when_called_up,
  used_after_call,
  arp_no_target,
  arp_no_carrier,
  arp_not_asked,
  arp_silent,
  arp_ignored,
  arp_one_silent,
  arp_in_turn,
  for_a_time,
  not_yet,
  failing,
  failing_moved,
  returning,
  voted_failing,
  voted_returning,
  awaited,
  host_down,
  away_set_down,
  away_pretended,
  damped,
  voted_down,
  see_cable,
  see_way_to_target,
  see_far_lacp,
  kept_damped,
  kept_voted,
  kept_until,
  kept_returning,
  // of a port of a bond with an active port
  active,
  active_primary,
  active_address,
  takes_over,
  no_stand_in,
  stands_by,
  rank_primary,
  rank_prio,
  rank_equal,
  stands_by_failing,
  waits_for_failure,
  waits_for_better,
  primary_by_hand,
  waits_to_revert,
  // of a port of a bond that spreads
  copies,
  alone,
  turns,
  flows,
  buckets,
  hashed,
  active_and,
  clients,
  becomes_active,
  // of any port, behind the rest
  and_leaves,
  and_queue,
  and_delivers,
  and_late_answer,
  and_outvoted,
  // 802.3ad
  lacp_carries,
  lacp_carries_in_vain,
  lacp_fallback,
  lacp_moves,
  lacp_no_other,
  lacp_no_speed,
  lacp_loop,
  lacp_half_duplex,
  lacp_stopped,
  lacp_stopped_deaf,
  lacp_both_passive,
  lacp_passive,
  lacp_never,
  lacp_one_way,
  lacp_taken_for_other,
  lacp_far_individual,
  lacp_other_system,
  lacp_partner_key,
  lacp_own_key,
  lacp_other_aggregator,
  lacp_waiting,
  lacp_out_of_sync,
  lacp_attached,
  lacp_far_not_collecting,
  lacp_deciding,
  lacp_collecting,
  lacp_churned,
  // of a bond
  bond_set_down,
  bond_no_ports,
  bond_min_links_unreachable,
  bond_min_links,
  bond_strict,
  bond_strict_few,
  bond_no_partner,
  bond_no_aggregator,
  bond_no_port_up,
  bond_unmonitored,
  bond_degraded,
  bond_one_port,
  bond_works,
  bond_works_active,
  bond_works_alone,
  trouble_no_link,
  trouble_no_answer,
  trouble_set_down,
  trouble_failing,
  trouble_returning,
  trouble_not_aggregated,
  trouble_awaited,
  trouble_kept_out,
  trouble_away,
  // who forwards
  in_kernel,
  in_daemon_off,
  in_daemon_now,
  in_daemon_refused,
  // what else there is to say of a bond
  skewed,
  skewed_bucket,
  skewed_router,
  refused_frames,
  hears_itself,
  long_frames,
  lent_address,
  forced_address,
  unannounced,
  duplicates,
  idle_option,
  primary_missing,
  rates_differ,
  sandbox_refused,
};
constexpr Said last_of(Said) noexcept {
  return Said::sandbox_refused;
}

/// A part has neither verdict nor remedy: it stands behind another sentence's cause, or in the place of a remedy.
struct Sentence {
  Said said;
  const char* verdict;
  const char* cause;
  const char* remedy;
};

/// In the order of Said.
std::span<const Sentence> all_sentences();

using SaidOf = std::initializer_list<std::string_view>;

Explanation say(Said said, SaidOf of = {});
/// The part's text, noted as said.
std::string say_part(Explanation& told, Said said, SaidOf of = {});
/// Behind the cause.
void add_part(Explanation& told, Said said, SaidOf of = {});
/// In the place of the remedy.
void put_remedy(Explanation& told, Said said, SaidOf of = {});

/// When a port that is down now will be used, by what its bond is judged by.
std::string used_when(Explanation& told, const BondOptions& options);
/// "probes (no answer yet) and lacp (no partner speaks LACP on it)": the monitors that do not call it up.
std::string silent_monitors(const PortStatus& port);

/// Whether several monitors together are why it is going back. In mode 4 its link alone is, for LACP comes after it.
bool is_called_up_together(const PortStatus& port);

/// "eth0, eth1 and eth2"
std::string list_text(const std::vector<std::string>& names);

}  // namespace bondbox

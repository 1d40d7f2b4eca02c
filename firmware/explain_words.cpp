#include "firmware/explain_words.hpp"

#include <array>
#include <iterator>

namespace bondbox {
namespace {

constexpr const char* carries = "carries traffic";
constexpr const char* idle = "does not carry traffic";
constexpr const char* down = "is down";
constexpr const char* works = "works";
constexpr const char* in_daemon = "forwards in the daemon";
constexpr const char* in_vain = "is set up in part in vain";
constexpr const char* nothing = "Nothing needs to be done";
constexpr const char* full_duplex = "Set both ends of its cable to full duplex";
constexpr const char* far_group = "Put the port at the far end into the group of the others";
constexpr const char* see_ports = "Each port says below what would help";
constexpr const char* fewer_links = "Repair the other ports, or write a smaller min_links";

// clang-format off
constexpr Sentence sentences[] = {
    {Said::set_down, idle, "it is set down on the host, and has been without link for %2",
     "Set it up: ip link set %1 up"},
    {Said::no_link, idle, "it has had no link for %1", "Check its cable and the port at the far end; %2"},
    {Said::used_at_once, "", "it is used as soon as it has link again", ""},
    {Said::used_after_updelay, "", "it is used %1 after it has link again (updelay)", ""},
    {Said::used_when_answered, "", "it is used as soon as a target answers on it", ""},
    {Said::used_when_called_up, "", "it is used as soon as its monitors call it up (monitor=%1)", ""},
    {Said::used_after_call, "", "it is used %2 after its monitors call it up (monitor=%1, updelay)", ""},
    {Said::arp_no_target, idle, "the ARP monitor has no target to ask", "Give it one: arp_ip_target"},
    {Said::arp_no_carrier, idle, "it has no carrier, so that no target can be asked on it; it has been down for %1",
     "Check its cable and the port at the far end"},
    {Said::arp_not_asked, idle, "%1 cannot be reached through %2, so that nobody is asked",
     "Give %2 an address in the network of a target, or another target"},
    {Said::arp_silent, idle, "no answer from %1 has come in on it; it has been down for %2",
     "Check that the way from %3 to a target works; one answer is enough"},
    {Said::arp_ignored, idle,
     "of the ARP that has come in on it none is an answer of %1 to us, which arp_validate=%2 asks for; none has come "
     "for %3",
     "Check the targets, or write arp_validate=none"},
    {Said::arp_one_silent, idle, "%1 has not answered on it, and arp_all_targets=all asks for every target",
     "See why that target is silent, or write arp_all_targets=any"},
    {Said::arp_in_turn, idle, "no port is active, and they are asked in turn; no answer from %1 has come in on it%2",
     "Check that the way from %3 to a target works; one answer is enough"},
    {Said::for_a_time, "", " for %1", ""},
    {Said::not_yet, "", " yet", ""},
    {Said::failing, idle, "it has lost its link and is given up in %1 (downdelay)",
     "Nothing needs to be done if the link comes back by then; a smaller downdelay gives it up sooner"},
    {Said::failing_moved, "", "; until then its frames leave on %1", ""},
    {Said::returning, idle, "it has link again and is used in %1 (updelay)",
     "Nothing needs to be done; a smaller updelay uses it sooner"},
    {Said::voted_failing, idle, "with monitor=%1 it counts as down because of %2, and is given up in %3 (downdelay)",
     "Nothing needs to be done if that passes by then; a smaller downdelay gives it up sooner"},
    {Said::voted_returning, idle, "its monitors call it up (monitor=%1), and it is used in %2 (updelay)",
     "Nothing needs to be done; a smaller updelay uses it sooner"},
    {Said::awaited, idle, "%1 awaits it: %3",
     "It is taken as soon as an interface of this name can be; \"bondbox release %1 %2\" ends the waiting"},
    {Said::host_down, idle, "%1 is set down on the host", "Set it up: ip link set %1 up"},

    {Said::away_set_down, idle, "it is away for a drill (set down)", "It is given back by itself in %1"},
    {Said::away_pretended, idle, "it is away for a drill (only taken as if it had no link)",
     "It is given back by itself in %1"},
    {Said::damped, idle,
     "it has failed too often and is kept out of use for about %1 (flap_damping: penalty %2, used again below "
     "%3)", "Check its cable and plug; \"bondbox set %4 flap_damping 0\" uses it at once"},
    {Said::voted_down, idle, "with monitor=%1 it counts as down because of %2", ""},
    {Said::see_cable, "", "Check its cable and the port at the far end", ""},
    {Said::see_way_to_target, "", "Check that the way from it to a target works; one answer is enough", ""},
    {Said::see_far_lacp, "", "See whether LACP runs on the port at the far end", ""},
    {Said::kept_damped, "", "flaps, kept out for about %1", ""},
    {Said::kept_voted, "", "is voted down: %1", ""},
    {Said::kept_until, "", ", given up in %1 (downdelay)", ""},
    {Said::kept_returning, "", "is called up by its monitors, used in %1 (updelay)", ""},

    {Said::active, carries, "it is the active port", ""},
    {Said::active_primary, carries, "it is the active port, and the primary", ""},
    {Said::active_address, "", ", and %1 has its address (fail_over_mac=%2)", ""},
    {Said::takes_over, "", "%1 takes over when %2 fails, or with \"bondbox activate %3 %1\"", ""},
    {Said::no_stand_in, "", "No other port could take over: none has a working link", ""},
    {Said::stands_by, idle, "it stands by, %1 is active and works",
     "It takes over when %1 fails, or with \"bondbox activate %2 %3\""},
    {Said::rank_primary, "", "; %1 is the primary", ""},
    {Said::rank_prio, "", "; the prio of %1 is higher", ""},
    {Said::rank_equal, "", "; a port of equal rank does not take over from one that works", ""},
    {Said::stands_by_failing, idle, "it stands by and sends what %1 cannot: that one is going down",
     "It takes over in %4 (downdelay), or with \"bondbox activate %2 %3\""},
    {Said::waits_for_failure, idle,
     "it is the primary, but with primary_reselect=failure it waits until the active port fails",
     "It takes over when %1 fails, or with \"bondbox activate %2 %3\""},
    {Said::waits_for_better, idle,
     "it is the primary, but with primary_reselect=better it waits until it is faster than the active port",
     "It takes over when %1 fails, or with \"bondbox activate %2 %3\""},
    {Said::primary_by_hand, idle, "it is the primary, but another port was made the active one by hand",
     "It takes over when %1 fails, or with \"bondbox activate %2 %3\""},
    {Said::waits_to_revert, idle, "it is the primary, and may take over in %4 (revert_delay)",
     "It takes over when %1 fails, or with \"bondbox activate %2 %3\""},

    {Said::copies, carries, "every frame leaves on each port that is up", "It stops when it fails"},
    {Said::alone, carries, "it is the only port that is up", "No other port could take over: none has a working link"},
    {Said::turns, carries, "the ports that are up take turns",
     "Its share moves to the other ports when it fails"},
    {Said::flows, carries, "it takes its share of the flows, by %1 over %2 ports",
     "Its share moves to the other ports when it fails"},
    {Said::buckets, carries, "it has %1 of 256 buckets of outgoing traffic",
     "Its share moves to the other ports when it fails"},
    {Said::hashed, carries, "it takes its share of the flows, by %1",
     "Its share moves to the other ports when it fails"},
    {Said::active_and, "", "it is the active port, which all that is not balanced leaves on, and ", ""},
    {Said::clients, "", "; %1 been told to send to it", ""},
    {Said::becomes_active, "",
     "Its share moves to the other ports when it fails, and it becomes the active port with \"bondbox "
     "activate %1 %2\"", ""},

    {Said::and_leaves, "", "; it is released in %1 unless it is enslaved again", ""},
    {Said::and_queue, "", "; what the host puts into its queue %1 leaves on it", ""},
    {Said::and_delivers, "", "; what it receives is delivered (all_slaves_active)", ""},
    {Said::and_late_answer, "", "; no answer has come for %1, and after %2 intervals of %3 it is given up "
     "(arp_missed_max)", ""},
    {Said::and_outvoted, "", "; it is not called up by %1, which monitor=%2 lets pass", ""},

    {Said::lacp_carries, carries, "it distributes in aggregator %1, with partner %2", ""},
    {Said::lacp_carries_in_vain, carries,
     "it distributes in aggregator %1, with partner %2, but min_links=%3 takes the carrier away", fewer_links},
    {Said::lacp_fallback, carries, "no partner speaks LACP, and without any partner one port carries",
     "Turn LACP on at the far end to use all ports"},
    {Said::lacp_moves, "", "Its share moves to the other ports when it fails or loses its partner", ""},
    {Said::lacp_no_other, "", "No other port of its aggregator could take over", ""},
    {Said::lacp_no_speed, idle, "its driver does not tell its speed and duplex, without which 802.3ad does not aggregate",
     "See what ethtool shows of %1"},
    {Said::lacp_loop, idle, "our own LACPDUs come back on it: its cable ends in a loop",
     "Connect it to another system"},
    {Said::lacp_half_duplex, idle, "it runs in half duplex, in which 802.3ad does not aggregate", full_duplex},
    {Said::lacp_stopped, idle, "the far end has been silent for %1, though it has spoken before (receive state %2)",
     "See whether LACP still runs on the port at the far end"},
    {Said::lacp_stopped_deaf, idle, "the far end did not hear us when it last spoke, %1 ago (receive state %2)",
     "Check the way from %3 to the far end: one direction of its cable, or what lies between and drops LACPDUs"},
    {Said::lacp_both_passive, idle,
     "neither end speaks first: lacp_active=off here, and the far end was passive when it was last heard, %1 ago",
     "Write lacp_active=on at one end"},
    {Said::lacp_passive, idle,
     "with lacp_active=off it speaks only when spoken to, and the far end is silent (receive state %1)",
     "Write lacp_active=on, or make the far end speak first"},
    {Said::lacp_never, idle, "no LACPDU has come from the far end in the %1 that it has had link (receive state %2)",
     "Turn LACP on at the port at the far end"},
    {Said::lacp_one_way, idle, "the far end is heard, and does not hear us: its LACPDUs name no partner",
     "Check the way from %1 to the far end: one direction of its cable, or what lies between and drops LACPDUs"},
    {Said::lacp_taken_for_other, idle, "the far end takes us for another port: port %1 of system %2 with key %3",
     "Look for who else sends it LACPDUs; if it has not heard of a change yet, it does within 30 s"},
    {Said::lacp_far_individual, idle, "the far end calls its port individual", far_group},
    {Said::lacp_other_system, idle, "its partner is system %1, the other ports' is %2",
     "Connect it to the same system as the others"},
    {Said::lacp_partner_key, idle, "partner key %1, the other ports' partner key is %2", far_group},
    {Said::lacp_own_key, idle, "its own key is %1, the other ports' key is %2: speed or duplex differs",
     "Give all ports one speed; %3 runs at %4 Mbit/s"},
    {Said::lacp_other_aggregator, idle, "it is in aggregator %1, and aggregator %2 is the active one by ad_select=%3",
     "The option ad_select says which aggregator is active, and when it is chosen anew"},
    {Said::lacp_waiting, idle, "it waits 2 s for ports that come up together to join together (mux state WAITING)",
     nothing},
    {Said::lacp_out_of_sync, idle,
     "partner not in sync: the far end has not put its port into the group (mux state ATTACHED)",
     "See why the far end leaves its port out"},
    {Said::lacp_attached, idle, "it is about to collect (mux state ATTACHED)", nothing},
    {Said::lacp_far_not_collecting, idle,
     "it collects and does not distribute: the far end does not collect yet (mux state COLLECTING)",
     "See why the far end does not collect on its port"},
    {Said::lacp_deciding, idle, "LACP is about to decide on it: its machines run every 100 ms", nothing},
    {Said::lacp_collecting, idle, "it collects and is about to distribute (mux state COLLECTING)", nothing},
    {Said::lacp_churned, "", "; so it has been for a minute and more (churned)", ""},

    {Said::bond_set_down, down, "it is set down on the host", "Set it up: ip link set %1 up"},
    {Said::bond_no_ports, down, "it has no ports", "Give it one: bondbox enslave %1 PORT"},
    {Said::bond_min_links_unreachable, down, "min_links is %1, and it has but %2", "Write a smaller min_links, or give it more ports"},
    {Said::bond_min_links, down, "min_links is %1, and its active aggregator has %2", fewer_links},
    {Said::bond_strict, down, "no port collects and distributes, which lacp_strict asks for", see_ports},
    {Said::bond_strict_few, down, "min_links is %1, and %2 (lacp_strict)", see_ports},
    {Said::bond_no_partner, down, "no partner speaks LACP, and lacp_fallback is off", see_ports},
    {Said::bond_no_aggregator, down, "no aggregator is active", see_ports},
    {Said::bond_no_port_up, down, "no port is up: %1", "Repair one of them; %2"},
    {Said::bond_unmonitored, "is not monitored", "no link monitor is on: a port that loses its link stays in use",
     "Turn one on, for instance miimon=100"},
    {Said::bond_degraded, "is degraded", "%1", see_ports},
    {Said::bond_one_port, works, "its only port is up", "A second port would take over when this one fails"},
    {Said::bond_works, works, "%1 ports are up", nothing},
    {Said::bond_works_active, "", ", %1 is active", ""},
    {Said::bond_works_alone, "", ", though no partner speaks LACP", ""},
    {Said::trouble_no_link, "", "%1 has no link", ""},
    {Said::trouble_no_answer, "", "%1 gets no answer", ""},
    {Said::trouble_set_down, "", "%1 is set down", ""},
    {Said::trouble_failing, "", "%1 is going down", ""},
    {Said::trouble_returning, "", "%1 is going back", ""},
    {Said::trouble_not_aggregated, "", "%1 has link and is not aggregated", ""},
    {Said::trouble_awaited, "", "%1 is awaited", ""},
    {Said::trouble_kept_out, "", "%1 %2", ""},
    {Said::trouble_away, "", "%1 is away for a drill", ""},

    {Said::in_kernel, "forwards in the kernel", "BPF programs carry its frames (%2)",
     "Nothing needs to be done; \"bondbox capture %1 -w FILE\" sees every frame, tcpdump on %1 does not"},
    {Said::in_daemon_off, in_daemon, "offload is off",
     "\"bondbox set %1 offload auto\" lets the kernel carry its frames"},
    {Said::in_daemon_now, in_daemon, "%1", "The kernel carries its frames when that is over"},
    {Said::in_daemon_refused, in_daemon, "BPF is refused: %1", "It works without, at the cost of more CPU"},

    {Said::skewed, "spreads unevenly",
     "%1 % of the bytes of the last %2 left on %3; by how many flows is not known, and one flow stays on one port",
     "Nothing needs to be done if few connections make them; else another xmit_hash_policy tells more flows apart"},
    {Said::skewed_bucket, "spreads unevenly",
     "%1 % of the bytes of the last %2 left on %3, %4 % in one bucket of 256: one flow, or several that fall together",
     "One flow cannot be spread over ports; as far as it is several, another xmit_hash_policy may tell them apart"},
    {Said::skewed_router, "spreads unevenly",
     "%1 % of the bytes of the last %2 left on %3; xmit_hash_policy=layer2 takes all that goes to one station, a "
     "router for instance, for one flow",
     "\"bondbox set %4 xmit_hash_policy layer3+4\" tells connections apart"},
    {Said::refused_frames, "has lost frames", "%1 refused %2 of them, and no other port could take them",
     "See whether it is too slow for what is sent: ip -s link show %1, ethtool -S %1"},
    {Said::hears_itself, "hears itself", "%2 frames that have left by %1 have come back by it",
     "Look for a loop: a second cable or a bridge that leads back; in modes 0, 2 and 3 the switch has to group the "
     "ports"},
    {Said::long_frames, "loses long frames", "%1 does not take the MTU %2",
     "Write an MTU that all ports take: ip link set %3 mtu NUMBER"},
    {Said::lent_address, "shares its address", "%1 was released, and its own address %2 is still the bond's",
     "Before %1 is used elsewhere, give one of them another address: ip link set %1 address MAC"},
    {Said::forced_address, "changes its address", "a port cannot change its own, so that fail_over_mac is active",
     "Nothing needs to be done: neighbours are told of the new address with each failover"},
    {Said::unannounced, "does not announce", "num_grat_arp is 0: after a failover switches and neighbours send to the old "
     "port until they hear from the host", "Write num_grat_arp=1"},
    {Said::duplicates, "delivers twice", "with all_slaves_active=1 what a switch floods comes once by each port",
     "Write all_slaves_active=0, unless something listens for that"},
    {Said::idle_option, in_vain, "%1 does nothing in mode %2", "Leave it out, or choose another mode"},
    {Said::primary_missing, in_vain, "its primary %1 is not one of its ports", "Enslave %1, or write another primary"},
    {Said::rates_differ, "waits unequally",
     "on %1 we ask for an LACPDU %2 and the far end for one %3: a silent partner is noticed after %4 here and %5 there",
     "Give both ends the same lacp_rate"},
    {Said::sandbox_refused, "lacks rights", "the sandbox has refused %1 of bondbox's system calls",
     "It goes on; the log names the call, please report it"},
};
// clang-format on

static_assert(std::size(sentences) == static_cast<std::size_t>(last_of(Said{})) + 1);
static_assert([] {
  for (std::size_t i = 0; i < std::size(sentences); ++i)
    if (static_cast<std::size_t>(sentences[i].said) != i) return false;
  return true;
}());

const Sentence& sentence(Said said) {
  return sentences[static_cast<std::size_t>(said)];
}

std::string filled(std::string_view pattern, SaidOf of) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::size_t number =
        pattern[i] == '%' && i + 1 < pattern.size() ? static_cast<std::size_t>(pattern[i + 1] - '1') : of.size();
    if (number < of.size()) {
      text += *(of.begin() + number);
      ++i;
    } else {
      text += pattern[i];
    }
  }
  return text;
}

}  // namespace

std::span<const Sentence> all_sentences() {
  return sentences;
}

Explanation say(Said said, SaidOf of) {
  const Sentence& known = sentence(said);
  return {known.verdict, filled(known.cause, of), filled(known.remedy, of), {said}};
}

std::string say_part(Explanation& told, Said said, SaidOf of) {
  told.said.push_back(said);
  return filled(sentence(said).cause, of);
}

void add_part(Explanation& told, Said said, SaidOf of) {
  told.cause += say_part(told, said, of);
}

void put_remedy(Explanation& told, Said said, SaidOf of) {
  told.remedy = say_part(told, said, of);
}

std::string list_text(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "" : i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

}  // namespace bondbox

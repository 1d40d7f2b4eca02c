// Every option of a bond, with the kernel driver's names, numbers, defaults and ranges. Plain data: reading and writing
// them by name, with the kernel's rules and errors, is firmware/option_table.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox {

enum class Mode : std::uint8_t {
  balance_rr = 0,
  active_backup = 1,
  balance_xor = 2,
  broadcast = 3,
  lacp_8023ad = 4,
  balance_tlb = 5,
  balance_alb = 6,
};
constexpr Mode last_of(Mode) noexcept {
  return Mode::balance_alb;
}

enum class FailOverMac : std::uint8_t { none, active, follow };
constexpr FailOverMac last_of(FailOverMac) noexcept {
  return FailOverMac::follow;
}
enum class PrimaryReselect : std::uint8_t { always, better, failure };
constexpr PrimaryReselect last_of(PrimaryReselect) noexcept {
  return PrimaryReselect::failure;
}
enum class HashPolicy : std::uint8_t { layer2, layer34, layer23, encap23, encap34, vlan_srcmac };
constexpr HashPolicy last_of(HashPolicy) noexcept {
  return HashPolicy::vlan_srcmac;
}
enum class ArpValidate : std::uint8_t { none, active, backup, all, filter, filter_active, filter_backup };
constexpr ArpValidate last_of(ArpValidate) noexcept {
  return ArpValidate::filter_backup;
}
enum class ArpAllTargets : std::uint8_t { any, all };
constexpr ArpAllTargets last_of(ArpAllTargets) noexcept {
  return ArpAllTargets::all;
}
enum class LacpRate : std::uint8_t { slow, fast };
constexpr LacpRate last_of(LacpRate) noexcept {
  return LacpRate::fast;
}
enum class AdSelect : std::uint8_t { stable, bandwidth, count, actor_port_prio };
constexpr AdSelect last_of(AdSelect) noexcept {
  return AdSelect::actor_port_prio;
}
/// bondbox's own: how modes 5 and 6 spread anew. `kernel` forgets everything every 10 s; `bounded` moves a few buckets.
enum class Rebalance : std::uint8_t { kernel, bounded };
constexpr Rebalance last_of(Rebalance) noexcept {
  return Rebalance::bounded;
}

/// bondbox's own: whether programs in the kernel carry frames. `automatic`: where the kernel lets them; `bpf`: without
/// them the bond is refused.
enum class OffloadUse : std::uint8_t { automatic, bpf, off };
constexpr OffloadUse last_of(OffloadUse) noexcept {
  return OffloadUse::off;
}

/// bondbox's own: whether a port's monitors (link, probes, LACP) decide together, and how many of them have to say that
/// it works. `off`: as in the kernel, where one excludes the other.
enum class MonitorRule : std::uint8_t { off, any, all, quorum };
constexpr MonitorRule last_of(MonitorRule) noexcept {
  return MonitorRule::quorum;
}

struct BondOptions {
  Mode mode = Mode::active_backup;
  bool unmonitored = false;  ///< bondbox's own: neither miimon nor ARP monitor, asked for in words
  MonitorRule monitor = MonitorRule::off;
  std::uint8_t monitor_quorum = 1;  ///< with MonitorRule::quorum

  std::uint32_t miimon_ms = 100;  ///< 0: off. The kernel's default is 0; see ARCHITECTURE.md, differences
  std::uint32_t updelay_ms = 0;   ///< a multiple of miimon
  std::uint32_t downdelay_ms = 0;
  std::uint32_t peer_notif_delay_ms = 0;
  bool use_carrier = true;

  std::uint8_t num_peer_notif = 1;  ///< num_grat_arp and num_unsol_na are one value, as in the kernel
  std::uint8_t resend_igmp = 1;

  std::uint32_t arp_interval_ms = 0;
  FixedVector<IpAddress, 16> arp_ip_targets;
  FixedVector<IpAddress, 16> ns_ip6_targets;
  ArpValidate arp_validate = ArpValidate::none;
  ArpAllTargets arp_all_targets = ArpAllTargets::any;
  std::uint8_t arp_missed_max = 2;

  std::string primary;  ///< an interface name; may name one that is no port yet; empty: none
  PrimaryReselect primary_reselect = PrimaryReselect::always;
  std::uint32_t revert_delay_ms = 0;  ///< bondbox's own: how long a better port must be up before it takes over
  FailOverMac fail_over_mac = FailOverMac::none;
  bool all_slaves_active = false;

  HashPolicy xmit_hash_policy = HashPolicy::layer2;
  std::uint16_t packets_per_slave = 1;
  bool tlb_dynamic_lb = true;
  Rebalance rebalance = Rebalance::bounded;
  bool xmit_hash_resilient = false;  ///< bondbox's own, modes 2 and 4: a port's death moves its own flows only
  bool nd_balance = true;  ///< bondbox's own, mode 6: IPv6 peers are told which port to send to, as IPv4 peers are
  OffloadUse offload = OffloadUse::automatic;
  std::uint32_t busy_poll_us = 0;  ///< bondbox's own: go on polling so long after traffic before sleeping
  std::uint32_t lp_interval_s = 1;
  std::uint32_t min_links = 0;

  LacpRate lacp_rate = LacpRate::slow;
  bool lacp_active = true;
  AdSelect ad_select = AdSelect::stable;
  std::uint16_t ad_actor_sys_prio = 65535;
  MacAddress ad_actor_system;
  std::uint16_t ad_user_port_key = 0;
  bool coupled_control = true;
  bool lacp_strict = false;
  bool lacp_fallback = true;  ///< bondbox's own name for what the kernel does: without any partner one port carries
  bool broadcast_neighbor = false;

  /// bondbox's own: the half-life of what a port's losses are remembered by; 0: they are not.
  std::uint32_t flap_damping_ms = 0;
  std::uint32_t flap_suppress = 2500;      ///< penalty from which on a port is kept out of use; a loss adds 1000
  std::uint32_t flap_reuse = 1000;         ///< below which it is used again; less than flap_suppress
  std::uint32_t flap_hold_max_ms = 60000;  ///< longest time that it is kept out after its last loss

  bool combines_monitors() const noexcept { return monitor != MonitorRule::off; }
  /// The ARP monitor alone says which ports are up.
  bool is_judged_by_arp() const noexcept { return arp_interval_ms != 0 && !combines_monitors(); }

  template <class A>
  void archive(A& a) {
    a(mode, unmonitored, miimon_ms, updelay_ms, downdelay_ms, peer_notif_delay_ms, use_carrier, num_peer_notif,
      resend_igmp, arp_interval_ms, arp_ip_targets, ns_ip6_targets, arp_validate, arp_all_targets, arp_missed_max,
      primary, primary_reselect, fail_over_mac, all_slaves_active, xmit_hash_policy, packets_per_slave, tlb_dynamic_lb,
      rebalance, xmit_hash_resilient, nd_balance, offload, busy_poll_us, lp_interval_s, min_links, lacp_rate,
      lacp_active, ad_select, ad_actor_sys_prio, ad_actor_system, ad_user_port_key, coupled_control, lacp_strict,
      lacp_fallback, broadcast_neighbor, monitor, monitor_quorum, revert_delay_ms, flap_damping_ms, flap_suppress,
      flap_reuse, flap_hold_max_ms);
  }
};

/// What belongs to one port rather than to the bond.
struct PortOptions {
  std::int32_t prio = 0;
  std::uint16_t queue_id = 0;
  std::uint16_t actor_port_prio = 255;

  template <class A>
  void archive(A& a) {
    a(prio, queue_id, actor_port_prio);
  }

  friend constexpr bool operator==(const PortOptions&, const PortOptions&) = default;
};

/// The kernel's name of a mode: "active-backup"; "unknown" for a value that is none of the seven.
const char* mode_name(Mode mode) noexcept;

}  // namespace bondbox

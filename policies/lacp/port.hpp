// The state that LACP keeps of one port and of one aggregator: the variables, timers and states of IEEE 802.1AX-2014
// clauses 6.4.6 to 6.4.9, under their names. The machines are functions over these values, one machine a file.
//
// The reference for behaviour is the kernel driver: its machines run once in 100 ms, each port in turn: receive,
// periodic, selection, mux, transmit, churn. Timers count these ticks; 0: not running.
#pragma once

#include <cstdint>
#include <optional>

#include "hal/wire/duplex.hpp"
#include "hal/wire/ids.hpp"
#include "policies/lacp/status.hpp"

namespace bondbox::lacp {

inline constexpr Ticks machine_tick = ticks_from_ms(100);

using Timer = std::uint16_t;
constexpr Timer machine_ticks(unsigned seconds) noexcept {
  return static_cast<Timer>(seconds * 10);
}

inline constexpr Timer short_timeout_time = machine_ticks(3);
inline constexpr Timer long_timeout_time = machine_ticks(90);
inline constexpr Timer fast_periodic_time = machine_ticks(1);
inline constexpr Timer slow_periodic_time = machine_ticks(30);
inline constexpr Timer aggregate_wait_time = machine_ticks(2);
inline constexpr Timer churn_detection_time = machine_ticks(60);
/// At most one LACPDU in this many ticks.
inline constexpr Timer transmit_interval = 3;

/// What the kernel driver takes for granted of a partner that has said nothing (Partner_Admin).
inline constexpr LacpEnd silent_partner{0xffff, MacAddress{}, 1, 0xff, 1, 0};

enum class PeriodicState : std::uint8_t { no_periodic, fast_periodic, slow_periodic, periodic_tx };
constexpr PeriodicState last_of(PeriodicState) noexcept {
  return PeriodicState::periodic_tx;
}

struct Port {
  PortId id;
  bool enabled = false;  ///< port_enabled: it has link
  std::uint32_t speed_mbps = 0;
  Duplex duplex = Duplex::unknown;
  /// The place of its aggregator in the table of aggregators.
  std::optional<std::uint8_t> aggregator;

  LacpEnd actor;  ///< operational values
  LacpEnd partner = silent_partner;
  std::optional<Tick> heard_at;  ///< the last LACPDU of another system
  LacpEnd heard_of_us;           ///< the partner that it named

  bool begin = true;
  bool lacp_enabled = true;
  bool selected = false;
  bool matched = false;
  bool ready_n = false;
  bool ntt = false;
  bool restart_churn = false;

  LacpReceiveState receive = LacpReceiveState::initialize;
  Timer current_while = 0;
  PeriodicState periodic = PeriodicState::no_periodic;
  Timer periodic_timer = 0;
  LacpMuxState mux = LacpMuxState::detached;
  Timer wait_while_timer = 0;
  Timer transmit_timer = transmit_interval;
  LacpChurn actor_churn = LacpChurn::monitoring;
  LacpChurn partner_churn = LacpChurn::monitoring;
  Timer actor_churn_timer = 0;
  Timer partner_churn_timer = 0;
  std::uint32_t actor_churned = 0;
  std::uint32_t partner_churned = 0;

  /// What the machines say of the data path; the active aggregator's ports make the plan.
  bool collects = false;
  bool distributes = false;
  bool loop_told = false;
  bool held = false;  ///< what else watches the port (probes) says that it is not to be used; the machines go on

  LacpPortCounters counters;

  bool has(std::uint8_t bit) const noexcept { return (actor.state & bit) != 0; }
  void set(std::uint8_t bit) noexcept { actor.state = static_cast<std::uint8_t>(actor.state | bit); }
  void clear(std::uint8_t bit) noexcept { actor.state = static_cast<std::uint8_t>(actor.state & ~bit); }
  bool partner_has(std::uint8_t bit) const noexcept { return (partner.state & bit) != 0; }
  bool is_full_duplex() const noexcept { return (actor.key & 1) != 0; }

  template <class A>
  void archive(A& a) {
    a(id, enabled, speed_mbps, duplex, aggregator, actor, partner, heard_at, heard_of_us, begin, lacp_enabled, selected,
      matched, ready_n, ntt, restart_churn, receive, current_while, periodic, periodic_timer, mux, wait_while_timer,
      transmit_timer, actor_churn, partner_churn, actor_churn_timer, partner_churn_timer, actor_churned,
      partner_churned, collects, distributes, loop_told, held, counters);
    if (aggregator && *aggregator >= max_ports) a.refuse();
  }

  /// The data path opens where there is link, and closes.
  void open() noexcept { collects = distributes = enabled; }
  void close() noexcept { collects = distributes = false; }
};

/// Each port brings one aggregator with it; which port uses which is decided by selection.
struct Aggregator {
  std::uint16_t number = 0;  ///< 1, 2, ... in the order in which they were made; 0: there is none in this place
  bool individual = false;
  bool active = false;
  std::uint16_t actor_key = 0;
  std::uint16_t partner_key = 0;
  std::uint16_t partner_system_priority = 0;
  MacAddress partner_system;

  template <class A>
  void archive(A& a) {
    a(number, individual, active, actor_key, partner_key, partner_system_priority, partner_system);
  }

  bool has_partner() const noexcept { return !partner_system.is_zero(); }
  void clear() noexcept {
    const std::uint16_t kept = number;
    *this = Aggregator{};
    number = kept;
  }
};

/// user << 6 | speed << 1 | full duplex, as the kernel driver makes it (options.md); without link only the user's part.
std::uint16_t port_key(std::uint16_t user_key, bool enabled, std::uint32_t speed_mbps, Duplex duplex) noexcept;

}  // namespace bondbox::lacp

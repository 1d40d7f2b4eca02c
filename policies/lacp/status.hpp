// What LACP shows of itself, as values: for status texts, explanations and tests. Names are those of IEEE 802.1AX-2014
// clause 6.4 and, where the kernel driver shows them, its own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/mac_address.hpp"
#include "hal/wire/slow_protocols.hpp"

namespace bondbox {

/// The bits of Actor_State and Partner_State (802.1AX-2014 6.4.2.3).
namespace lacp_state {
inline constexpr std::uint8_t activity = 0x01;
inline constexpr std::uint8_t timeout = 0x02;  ///< short
inline constexpr std::uint8_t aggregation = 0x04;
inline constexpr std::uint8_t synchronization = 0x08;
inline constexpr std::uint8_t collecting = 0x10;
inline constexpr std::uint8_t distributing = 0x20;
inline constexpr std::uint8_t defaulted = 0x40;
inline constexpr std::uint8_t expired = 0x80;
}  // namespace lacp_state

using LacpEnd = wire::LacpEnd;

enum class LacpReceiveState : std::uint8_t { initialize, port_disabled, lacp_disabled, expired, defaulted, current };
constexpr LacpReceiveState last_of(LacpReceiveState) noexcept {
  return LacpReceiveState::current;
}
enum class LacpMuxState : std::uint8_t {
  detached,
  waiting,
  attached,
  collecting,
  distributing,
  collecting_distributing
};
constexpr LacpMuxState last_of(LacpMuxState) noexcept {
  return LacpMuxState::collecting_distributing;
}
enum class LacpChurn : std::uint8_t { monitoring, churned, none };
constexpr LacpChurn last_of(LacpChurn) noexcept {
  return LacpChurn::none;
}

struct LacpPortCounters {
  std::uint64_t lacpdu_received = 0;  ///< those of our own system too
  std::uint64_t lacpdu_sent = 0;
  std::uint64_t marker_received = 0;           ///< informations
  std::uint64_t marker_response_received = 0;  ///< ignored
  std::uint64_t marker_response_sent = 0;
  std::uint64_t unknown_received = 0;   ///< another subtype or version of a slow protocol
  std::uint64_t illegal_received = 0;   ///< too short, or not as its subtype demands
  std::uint64_t loopback_received = 0;  ///< LACPDUs of our own system: a cable loop; ignored
  template <class A>
  void archive(A& a) {
    a(lacpdu_received, lacpdu_sent, marker_received, marker_response_received, marker_response_sent, unknown_received,
      illegal_received, loopback_received);
  }
};

struct LacpPortStatus {
  PortId port;
  std::uint16_t aggregator = 0;  ///< its number; 0: none ("N/A")
  bool in_active_aggregator = false;
  bool has_partner = false;  ///< an LACPDU of the partner is in force
  LacpEnd actor;
  LacpEnd partner;
  std::optional<Tick> heard_at;  ///< its last LACPDU; none: it has never spoken on this link
  LacpEnd heard_of_us;           ///< in that one: what the partner took us for
  LacpReceiveState receive = LacpReceiveState::initialize;
  LacpMuxState mux = LacpMuxState::detached;
  LacpChurn actor_churn = LacpChurn::monitoring;
  LacpChurn partner_churn = LacpChurn::monitoring;
  std::uint32_t actor_churned = 0;
  std::uint32_t partner_churned = 0;
  LacpPortCounters counters;
};

struct LacpAggregatorStatus {
  std::uint16_t number = 0;
  std::uint16_t ports = 0;
  std::uint16_t actor_key = 0;
  std::uint16_t partner_key = 0;
  MacAddress partner_system;
  friend constexpr bool operator==(const LacpAggregatorStatus&, const LacpAggregatorStatus&) = default;
};

struct LacpStatus {
  std::uint16_t system_priority = 0;  ///< 0 before the first port, as the kernel shows it
  MacAddress system;
  std::optional<LacpAggregatorStatus> active;
  FixedVector<LacpPortStatus, max_ports> ports;  ///< in order of enslaving
  bool fallback = false;                         ///< one port carries although no partner speaks

  const LacpPortStatus* find(PortId id) const noexcept {
    for (const LacpPortStatus& port : ports)
      if (port.port == id) return &port;
    return nullptr;
  }
};

}  // namespace bondbox

// Which port a plan sends a frame to, and why: pure functions of plan and frame, for the forwarder, for `bondbox which`
// and for whoever executes the plan elsewhere.
#pragma once

#include <cstdint>
#include <optional>

#include "hal/wire/bytes.hpp"
#include "policies/plan.hpp"

namespace bondbox {

enum class ChoiceReason : std::uint8_t {
  nowhere,     ///< nothing is usable: the frame is dropped
  single,      ///< there is one port for everything
  turn,        ///< round robin
  random,      ///< round robin with packets_per_slave 0
  hash,        ///< the hash's remainder
  bucket,      ///< the frame's bucket
  unassigned,  ///< its bucket has no port yet: the policy is asked first
  bucketless,  ///< not a frame that buckets are for: the active port
  igmp,        ///< IGMP has a port of its own
  copies,      ///< a copy on each usable port
  neighbour,   ///< ARP or neighbour discovery: a copy on each usable port
  queue,       ///< the host put it into a port's queue
};

struct Choice {
  ChoiceReason reason = ChoiceReason::nowhere;
  std::optional<PortId> port;          ///< none: dropped, copies, or unassigned
  std::uint32_t hash = 0;              ///< with reason hash: its value
  std::optional<std::uint8_t> bucket;  ///< with reasons bucket and unassigned
};

/// `number`: the round robin counter, already advanced for this frame, or with packets_per_port 0 a random number; it
/// counts as used with the reasons turn and random.
/// `queue`: the host's queue that the frame came out of; 0: none in particular. `frame` has at least 14 bytes.
Choice choose_port(const ForwardingPlan& plan, wire::Bytes frame, std::uint32_t number, std::uint16_t queue) noexcept;

bool is_igmp(wire::Bytes frame) noexcept;
/// Neighbour solicitations and advertisements, behind VLAN tags too; `frame` from its Ethernet header.
bool is_neighbour_discovery(wire::Bytes frame) noexcept;

}  // namespace bondbox

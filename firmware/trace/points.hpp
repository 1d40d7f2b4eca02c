// What can stand in a trace.
#pragma once

#include <cstdint>
#include <string>

#include "hal/wire/bytes.hpp"

namespace bondbox::trace {

/// A byte with its highest bit set is a step, so many ticks after the one before (step_far: the number follows). Any
/// other begins a record: its Point, how many readings were as known since the record before, the payload after its
/// length. Values stay what they are: a change of numbers or payloads is another format version.
enum class Point : std::uint8_t {
  // Steps and commands.
  repeat = 1,           ///< of the bare step before: how often, two bytes
  command = 2,          ///< within a step
  command_outside = 3,  ///< between steps
  // Read from hardware. A reading that was as known stands nowhere; it counts as a reading.
  events = 4,  ///< always written where they are taken
  has_interface = 8,
  nic_open,
  nic_link,
  nic_permanent_mac,
  nic_set_promiscuous,
  mac = 16,  ///< of a NIC or of the bond's interface, as the next ones
  mtu,
  handed_over,
  set_mac,
  set_mtu,
  host_open = 24,
  host_present,
  host_taken_over,
  host_shows_carrier,
  host_up,
  host_promiscuous,
  host_queueing,
  host_addresses,
  host_vlans,
  host_path,
  host_groups,
  host_set_carrier,
  host_set_queues,
  host_set_up,
  host_add_address,
  host_remove_address,
  host_set_gateway,
  host_remove_gateway,
  host_interface,
  below_open = 56,
  below_add_port,
  below_publish,
  below_keep_up,
  below_finish,
  below_pending,
  // What frames had to say.
  link_doubt = 64,  ///< a frame was refused, or met a port without carrier
  lost_link,        ///< seen between polls
  loops_asked,
  heard_below,   ///< the ports that the kernel has received on, as bits
  probe_sent,    ///< whether the NIC took the ARP monitor's question
  looped,        ///< the ports by which frames of our own came back in the last second
  buckets = 80,  ///< frames wait for these
  look,          ///< frames came by a port that delivers nothing, and a link was lost
  heard,         ///< what the ARP monitor found in frames
  punted,        ///< a frame that the policy sees
  traffic,       ///< bytes by bucket
  checkpoint,    ///< between steps: the tick, and all that what follows hangs on
  // What came of it.
  plan = 96,
  action,
  frame,  ///< spoken: announcements, probes, reports
  event,
};

inline constexpr std::uint8_t step_bit = 0x80;
inline constexpr std::uint8_t step_far = 0xff;

/// Whether it is found by counting readings; else it stands where it happened.
constexpr bool is_counted(Point point) noexcept {
  return !(point <= Point::events || (point >= Point::buckets && point <= Point::checkpoint));
}
/// "nic_link"; "record 7" for a number that is none of them.
std::string point_name(std::uint8_t number);
/// The payload for a person, one line.
std::string payload_text(std::uint8_t number, wire::Bytes payload);

}  // namespace bondbox::trace

// The egress program looks at a port's carrier itself, in the kernel's own net_device: a link that goes down loses no
// frame that has yet to be sent.
#pragma once

#include "hal/linux/bpf/kernel.hpp"

namespace bondbox::lnx::bpf {

/// Bits of net_device::state (observed kernel behaviour, Linux 4.1 to 6.18).
enum DeviceState : uint32_t {
  device_started = 1U << 0,
  device_no_carrier = 1U << 2,
  device_change_pending = 1U << 3,  ///< a change of carrier has not been acted upon yet
};

enum Carrier : uint32_t {
  carrier_none,
  carrier_new,  ///< it has just come, and what is sent may be dropped until the kernel starts the queue
  carrier_good,
};

/// 1 or 0. `number` has 32 bits at most.
BONDBOX_FAST uint32_t is_zero(uint64_t number) {
  number -= 1;
  asm("" : "+r"(number));
  return static_cast<uint32_t>(number >> 63);
}

struct DeviceWords {
  uint32_t ifindex;
  uint32_t state;
};

BONDBOX_FAST DeviceWords read_words(uint64_t net_device, uint64_t state_at) {
  DeviceWords words{};
  if (number_device_type() != 0) {
    const uint64_t known = cast_read_only(net_device, number_device_type());
    words.ifindex = *reinterpret_cast<const volatile uint32_t*>(known + number_device_index());
    words.state = *reinterpret_cast<const volatile uint32_t*>(known + state_at);
  } else {
    // What cannot be read is zeros afterwards.
    (void)probe_read(&words.ifindex, sizeof words.ifindex, net_device + number_device_index());
    (void)probe_read(&words.state, sizeof words.state, net_device + state_at);
  }
  return words;
}

/// By arithmetic rather than branches: where all ports are looked at, the verifier would follow each branch from each
/// port to the next.
BONDBOX_FAST Carrier carrier_of(const BpfDevice& device) {
  const uint32_t is_there = 1 - is_zero(device.ifindex);
  const uint64_t state_at = number_device_state();
  // Tested right on the placeholder: where it is 0, a kernel that has no such helper never sees the call.
  if (state_at == 0) return static_cast<Carrier>(is_there * carrier_good);
  const DeviceWords words = read_words(device.net_device, state_at);
  // Memory that was given back may be anything by now; the index tells that it is still this device.
  const uint32_t differs =
      (words.ifindex ^ device.ifindex) | ((words.state ^ device_started) & (device_started | device_no_carrier));
  const uint32_t seen = is_zero(differs) << is_zero(words.state & device_change_pending);
  const uint32_t is_unseen = is_zero(device.net_device >> 32 | (device.net_device & 0xffffffff));
  return static_cast<Carrier>(is_unseen * is_there * carrier_good + (1 - is_unseen) * seen);
}

struct Target {
  uint32_t port;
  uint32_t ifindex;
  Carrier carrier;
};

BONDBOX_FAST Target target_at(const BpfDevices* devices, uint32_t port) {
  if (port >= wire::fast_ports_max) return {port, 0, carrier_none};
  uint32_t place = port;
  asm("" : "+r"(place));  // else the compiler sees that the mask changes nothing; the verifier does not see it
  const BpfDevice& device = devices->ports[place & (wire::fast_ports_max - 1)];
  return {port, device.ifindex, carrier_of(device)};
}

/// The port for a frame whose port has no carrier, in the order in which the forwarder tries them. One whose carrier is
/// new is taken before the frame is lost, the chosen one before others.
BONDBOX_FAST Target next_target(const BpfDevices* devices, const Target& refused, const BpfPlan* plan) {
  uint32_t good = 0;
  uint32_t fresh = 0;
  for (uint32_t port = 0; port < wire::fast_ports_max; ++port) {
    const uint32_t carrier = carrier_of(devices->ports[port]);
    good |= (carrier >> 1) << port;
    fresh |= (carrier & 1) << port;
  }
  good &= plan->ordered;
  fresh &= plan->ordered;
  if (good == 0 && refused.carrier == carrier_new) return refused;
  const uint32_t wanted = settled(good != 0 ? good : fresh, plan->generation);
  for (uint32_t place = 0; place < wire::fast_ports_max; ++place) {
    const uint32_t port = plan->order[place];
    if ((wanted >> (port & 31) & 1) != 0)
      return {port, devices->ports[port & (wire::fast_ports_max - 1)].ifindex, carrier_good};
  }
  return {refused.port, refused.ifindex, carrier_none};
}

/// The daemon is to look at the links at once: it decides and announces, the frame has left already.
BONDBOX_FAST void wake_daemon(uint32_t port) {
  if (number_device_state() == 0) return;
  auto* const turn = entry<BpfTurn>(map_turn(), 0);
  if (turn == nullptr) return;
  const uint64_t now = clock_ns();
  if (now - turn->woke_ns < bpf_wake_interval_ns) return;
  turn->woke_ns = now;
  (void)ring_output(map_wake(), &port, sizeof port);
}

}  // namespace bondbox::lnx::bpf

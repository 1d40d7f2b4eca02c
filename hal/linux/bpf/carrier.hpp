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

struct Target {
  uint32_t port;
  uint32_t ifindex;
  Carrier carrier;
};

BONDBOX_FAST Carrier carrier_of(const BpfDevice* device) {
  const uint64_t state_at = number_device_state();
  // Tested right on the placeholder: where it is 0, a kernel that has no such helper never sees the call.
  if (state_at == 0) return carrier_good;
  if (device->net_device == 0) return carrier_good;
  uint32_t ifindex = 0;
  uint32_t state = 0;
  // Memory that was given back may be anything by now; the index tells that it is still this device.
  if (number_device_type() != 0) {
    const uint64_t known = cast_read_only(device->net_device, number_device_type());
    ifindex = *reinterpret_cast<const volatile uint32_t*>(known + number_device_index());
    state = *reinterpret_cast<const volatile uint32_t*>(known + state_at);
  } else {
    if (probe_read(&ifindex, sizeof ifindex, device->net_device + number_device_index()) != 0) return carrier_none;
    if (probe_read(&state, sizeof state, device->net_device + state_at) != 0) return carrier_none;
  }
  if (ifindex != device->ifindex) return carrier_none;
  if ((state & (device_started | device_no_carrier)) != device_started) return carrier_none;
  return (state & device_change_pending) != 0 ? carrier_new : carrier_good;
}

BONDBOX_FAST Target target_at(uint32_t port) {
  const auto* const device = entry<const BpfDevice>(map_devices(), port);
  if (device == nullptr || device->ifindex == 0) return {port, 0, carrier_none};
  return {port, device->ifindex, carrier_of(device)};
}

/// Another port for a frame whose port has no carrier, in the order in which the forwarder tries them. One whose
/// carrier is new is taken before the frame is lost, the chosen one before others.
BONDBOX_FAST Target next_target(uint32_t chosen, const Target& refused, const wire::FastPlan* plan) {
  Target best = refused;
  for (uint32_t i = 0; i < 2 * wire::fast_ports_max; ++i) {
    const bool is_fallback = i >= wire::fast_ports_max;
    const uint32_t place = i & (wire::fast_ports_max - 1);
    if (place >= (is_fallback ? plan->fallback_count : plan->usable_count)) continue;
    const uint32_t port = is_fallback ? plan->fallback[place] : plan->usable[place];
    if (port == chosen) continue;
    const Target target = target_at(port);
    if (target.carrier == carrier_good) return target;
    if (best.carrier == carrier_none) best = target;
  }
  return best;
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

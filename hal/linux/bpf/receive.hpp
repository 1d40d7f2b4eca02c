// What the port's socket filter and its ingress program agree upon: whose a received frame is.
#pragma once

#include "hal/linux/bpf/kernel.hpp"

namespace bondbox::lnx::bpf {

/// Untagged ones: the kernel hands them to a socket of their own, too.
BONDBOX_FAST bool is_slow_protocol(const FrameReader& reader) {
  return !reader.has_tag_beside() && wire::fast::be16(reader.head() + 12) == wire::ethertype::slow_protocols;
}

/// Slow protocols in any case; what the plan punts while there is a daemon to take it.
BONDBOX_FAST bool is_for_daemon(const FrameReader& reader, const BpfState* state, const wire::FastPlan* plan) {
  if (plan->serves == 0 || is_slow_protocol(reader)) return true;
  uint8_t wanted = plan->punt & wire::fast_classes_received;
  if (plan->listens != 0) wanted |= wire::fast_class_arp_received | wire::fast_class_nd_received;
  if (wanted == 0) return false;
  const uint8_t is = wire::fast::class_received(reader) & wanted;
  if (is == 0) return false;
  return is == wire::fast_class_slow_protocols || daemon_lives(state);
}

/// What the interface would not take either, if it filtered.
BONDBOX_FAST bool is_to_others(const Frame* frame, const wire::FastPort& port) {
  return frame->pkt_type == packet_to_others && (port.flags & wire::fast_promiscuous) == 0;
}

}  // namespace bondbox::lnx::bpf

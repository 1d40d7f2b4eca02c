// The forwarding plan once more, laid out for who executes it frame by frame inside the kernel: fixed size, no
// pointers, no containers. This file is compiled by g++ and, for the kernel, by clang for the BPF machine; it may
// include nothing but <stdint.h>, and its numbers are those of policies/plan.hpp and policies/options.hpp (checked
// where a ForwardingPlan is turned into one).
#pragma once

#include <stdint.h>

namespace bondbox::wire {

inline constexpr uint32_t fast_ports_max = 16;
inline constexpr uint8_t fast_no_port = 0xff;

enum FastPortFlags : uint8_t {
  fast_has_source_mac = 1,  ///< every frame of the host that leaves here gets `source_mac`
  fast_has_own_mac = 2,     ///< `own_mac` is set; other ports' `own_mask` may name this port
  /// Frames that are not to the port's own address are admitted too. Counts also while nothing is carried in the
  /// kernel.
  fast_promiscuous = 4,
};

struct FastPort {
  uint8_t deliver = 0;  ///< classes of frames, as PortRule::deliver
  uint8_t flags = 0;
  uint16_t own_mask = 0;  ///< ports (bit N: port N) whose `own_mac`, as a destination here, becomes the bond's address
  uint8_t source_mac[6] = {};
  uint8_t own_mac[6] = {};
};
static_assert(sizeof(FastPort) == 16);

struct FastPlan {
  uint64_t generation = 0;
  /// 0: nothing is carried in the kernel, everything goes to the daemon as if there were no programs.
  uint8_t serves = 0;
  uint8_t spread = 0;       ///< as Spread
  uint8_t hash_policy = 0;  ///< as HashPolicy
  uint8_t bucket_key = 0;   ///< as BucketKey
  uint8_t punt = 0;         ///< as ForwardingPlan::punt; these classes go to the daemon
  uint8_t copy_neighbours = 0;
  uint8_t usable_count = 0;
  uint8_t fallback_count = 0;
  uint16_t packets_per_port = 1;
  uint8_t rest_port = fast_no_port;
  uint8_t igmp_port = fast_no_port;
  uint8_t listens = 0;  ///< 1: received ARP, NS and NA go to the daemon, which delivers them (an ARP monitor listens)
  uint8_t pad = 0;
  uint8_t bond_mac[6] = {};
  uint8_t usable[fast_ports_max] = {};  ///< as TransmitRule::usable
  uint8_t fallback[fast_ports_max] = {};
  uint8_t bucket_port[256] = {};  ///< fast_no_port: the frame goes to the daemon, which asks the policy
  FastPort ports[fast_ports_max] = {};
};
static_assert(sizeof(FastPlan) % 8 == 0, "the value of a BPF map is read in words");

}  // namespace bondbox::wire

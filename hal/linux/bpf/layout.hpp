// What the BPF programs and the daemon share: maps, the layout of their values, and the placeholders that the loader
// patches. Compiled by g++ and by clang for the BPF machine; includes nothing but <stdint.h> and the plan.
#pragma once

#include <stdint.h>

#include "hal/wire/fast_plan.hpp"

namespace bondbox::lnx {

/// A program names a map, or a number that differs from one copy of it to the next, by loading one of these as a 64-bit
/// immediate. The loader replaces it: by the map's descriptor, by the number.
enum BpfPlaceholder : uint64_t {
  bpf_map_plans = 0xb0bdb0bd00000001,
  bpf_map_state = 0xb0bdb0bd00000002,
  bpf_map_devices = 0xb0bdb0bd00000003,
  bpf_map_counters = 0xb0bdb0bd00000004,
  bpf_map_verdicts = 0xb0bdb0bd00000005,
  bpf_map_turn = 0xb0bdb0bd00000006,
  bpf_map_wake = 0xb0bdb0bd00000007,
  bpf_number_port = 0xb0bdb0bd00000101,              ///< PortId::index of the port that the program is attached to
  bpf_number_device_of_packet = 0xb0bdb0bd00000102,  ///< offset of sk_buff::dev
  /// Offset of the four bytes of net_device::state that hold its low bits; 0: carrier cannot be looked at, and no
  /// helper for it may be asked for.
  bpf_number_device_state = 0xb0bdb0bd00000103,
  bpf_number_device_index = 0xb0bdb0bd00000104,  ///< offset of net_device::ifindex
  bpf_number_pointer_size = 0xb0bdb0bd00000105,  ///< 4 or 8, of the kernel
  /// 1: untagged slow protocols have a packet socket of their own, so the filter of the other one refuses them.
  bpf_number_slow_apart = 0xb0bdb0bd00000106,
  /// Number of `struct net_device` among the kernel's types (BTF); 0: its members are copied out by a helper, which
  /// takes several times as long.
  bpf_number_device_type = 0xb0bdb0bd00000107,
  /// Egress only: the kind of plans that this copy of the program executes (BpfKind).
  bpf_number_kind = 0xb0bdb0bd00000108,
};

/// Stands where a program calls the kernel's function bpf_rdonly_cast (Linux 6.2), which makes a pointer to a type that
/// is known out of an address. The loader puts the function's number there (BTF), or, where it cannot be reached, 0.
inline constexpr int32_t bpf_call_cast = 0x7b0bd001;

/// What of a plan decides which instructions the egress program needs. The loader makes one copy for the kind at hand:
/// its number is a constant that the kernel's verifier knows, so what other plans would need is never looked at.
/// Verifying all of it takes a hundred times as long as what mode 1 needs.
struct BpfKind {
  uint8_t spread = 0;       ///< wire::FastSpread
  uint8_t hash_policy = 0;  ///< 0 where no hash is computed
  uint8_t bucket_key = 0;   ///< 0 where there are no buckets
  bool punts = false;       ///< some of what is sent is the daemon's
  bool has_igmp_port = false;
  bool copies_neighbours = false;
  bool has_rest_port = false;  ///< counts with wire::fast_hash alone
};

constexpr uint64_t bpf_number_of(const BpfKind& kind) {
  return static_cast<uint64_t>(kind.spread) | static_cast<uint64_t>(kind.hash_policy) << 8 |
         static_cast<uint64_t>(kind.bucket_key) << 16 | static_cast<uint64_t>(kind.punts) << 24 |
         static_cast<uint64_t>(kind.has_igmp_port) << 25 | static_cast<uint64_t>(kind.copies_neighbours) << 26 |
         static_cast<uint64_t>(kind.has_rest_port) << 27;
}

/// The value of bpf_map_plans.
struct BpfPlan : wire::FastPlan {
  uint64_t kind = 0;  ///< bpf_number_of; a copy of the egress program that is for another one leaves all to the daemon
  /// Usable ports, then the fallback, each once, then fast_no_port: where a frame goes whose port has no carrier.
  uint8_t order[wire::fast_ports_max] = {};
  uint32_t ordered = 0;  ///< the same ports as bits
  uint32_t pad_end = 0;
};
static_assert(sizeof(BpfPlan) == sizeof(wire::FastPlan) + 32);

/// bpf_map_plans: an array of so many. Published into the one whose turn it is, then `current` names it: a program that
/// is still reading an older one has seven publications' time to finish.
inline constexpr uint32_t bpf_plan_slots = 8;

/// bpf_map_state: an array of one, written by the daemon alone.
struct BpfState {
  uint32_t current = 0;         ///< slot in bpf_map_plans
  uint32_t host_ifindex = 0;    ///< bond0
  uint64_t lease_until_ns = 0;  ///< CLOCK_MONOTONIC; past: the daemon counts as dead
};

/// A port's interface. Written by the daemon and, on its behalf, by the program that locates.
struct BpfDevice {
  uint32_t ifindex = 0;  ///< 0: no such port
  uint32_t pad = 0;
  uint64_t net_device = 0;  ///< where the kernel keeps it; 0: unknown, its carrier cannot be looked at
};

/// bpf_map_devices: an array of one, by PortId::index.
struct BpfDevices {
  BpfDevice ports[wire::fast_ports_max];
};

/// bpf_map_counters: a per-CPU array of one.
struct BpfPortCounters {
  uint64_t rx_frames, rx_bytes, rx_suppressed, rx_looped, tx_frames, tx_bytes, tx_moved, tx_refused;
};
struct BpfCounters {
  BpfPortCounters ports[wire::fast_ports_max];
  uint64_t tx_no_port;
  uint64_t bucket_bytes[256];
  uint64_t other_bytes;
};

/// bpf_map_verdicts: a per-CPU array by PortId::index of uint32_t. Written by the port's socket filter, taken and
/// cleared by its ingress program, which runs next on the same CPU for the same frame.
enum BpfVerdict : uint32_t { bpf_verdict_none = 0, bpf_verdict_daemon = 1, bpf_verdict_carry = 2 };

/// bpf_map_turn: a per-CPU array of one, the programs' own memory. The round robin counter is each CPU's own, as the
/// kernel driver's is: it needs no lock, and frames of one flow, which stay on a CPU, alternate exactly.
struct BpfTurn {
  uint64_t turn;
  uint64_t woke_ns;  ///< when this CPU last put something into bpf_map_wake
};

/// bpf_map_wake: a ring buffer; a record (uint32_t: the port without carrier) when the port's carrier was found
/// missing, at most one every millisecond from each CPU.
inline constexpr uint64_t bpf_wake_interval_ns = 1'000'000;
inline constexpr uint32_t bpf_wake_size = 4096;

}  // namespace bondbox::lnx

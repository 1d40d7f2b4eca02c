// What a BPF program calls and is called with: the part of the kernel's interface (bpf(2), bpf-helpers(7)) that ours
// need, and how they name maps and numbers. Compiled for the BPF machine only.
#pragma once

#include <stdint.h>

#include "hal/linux/bpf/layout.hpp"
#include "hal/wire/frame_class.hpp"

namespace bondbox::lnx::bpf {

/// The beginning of `struct __sk_buff`; the kernel translates each access. `data` and `data_end` are pointers that it
/// grants to classifiers, not to socket filters.
struct Frame {
  uint32_t len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority;
  uint32_t ingress_ifindex, ifindex, tc_index, cb[5], hash, tc_classid, data, data_end;
};

/// As the kernel has judged a received frame's destination, in Frame::pkt_type.
enum PacketType : uint32_t { packet_to_others = 3, packet_outgoing = 4 };

/// What a classifier answers; the same in clsact and tcx. `pass`: the next filter is asked, at last the interface.
enum Verdict : int { verdict_pass = -1, verdict_drop = 2 };

inline constexpr uint64_t redirect_to_ingress = 1;

template <uint64_t Number, class Function>
BONDBOX_FAST Function helper() {
  return reinterpret_cast<Function>(Number);
}

BONDBOX_FAST void* map_lookup(uint64_t map, const void* key) {
  return helper<1, void* (*)(uint64_t, const void*)>()(map, key);
}
BONDBOX_FAST uint64_t clock_ns() {
  return helper<5, uint64_t (*)()>()();
}
BONDBOX_FAST uint32_t random_number() {
  return helper<7, uint32_t (*)()>()();
}
BONDBOX_FAST int64_t store_bytes(Frame* frame, uint32_t offset, const void* from, uint32_t size) {
  return helper<9, int64_t (*)(Frame*, uint32_t, const void*, uint32_t, uint64_t)>()(frame, offset, from, size, 0);
}
BONDBOX_FAST int64_t clone_redirect(Frame* frame, uint32_t ifindex) {
  return helper<13, int64_t (*)(Frame*, uint32_t, uint64_t)>()(frame, ifindex, 0);
}
BONDBOX_FAST int redirect(uint32_t ifindex, uint64_t flags) {
  return helper<23, int (*)(uint32_t, uint64_t)>()(ifindex, flags);
}
BONDBOX_FAST int64_t load_bytes(const Frame* frame, uint32_t offset, void* into, uint32_t size) {
  return helper<26, int64_t (*)(const Frame*, uint32_t, void*, uint32_t)>()(frame, offset, into, size);
}
BONDBOX_FAST int64_t probe_read(void* into, uint32_t size, uint64_t address) {
  return helper<113, int64_t (*)(void*, uint32_t, uint64_t)>()(into, size, address);
}
BONDBOX_FAST int64_t ring_output(uint64_t map, const void* record, uint64_t size) {
  return helper<130, int64_t (*)(uint64_t, const void*, uint64_t, uint64_t)>()(map, record, size, 0);
}

/// What is read through the result needs no helper; an address that is none reads as 0.
BONDBOX_FAST uint64_t cast_read_only(uint64_t address, uint64_t type) {
  return helper<bpf_call_cast, uint64_t (*)(uint64_t, uint64_t)>()(address, type);
}

/// A placeholder as the loader finds it; the compiler must not know what it is worth.
#define BONDBOX_PLACEHOLDER(name, value)       \
  BONDBOX_FAST uint64_t name() {               \
    uint64_t number;                           \
    asm("%0 = " #value " ll" : "=r"(number));  \
    static_assert(lnx::bpf_##name == (value)); \
    return number;                             \
  }
BONDBOX_PLACEHOLDER(map_plans, 0xb0bdb0bd00000001)
BONDBOX_PLACEHOLDER(map_state, 0xb0bdb0bd00000002)
BONDBOX_PLACEHOLDER(map_devices, 0xb0bdb0bd00000003)
BONDBOX_PLACEHOLDER(map_counters, 0xb0bdb0bd00000004)
BONDBOX_PLACEHOLDER(map_verdicts, 0xb0bdb0bd00000005)
BONDBOX_PLACEHOLDER(map_turn, 0xb0bdb0bd00000006)
BONDBOX_PLACEHOLDER(map_wake, 0xb0bdb0bd00000007)
BONDBOX_PLACEHOLDER(number_port, 0xb0bdb0bd00000101)
BONDBOX_PLACEHOLDER(number_device_of_packet, 0xb0bdb0bd00000102)
BONDBOX_PLACEHOLDER(number_device_state, 0xb0bdb0bd00000103)
BONDBOX_PLACEHOLDER(number_device_index, 0xb0bdb0bd00000104)
BONDBOX_PLACEHOLDER(number_pointer_size, 0xb0bdb0bd00000105)
BONDBOX_PLACEHOLDER(number_slow_apart, 0xb0bdb0bd00000106)
BONDBOX_PLACEHOLDER(number_device_type, 0xb0bdb0bd00000107)
BONDBOX_PLACEHOLDER(number_kind, 0xb0bdb0bd00000108)
#undef BONDBOX_PLACEHOLDER

template <class Value>
BONDBOX_FAST Value* entry(uint64_t map, uint32_t index) {
  return static_cast<Value*>(map_lookup(map, &index));
}

/// The plan in force; null: the daemon has not made the maps ready.
BONDBOX_FAST const BpfPlan* current_plan(const BpfState* state) {
  return state == nullptr ? nullptr : entry<const BpfPlan>(map_plans(), state->current);
}

/// Asked only about frames that are the daemon's while it lives: reading the clock costs more than forwarding.
BONDBOX_FAST bool daemon_lives(const BpfState* state) {
  return clock_ns() < state->lease_until_ns;
}

/// With the tag that the kernel keeps beside the bytes, as everybody else counts.
BONDBOX_FAST uint32_t frame_size(const Frame* frame) {
  return frame->len + (frame->vlan_present != 0 ? static_cast<uint32_t>(wire::vlan_tag_size) : 0U);
}

/// The same value, of which the kernel's verifier knows nothing any more. It follows each way through a program as long
/// as what it knows differs; a value that comes out of many ways is settled where they meet, and they are one again.
/// `unknown`: anything that came out of a map or a packet.
template <class T>
BONDBOX_FAST T settled(T value, uint64_t unknown) {
  auto wide = static_cast<uint64_t>(value);
  asm volatile("%0 ^= %1; %0 ^= %1" : "+r"(wide) : "r"(unknown));
  return static_cast<T>(wide);
}

/// Reads a frame for hal/wire (frame_class.hpp says what a Reader is). `head` points to its first 14 bytes: in the
/// packet where a program may look into it, else to a copy.
class FrameReader {
 public:
  BONDBOX_FAST FrameReader(const Frame* frame, const uint8_t* head) : frame_(frame), head_(head) {}

  BONDBOX_FAST const uint8_t* head() const { return head_; }
  template <uint32_t N>
  BONDBOX_FAST bool load(uint32_t offset, uint8_t (&into)[N]) const {
    return load_bytes(frame_, offset, into, N) == 0;
  }
  template <class T>
  BONDBOX_FAST T settle(T value) const {
    return settled(value, frame_->len);
  }
  BONDBOX_FAST bool has_tag_beside() const { return frame_->vlan_present != 0; }
  BONDBOX_FAST uint16_t tag_beside() const { return static_cast<uint16_t>(frame_->vlan_tci); }

 private:
  const Frame* frame_;
  const uint8_t* head_;
};

/// Where a classifier sees the first 14 bytes, or null.
BONDBOX_FAST const uint8_t* head_in_packet(const Frame* frame) {
  // Addresses in 32-bit fields: the kernel puts whole pointers there.
  const auto begin = reinterpret_cast<const uint8_t*>(static_cast<uint64_t>(frame->data));
  const auto end = reinterpret_cast<const uint8_t*>(static_cast<uint64_t>(frame->data_end));
  return begin + wire::ethernet_header_size > end ? nullptr : begin;
}

}  // namespace bondbox::lnx::bpf

/// One program to an object file, in a section of this name.
#define BONDBOX_PROGRAM extern "C" __attribute__((section("program"), used))

// On a port's ingress: admits a frame by the plan's rule for the port and gives it to bond0, or keeps the host from it.

#include "hal/linux/bpf/carrier.hpp"
#include "hal/linux/bpf/receive.hpp"

namespace bondbox::lnx::bpf {
namespace {

constexpr uint32_t port_mask = wire::fast_ports_max - 1;

struct __attribute__((may_alias)) MacWords {
  uint16_t word[3];
};

/// 0: they are the same.
BONDBOX_FAST uint32_t difference(const MacWords& mac, const uint8_t* other) {
  const auto& words = *reinterpret_cast<const MacWords*>(other);
  return (mac.word[0] ^ words.word[0]) | (mac.word[1] ^ words.word[1]) | (mac.word[2] ^ words.word[2]);
}

/// The ports whose own address this is, as bits.
BONDBOX_FAST uint32_t owners_of(const MacWords& mac, const wire::FastPlan* plan) {
  uint32_t owners = 0;
  for (uint32_t i = 0; i < wire::fast_ports_max; ++i) {
    const wire::FastPort& port = plan->ports[i];
    const uint32_t has_own = port.flags / wire::fast_has_own_mac & 1U;
    owners |= (is_zero(difference(mac, port.own_mac)) & has_own) << i;
  }
  return owners;
}

/// Frames that leave on the port have this address.
BONDBOX_FAST const uint8_t* address_sent(const wire::FastPlan* plan, const wire::FastPort& port) {
  return (port.flags & wire::fast_has_source_mac) != 0 ? port.source_mac : plan->bond_mac;
}

/// The address of a port, under which the host is spoken to through this one. What is written to the bond's own address
/// need not be looked for.
BONDBOX_FAST bool is_own_mac(const uint8_t* destination, const wire::FastPlan* plan, const wire::FastPort& port) {
  const MacWords to = *reinterpret_cast<const MacWords*>(destination);
  return difference(to, plan->bond_mac) != 0 && (owners_of(to, plan) & port.own_mask) != 0;
}

/// The port whose this address is: its own, or as the active one's the bond's.
BONDBOX_FAST uint32_t owner_of(const uint8_t* destination, const wire::FastPlan* plan) {
  const MacWords to = *reinterpret_cast<const MacWords*>(destination);
  if (plan->usable_count != 0 && difference(to, plan->bond_mac) == 0) return plan->usable[0] & port_mask;
  const uint32_t owners = settled(owners_of(to, plan), plan->generation);
  for (uint32_t i = 0; i < wire::fast_ports_max; ++i)
    if ((owners >> i & 1) != 0) return i;
  return wire::fast_no_port;
}

/// The port in whose stead a frame might be taken that is not delivered here: the active one, if it would deliver it.
BONDBOX_FAST uint32_t active_for(uint8_t destination, const wire::FastPlan* plan) {
  const uint32_t active = plan->usable[0] & port_mask;
  const bool delivers = plan->usable_count != 0 && (plan->ports[active].deliver & destination) != 0;
  return delivers ? active : wire::fast_no_port;
}

/// That port has no carrier, so what would come in there comes in here, where frames leave instead; until the daemon
/// has a plan for it, or for good when there is none.
BONDBOX_FAST bool stands_in(uint32_t index, uint32_t owner, const BpfPlan* plan) {
  const auto* const devices = entry<const BpfDevices>(map_devices(), 0);
  if (devices == nullptr) return false;
  const Target gone = target_at(devices, owner);
  if (gone.carrier != carrier_none) return false;  // it may hear as well, and the host would have two
  // The plan may know already; then peers have only to be told, which takes its time.
  const bool is_known = owner != index && (plan->ports[index].own_mask >> (owner & 31) & 1) != 0;
  if (!is_known) wake_daemon(owner);
  return next_target(devices, gone, plan).port == index;
}

BONDBOX_FAST int deliver(Frame* frame, uint32_t index, const BpfState* state, const BpfPlan* plan,
                         const uint8_t* head) {
  const wire::FastPort& port = plan->ports[index];
  // To another port of ours: a switch that has lost its way there sends it on every cable.
  const bool is_anothers = is_to_others(frame, port);
  const uint8_t destination = settled(wire::fast::destination_class(head), plan->generation);
  uint32_t owner = index;
  if (is_anothers) {
    owner = owner_of(head, plan);
  } else if ((port.deliver & destination) == 0) {
    owner = active_for(destination, plan);
  }
  owner = settled(owner, plan->generation);
  const bool is_taken = owner == index || (owner < wire::fast_ports_max && stands_in(index, owner, plan));
  if (is_anothers && !is_taken) return verdict_drop;
  auto* const counters = entry<BpfCounters>(map_counters(), 0);
  if (counters == nullptr) return verdict_drop;
  BpfPortCounters& counted = counters->ports[index];
  ++counted.rx_frames;
  counted.rx_bytes += frame_size(frame);
  if (!is_taken) {
    ++counted.rx_suppressed;
    return verdict_drop;
  }
  const MacWords from = *reinterpret_cast<const MacWords*>(head + 6);
  counted.rx_looped += is_zero(difference(from, address_sent(plan, port)));
  const bool is_own = port.own_mask != 0 && destination == wire::fast_unicast && is_own_mac(head, plan, port);
  if (is_anothers || is_own) {
    uint8_t mac[6];
    __builtin_memcpy(mac, plan->bond_mac, sizeof mac);
    (void)store_bytes(frame, 0, mac, sizeof mac);
  }
  return redirect(state->host_ifindex, redirect_to_ingress);
}

BONDBOX_FAST int ingress(Frame* frame) {
  const uint32_t index = static_cast<uint32_t>(number_port()) & (wire::fast_ports_max - 1);
  auto* const slot = entry<uint32_t>(map_verdicts(), index);
  const auto* const state = entry<const BpfState>(map_state(), 0);
  const BpfPlan* const plan = current_plan(state);
  const uint8_t* const head = head_in_packet(frame);
  if (slot == nullptr || plan == nullptr || head == nullptr) return verdict_drop;
  const uint32_t verdict = *slot;
  *slot = bpf_verdict_none;
  // The filter's word holds even when the plan was swapped since: who did not let it through has left it to us.
  if (verdict == bpf_verdict_daemon) return verdict_drop;
  if (verdict == bpf_verdict_none && is_for_daemon(FrameReader(frame, head), state, plan)) return verdict_drop;
  return deliver(frame, index, state, plan, head);
}

}  // namespace

BONDBOX_PROGRAM int bondbox_ingress(Frame* frame) {
  return ingress(frame);
}

}  // namespace bondbox::lnx::bpf

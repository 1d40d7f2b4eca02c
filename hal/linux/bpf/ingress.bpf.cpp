// On a port's ingress: admits a frame by the plan's rule for the port and gives it to bond0, or keeps the host from it.

#include "hal/linux/bpf/carrier.hpp"
#include "hal/linux/bpf/receive.hpp"

namespace bondbox::lnx::bpf {
namespace {

BONDBOX_FAST bool same_mac(const uint8_t* a, const uint8_t* b) {
  return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4]) | (a[5] ^ b[5])) == 0;
}

/// The address of a port, under which the host is spoken to through this one.
BONDBOX_FAST bool is_own_mac(const uint8_t* destination, const wire::FastPlan* plan, const wire::FastPort& port) {
  for (uint32_t i = 0; i < wire::fast_ports_max; ++i) {
    if ((port.own_mask >> i & 1) != 0 && same_mac(destination, plan->ports[i].own_mac)) return true;
  }
  return false;
}

/// The port whose this address is: its own, or as the active one's the bond's.
BONDBOX_FAST uint32_t owner_of(const uint8_t* destination, const wire::FastPlan* plan) {
  if (plan->usable_count != 0 && same_mac(destination, plan->bond_mac))
    return plan->usable[0] & (wire::fast_ports_max - 1);
  for (uint32_t i = 0; i < wire::fast_ports_max; ++i) {
    const wire::FastPort& port = plan->ports[i];
    if ((port.flags & wire::fast_has_own_mac) != 0 && same_mac(destination, port.own_mac)) return i;
  }
  return wire::fast_no_port;
}

/// That port has no carrier, so what would come in there comes in here, where frames leave instead; until the daemon
/// has a plan for it, or for good when there is none.
BONDBOX_FAST bool stands_in(uint32_t index, uint32_t owner, const wire::FastPlan* plan) {
  const Target gone = target_at(owner);
  if (gone.carrier != carrier_none) return false;  // it may hear as well, and the host would have two
  // The plan may know already; then peers have only to be told, which takes its time.
  const bool is_known = owner != index && (plan->ports[index].own_mask >> (owner & 31) & 1) != 0;
  if (!is_known) wake_daemon(owner);
  return next_target(owner, gone, plan).port == index;
}

/// A frame to another port of ours, which a switch that has lost its way there sends on every cable.
BONDBOX_FAST bool takes_for_another(uint32_t index, const uint8_t* head, const wire::FastPlan* plan) {
  const uint32_t owner = owner_of(head, plan);
  return owner == index || (owner != wire::fast_no_port && stands_in(index, owner, plan));
}

BONDBOX_FAST bool is_admitted(uint32_t index, uint8_t destination, const wire::FastPlan* plan) {
  if ((plan->ports[index].deliver & destination) != 0) return true;
  if (plan->usable_count == 0) return false;
  const uint32_t active = plan->usable[0] & (wire::fast_ports_max - 1);
  return (plan->ports[active].deliver & destination) != 0 && stands_in(index, active, plan);
}

BONDBOX_FAST int deliver(Frame* frame, uint32_t index, const BpfState* state, const wire::FastPlan* plan,
                         const uint8_t* head) {
  const wire::FastPort& port = plan->ports[index];
  const bool is_anothers = is_to_others(frame, port);
  if (is_anothers && !takes_for_another(index, head, plan)) return verdict_drop;
  auto* const counters = entry<BpfCounters>(map_counters(), 0);
  if (counters == nullptr) return verdict_drop;
  BpfPortCounters& counted = counters->ports[index];
  ++counted.rx_frames;
  counted.rx_bytes += frame_size(frame);
  const uint8_t destination = wire::fast::destination_class(head);
  if (!is_anothers && !is_admitted(index, destination, plan)) {
    ++counted.rx_suppressed;
    return verdict_drop;
  }
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
  const wire::FastPlan* const plan = current_plan(state);
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

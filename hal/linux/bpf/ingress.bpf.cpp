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

/// The active port has no carrier, so what would come in there comes in here, where frames leave instead; until the
/// daemon has a plan for it, or for good when there is none.
BONDBOX_FAST bool stands_in(uint32_t index, uint8_t destination, const wire::FastPlan* plan) {
  if (plan->usable_count == 0) return false;
  const uint32_t active = plan->usable[0] & (wire::fast_ports_max - 1);
  if ((plan->ports[active].deliver & destination) == 0) return false;
  const Target gone = target_at(active);
  if (gone.carrier != carrier_none) return false;  // it may hear as well, and the host would have two
  wake_daemon(active);
  return next_target(active, gone, plan).port == index;
}

BONDBOX_FAST int deliver(Frame* frame, uint32_t index, const BpfState* state, const wire::FastPlan* plan,
                         const uint8_t* head) {
  const wire::FastPort& port = plan->ports[index];
  if (is_to_others(frame, port)) return verdict_drop;
  auto* const counters = entry<BpfCounters>(map_counters(), 0);
  if (counters == nullptr) return verdict_drop;
  BpfPortCounters& counted = counters->ports[index];
  ++counted.rx_frames;
  counted.rx_bytes += frame_size(frame);
  const uint8_t destination = wire::fast::destination_class(head);
  if ((port.deliver & destination) == 0 && !stands_in(index, destination, plan)) {
    ++counted.rx_suppressed;
    return verdict_drop;
  }
  if (port.own_mask != 0 && destination == wire::fast_unicast && is_own_mac(head, plan, port)) {
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

// The filter of a port's packet socket: lets through what the daemon is to have, and leaves word of it for the ingress
// program, which sees the same frame next on the same CPU.

#include "hal/linux/bpf/receive.hpp"

namespace bondbox::lnx::bpf {
namespace {

constexpr int accept_whole = -1;
constexpr int refuse = 0;

BONDBOX_FAST int filter(Frame* frame) {
  // A frame on its way out is none that the ingress program will see. Kernels before 4.20 ask about them.
  if (frame->pkt_type == packet_outgoing) return refuse;
  const auto index = static_cast<uint32_t>(number_port());
  auto* const verdict = entry<uint32_t>(map_verdicts(), index);
  const auto* const state = entry<const BpfState>(map_state(), 0);
  const wire::FastPlan* const plan = current_plan(state);
  uint8_t head[wire::ethernet_header_size];
  if (verdict == nullptr || plan == nullptr || load_bytes(frame, 0, head, sizeof head) != 0) return accept_whole;
  const FrameReader reader(frame, head);
  if (is_to_others(frame, plan->ports[index & (wire::fast_ports_max - 1)])) {
    *verdict = plan->serves != 0 ? bpf_verdict_carry : bpf_verdict_daemon;
    return refuse;
  }
  if (!is_for_daemon(reader, state, plan)) {
    *verdict = bpf_verdict_carry;
    return refuse;
  }
  *verdict = bpf_verdict_daemon;
  return number_slow_apart() != 0 && is_slow_protocol(reader) ? refuse : accept_whole;
}

}  // namespace

BONDBOX_PROGRAM int bondbox_filter(Frame* frame) {
  return filter(frame);
}

}  // namespace bondbox::lnx::bpf

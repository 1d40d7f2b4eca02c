// On bond0's egress: sends a frame of the host out of the port that the plan chooses. What it does not carry goes on to
// the TAP device, and so to the daemon.

#include "hal/linux/bpf/carrier.hpp"
#include "hal/linux/bpf/kernel.hpp"
#include "hal/wire/fast_choice.hpp"

namespace bondbox::lnx::bpf {
namespace {

using wire::FastPort;

constexpr uint32_t port_mask = wire::fast_ports_max - 1;

/// A plan of the program's kind as a Rule (hal/wire/fast_choice.hpp): what the kind decides is a constant.
class KindRule : public wire::FastPlanRule {
 public:
  BONDBOX_FAST explicit KindRule(const BpfPlan& plan) : wire::FastPlanRule(plan) {}
  BONDBOX_FAST uint8_t spread() const { return static_cast<uint8_t>(number_kind()); }
  BONDBOX_FAST uint8_t hash_policy() const { return static_cast<uint8_t>(number_kind() >> 8); }
  BONDBOX_FAST uint8_t bucket_key() const { return static_cast<uint8_t>(number_kind() >> 16); }
  BONDBOX_FAST bool copies_neighbours() const { return (number_kind() >> 26 & 1) != 0; }
  BONDBOX_FAST uint8_t igmp_port() const {
    return (number_kind() >> 25 & 1) != 0 ? wire::FastPlanRule::igmp_port() : wire::fast_no_port;
  }
  BONDBOX_FAST uint8_t rest_port() const {
    return (number_kind() >> 27 & 1) != 0 ? wire::FastPlanRule::rest_port() : wire::fast_no_port;
  }
};

BONDBOX_FAST void put_source(Frame* frame, const uint8_t* from) {
  uint8_t mac[6];
  __builtin_memcpy(mac, from, sizeof mac);
  (void)store_bytes(frame, 6, mac, sizeof mac);
}

BONDBOX_FAST void count_sent(Frame* frame, BpfPortCounters& counted) {
  ++counted.tx_frames;
  counted.tx_bytes += frame_size(frame);
}

BONDBOX_FAST int send(Frame* frame, uint32_t chosen, const BpfPlan* plan, BpfCounters* counters) {
  const auto* const devices = entry<const BpfDevices>(map_devices(), 0);
  if (devices == nullptr) return verdict_pass;
  Target target = target_at(devices, chosen);
  if (target.carrier != carrier_good) {
    wake_daemon(chosen);
    target = next_target(devices, target, plan);
    BpfPortCounters& asked = counters->ports[chosen & port_mask];
    if (target.carrier == carrier_none) {
      ++asked.tx_refused;
      return verdict_drop;
    }
    if (target.port != chosen) ++asked.tx_moved;
  }
  const uint32_t index = target.port & port_mask;
  const FastPort& port = plan->ports[index];
  if ((port.flags & wire::fast_has_source_mac) != 0) put_source(frame, port.source_mac);
  count_sent(frame, counters->ports[index]);
  return redirect(target.ifindex, 0);
}

/// A copy on each usable port, in the order of ports. One without carrier gets none, and no other gets it instead.
BONDBOX_FAST int send_copies(Frame* frame, const BpfPlan* plan, BpfCounters* counters, bool replaces_sources,
                             const uint8_t* head) {
  const auto* const devices = entry<const BpfDevices>(map_devices(), 0);
  if (devices == nullptr) return verdict_pass;
  uint8_t source[6];
  __builtin_memcpy(source, head + 6, sizeof source);
  uint32_t ports = 0;
  for (uint32_t i = 0; i < wire::fast_ports_max && i < plan->usable_count; ++i) ports |= 1U << (plan->usable[i] & 31);
  for (uint32_t index = 0; index < wire::fast_ports_max; ++index) {
    if ((ports >> index & 1) == 0) continue;
    BpfPortCounters& counted = counters->ports[index];
    const Target target = target_at(devices, index);
    if (target.carrier == carrier_none) {
      wake_daemon(index);
      ++counted.tx_refused;
      continue;
    }
    const FastPort& port = plan->ports[index];
    if (replaces_sources) put_source(frame, (port.flags & wire::fast_has_source_mac) != 0 ? port.source_mac : source);
    count_sent(frame, counted);
    if (ports >> index == 1) return redirect(target.ifindex, 0);
    (void)clone_redirect(frame, target.ifindex);
  }
  return verdict_drop;
}

/// Round robin: this CPU's counter, or a random number.
BONDBOX_FAST uint32_t next_number(bool is_random) {
  if (is_random) return random_number() >> 16;
  auto* const turn = entry<BpfTurn>(map_turn(), 0);
  return turn == nullptr ? 0 : static_cast<uint32_t>(++turn->turn);
}

BONDBOX_FAST int egress(Frame* frame) {
  const auto* const state = entry<const BpfState>(map_state(), 0);
  const BpfPlan* const plan = current_plan(state);
  const uint8_t* const head = head_in_packet(frame);
  if (plan == nullptr || head == nullptr || plan->serves == 0) return verdict_pass;
  if (plan->kind != number_kind()) return verdict_pass;
  auto* const counters = entry<BpfCounters>(map_counters(), 0);
  if (counters == nullptr) return verdict_pass;
  const FrameReader reader(frame, head);
  if ((number_kind() >> 24 & 1) != 0 && (wire::fast::class_sent(reader) & plan->punt) != 0 && daemon_lives(state))
    return verdict_pass;

  const wire::FastChoice choice = wire::fast::choose(KindRule(*plan), reader, next_number);
  uint32_t port = choice.port;
  switch (choice.reason) {
    case wire::fast_nowhere:
      ++counters->tx_no_port;
      return verdict_drop;
    case wire::fast_copies:
    case wire::fast_neighbour:
      return send_copies(frame, plan, counters, choice.reason == wire::fast_neighbour, head);
    case wire::fast_unassigned:
      if (daemon_lives(state)) return verdict_pass;
      port = plan->usable[0];
      [[fallthrough]];
    case wire::fast_by_bucket:
      counters->bucket_bytes[choice.bucket & 0xff] += frame_size(frame);
      break;
    case wire::fast_bucketless:
      counters->other_bytes += frame_size(frame);
      break;
    default:
      break;
  }
  return send(frame, port, plan, counters);
}

}  // namespace

BONDBOX_PROGRAM int bondbox_egress(Frame* frame) {
  return egress(frame);
}

}  // namespace bondbox::lnx::bpf

#include "hal/linux/bpf_handover.hpp"

#include <array>
#include <cerrno>

#include "hal/linux/bpf/layout.hpp"
#include "hal/linux/bpf_offload.hpp"
#include "hal/linux/bpf_syscall.hpp"
#include "hal/linux/packet_nic.hpp"
#include "hal/linux/tap_host_port.hpp"

namespace bondbox::lnx {
namespace {

/// How an attached port's programs stand.
struct HandedPort {
  std::int32_t index = 0;
  std::uint8_t kind = 0;  ///< BpfAttachKind
  std::uint8_t made_qdisc = 0;
};

struct HandedOffload {
  KernelLayout layout;
  BpfKind egress_kind;
  std::uint8_t kind = 0;  ///< BpfAttachKind
};

std::string port_key(const std::string& key, std::size_t port) {
  return key + "port" + std::to_string(port) + "/";
}

}  // namespace

std::uint64_t bpf_signature() noexcept {
  constexpr std::uint64_t prime = 0x100000001b3;  // FNV-1a, 64 bits
  std::uint64_t sum = 0xcbf29ce484222325;
  const auto mix = [&sum](std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) sum = (sum ^ (value >> shift & 0xff)) * prime;
  };
  for (const BpfRole role : {BpfRole::egress, BpfRole::ingress, BpfRole::filter, BpfRole::locate})
    for (const std::uint64_t instruction : program_code(role)) mix(instruction);
  for (const std::size_t size : {sizeof(BpfPlan), sizeof(BpfState), sizeof(BpfDevices), sizeof(BpfCounters),
                                 sizeof(BpfTurn), sizeof(HandedOffload), sizeof(OffloadCounters)})
    mix(size);
  return sum;
}

/// Only where all that the plan takes stands; what is being loaded is loaded again.
void LinuxOffload::give(Handover& handover) const {
  if (!attached_ || !has_ports() || !has_egress()) return;
  const std::string key = handed_bpf(host_index_);
  handover.note(key + "signature", std::to_string(bpf_signature()));
  HandedOffload offload{layout_, egress_kind_, static_cast<std::uint8_t>(kind_)};
  handover.note(key + "offload", as_bytes(offload));
  handover.note(key + "counters", as_bytes(counted_));
  handover.lend(key + "egress", egress_.get());
  maps_.give(handover, key);
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const Port& slot = ports_[i];
    if (slot.nic == nullptr) continue;
    const HandedPort port{slot.index, static_cast<std::uint8_t>(slot.kind),
                          slot.made_qdisc ? std::uint8_t{1} : std::uint8_t{0}};
    handover.note(port_key(key, i) + "port", as_bytes(port));
    handover.lend(port_key(key, i) + "ingress", slot.ingress.get());
    handover.lend(port_key(key, i) + "filter", slot.filter.get());
    handover.lend(port_key(key, i) + "locate", slot.locate.get());
  }
}

bool LinuxOffload::take_over() {
  Handover& handed = context_->handed;
  const std::string key = handed_bpf(host_index_);
  HandedOffload offload;
  OffloadCounters told;
  if (handed.fact(key + "signature") != std::to_string(bpf_signature())) return false;
  if (!from_bytes(handed.fact(key + "offload"), offload) || !from_bytes(handed.fact(key + "counters"), told))
    return false;
  UniqueFd egress = handed.take(key + "egress");
  if (!egress.valid() || maps_.take_over(handed, key, host_index_) != 0) return false;
  before_ = told;  // of these maps, so not before they are here: facts stay, descriptors are taken once
  egress_ = std::move(egress);
  egress_kind_ = wanted_kind_ = offload.egress_kind;
  layout_ = offload.layout;
  kind_ = static_cast<BpfAttachKind>(offload.kind);
  attached_ = true;
  if (kind_ == BpfAttachKind::tcx) know_program(egress_.get());
  for (std::size_t i = 0; i < handed_ports_.size(); ++i) {
    HandedPort port;
    if (!from_bytes(handed.fact(port_key(key, i) + "port"), port)) continue;
    Port& slot = handed_ports_[i];
    slot.index = port.index;
    slot.kind = static_cast<BpfAttachKind>(port.kind);
    slot.made_qdisc = port.made_qdisc != 0;
    slot.ingress = handed.take(port_key(key, i) + "ingress");
    slot.filter = handed.take(port_key(key, i) + "filter");
    slot.locate = handed.take(port_key(key, i) + "locate");
    slot.attached = slot.ingress.valid() && slot.filter.valid();
    if (slot.attached && slot.kind == BpfAttachKind::tcx) know_program(slot.ingress.get());
  }
  context_->proven_bpf = {true, kind_};
  host_.set_offloaded(true);
  return true;
}

int BpfMaps::take_over(Handover& handed, const std::string& key, int host_index) {
  const auto take = [&](BpfMap& map, const char* name) { map.take_over(handed.take(key + name)); };
  take(plans_, "plans");
  take(state_, "state");
  take(devices_, "devices");
  take(counters_, "counters");
  take(verdicts_, "verdicts");
  take(turn_, "turn");
  for (const BpfMap* const map : {&plans_, &state_, &devices_, &counters_, &verdicts_, &turn_})
    if (map->fd() < 0) return ENOENT;
  if (UniqueFd wake = handed.take(key + "wake"); wake.valid())
    if (const int error = wake_.take_over(std::move(wake)); error != 0) return error;
  map_state();
  if (const int error = count_cpus(); error != 0) return error;
  now_.host_ifindex = static_cast<std::uint32_t>(host_index);
  now_.current = static_cast<std::uint32_t>(handed.number(key + "slot"));
  return now_.current < bpf_plan_slots ? 0 : EINVAL;
}

void BpfMaps::give(Handover& handover, const std::string& key) const {
  handover.lend(key + "plans", plans_.fd());
  handover.lend(key + "state", state_.fd());
  handover.lend(key + "devices", devices_.fd());
  handover.lend(key + "counters", counters_.fd());
  handover.lend(key + "verdicts", verdicts_.fd());
  handover.lend(key + "turn", turn_.fd());
  handover.lend(key + "wake", wake_.fd());
  handover.note(key + "slot", static_cast<std::int64_t>(now_.current));
}

}  // namespace bondbox::lnx

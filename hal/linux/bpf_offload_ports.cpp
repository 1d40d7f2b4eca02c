// The ports of an offload: their programs are attached, kept there and taken away.
#include <cerrno>
#include <cstring>
#include <utility>

#include "hal/linux/bpf_offload.hpp"
#include "hal/linux/bpf_refusal.hpp"
#include "hal/linux/fence.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/packet_nic.hpp"
#include "hal/linux/tap_host_port.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::int64_t look_interval_ms = 1'000;

}  // namespace

bool LinuxOffload::Port::is_gone() const {
  return nic->index() != index;
}

Outcome LinuxOffload::add_port(PortId port, Nic& nic) {
  auto* const ours = dynamic_cast<PacketNic*>(&nic);
  if (ours == nullptr)
    return Outcome::failed(EOPNOTSUPP, std::string(nic.name()) + " is not an interface of this machine");
  if (port.index >= max_ports) return Outcome::failed(EINVAL, "a bond has 16 ports");
  remove_port(port);
  Port slot;
  slot.nic = ours;
  slot.index = ours->index();
  slot.mark = ++memberships_;
  if (slot.index == 0) return Outcome::failed(ENODEV, std::string(nic.name()) + " is not there any more");
  if (Port& handed = handed_ports_[port.index]; handed.attached && handed.index == slot.index) {
    handed.nic = ours;
    handed.mark = slot.mark;
    ports_[port.index] = std::exchange(handed, {});
    return Outcome::done();
  }
  BpfDevice device;
  device.ifindex = static_cast<std::uint32_t>(slot.index);
  if (const int error = maps_.set_device(port, device); error != 0)
    return refused(error, std::string(nic.name()) + " in a BPF map");
  ports_[port.index] = std::move(slot);
  return Outcome::done();
}

Outcome LinuxOffload::take_port(Port& slot, LaterPrograms::Job& job) {
  const std::string name(slot.nic->name());
  if (job.role == BpfRole::locate) {
    slot.locate = std::move(job.program);
    return Outcome::done();
  }
  const bool is_ingress = job.role == BpfRole::ingress;
  if (job.error != 0)
    return refused(job.error, "the program for " + name + (is_ingress ? "'s ingress" : "'s packet socket"),
                   job.complaint);
  (is_ingress ? slot.ingress : slot.filter) = std::move(job.program);
  if (!slot.ingress.valid() || !slot.filter.valid()) return Outcome::done();
  slot.nic->drop_carried();
  if (Outcome outcome = attach_port(slot); !outcome.ok()) return slot.is_gone() ? Outcome::done() : outcome;
  slot.nic->forget_carried();
  locate(job.port);
  return Outcome::done();
}

Outcome LinuxOffload::attach_port(Port& slot) {
  const std::string name(slot.nic->name());
  // The socket's filter first: the other way round the ingress program would have no verdicts to go by.
  if (const int error = slot.nic->use_program(slot.filter.get()); error != 0)
    return refused(error, "a filter on " + name + "'s packet socket");
  const int error = attach_ingress(slot);
  slot.attached = error == 0;
  if (slot.attached) return Outcome::done();
  (void)slot.nic->use_program(-1);
  return refused(error, "a program on " + name + "'s ingress");
}

/// One port may have a driver or a qdisc of somebody's that leaves no room for clsact.
int LinuxOffload::attach_ingress(Port& slot) {
  NetlinkSocket& netlink = context_->interfaces.netlink();
  slot.kind = BpfAttachKind::clsact;
  int error = EOPNOTSUPP;
  if (kind_ == BpfAttachKind::clsact && slot.nic->has_fence_filter()) {
    error = put_program_in_fence(netlink, slot.index, slot.ingress.get());
  } else if (kind_ == BpfAttachKind::clsact) {
    error = raise_ingress_program(netlink, slot.index, slot.ingress.get(), slot.made_qdisc);
  }
  if (error == 0 || !means_no_clsact(error)) return error;
  slot.kind = BpfAttachKind::tcx;
  const int by_device =
      attach_to_device(slot.index, BpfHook::ingress, slot.ingress.get(), program_name(BpfRole::ingress));
  return by_device == EINVAL && kind_ == BpfAttachKind::clsact ? error : by_device;
}

void LinuxOffload::locate(PortId port) {
  Port& slot = ports_[port.index];
  if (layout_.device_state == 0) return;
  int error = ENOENT;
  if (slot.locate.valid()) error = run_program(slot.locate.get(), slot.index);
  if (sees_carrier(port) || told_unseen_) return;
  told_unseen_ = true;
  context_->say(std::string(slot.nic->name()) + ": BPF programs cannot find its carrier (" +
                (error != 0 ? std::strerror(error) : "Linux 5.8 is needed") + "); links are polled as ever");
}

bool LinuxOffload::sees_carrier(PortId port) const {
  BpfDevice device;
  return maps_.device(port, device) == 0 && device.net_device != 0;
}

void LinuxOffload::interface_removed(int index) {
  for (std::uint8_t i = 0; i < max_ports; ++i) {
    Port& slot = ports_[i];
    if (slot.nic == nullptr || slot.index != index) continue;
    // The news may be older than the port: another interface had its index before.
    if (slot.nic->index() == index) {
      locate(PortId{i});
    } else {
      (void)maps_.set_device(PortId{i}, {});
    }
  }
}

/// By netlink one is told of filters that are gone, not of programs on a device; so those are looked for.
void LinuxOffload::look_after_devices() {
  const std::int64_t now_ms = monotonic_ms();
  if (now_ms - looked_ms_ < look_interval_ms) return;
  looked_ms_ = now_ms;
  const auto put_back = [](int index, BpfHook hook, const UniqueFd& program, BpfRole role) {
    if (!program_on_device(index, hook, program_name(role)).valid())
      (void)attach_to_device(index, hook, program.get(), program_name(role));
  };
  if (attached_ && kind_ == BpfAttachKind::tcx && host_.is_present())
    put_back(host_index_, BpfHook::egress, egress_, BpfRole::egress);
  for (const Port& slot : ports_)
    if (slot.nic != nullptr && slot.attached && slot.kind == BpfAttachKind::tcx && !slot.is_gone())
      put_back(slot.index, BpfHook::ingress, slot.ingress, BpfRole::ingress);
}

void LinuxOffload::filters_removed(int index) {
  NetlinkSocket& netlink = context_->interfaces.netlink();
  // In place where it is still there: then another filter was meant, and nothing has changed.
  bool made = false;
  if (attached_ && kind_ == BpfAttachKind::clsact && index == host_index_ && host_.is_present())
    (void)raise_egress_program(netlink, host_index_, egress_.get());
  for (Port& slot : ports_) {
    if (slot.nic == nullptr || slot.index != index || !slot.attached || slot.is_gone()) continue;
    if (slot.kind == BpfAttachKind::tcx) continue;
    (void)raise_ingress_program(netlink, index, slot.ingress.get(), made);
    slot.made_qdisc = slot.made_qdisc || made;
  }
}

void LinuxOffload::detach_port(Port& slot) {
  // An interface that has gone took the program along, and its index may be another's by now.
  if (slot.is_gone()) return;
  NetlinkSocket& netlink = context_->interfaces.netlink();
  if (slot.kind == BpfAttachKind::tcx) {
    (void)detach_from_device(slot.index, BpfHook::ingress, slot.ingress.get());
  } else if (slot.nic->has_fence_filter()) {
    (void)put_back_fence(netlink, slot.index);
  } else {
    remove_filter(netlink, slot.index, slot.made_qdisc);
  }
  (void)slot.nic->use_program(-1);
}

void LinuxOffload::remove_port(PortId port) {
  Port& slot = ports_[port.index];
  if (slot.nic == nullptr) return;
  (void)maps_.set_device(port, {});
  if (slot.attached) detach_port(slot);
  if (!slot.is_gone()) slot.nic->hear_also({});
  slot = {};
}

/// Where ports have addresses of their own, each lets the others' through: a switch that has lost one sends its frames
/// on every cable, and the programs know which port is to take them. The set outlives a failover, which only changes
/// who has which.
void LinuxOffload::hear_each_other(const wire::FastPlan& plan) {
  PacketNic::AlsoHeard macs;
  for (const wire::FastPort& port : plan.ports)
    if ((port.flags & wire::fast_has_own_mac) != 0) macs.push_back(MacAddress::load(port.own_mac));
  if (!macs.empty()) macs.push_back(MacAddress::load(plan.bond_mac));
  for (const Port& slot : ports_)
    if (slot.nic != nullptr) slot.nic->hear_also(macs);
}

void remove_leftover_ingress(int index) {
  const UniqueFd program = program_on_device(index, BpfHook::ingress, program_name(BpfRole::ingress));
  if (program.valid()) (void)detach_from_device(index, BpfHook::ingress, program.get());
}

bool has_leftover_egress(NetlinkSocket& netlink, int index) {
  return has_egress_program(netlink, index) ||
         program_on_device(index, BpfHook::egress, program_name(BpfRole::egress)).valid();
}

void remove_leftover_egress(Context& context, int index) {
  const UniqueFd program = program_on_device(index, BpfHook::egress, program_name(BpfRole::egress));
  if (program.valid()) (void)detach_from_device(index, BpfHook::egress, program.get());
  remove_egress_program(context.interfaces.netlink(), index);
}

}  // namespace bondbox::lnx

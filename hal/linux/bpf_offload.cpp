#include "hal/linux/bpf_offload.hpp"

#include <cerrno>
#include <cstring>

#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/packet_nic.hpp"
#include "hal/linux/tap_host_port.hpp"

namespace bondbox::lnx {
namespace {

constexpr const char* egress_name = "bondbox_out";
constexpr const char* ingress_name = "bondbox_in";
constexpr std::uint64_t slow_has_socket = 1;  // 1: a port has a socket of its own for untagged slow protocols

struct RoleShape {
  std::uint32_t type;
  const char* name;
};

constexpr RoleShape shape_of(BpfRole role) noexcept {
  switch (role) {
    case BpfRole::egress:
      return {BPF_PROG_TYPE_SCHED_CLS, egress_name};
    case BpfRole::ingress:
      return {BPF_PROG_TYPE_SCHED_CLS, ingress_name};
    case BpfRole::filter:
      return {BPF_PROG_TYPE_SOCKET_FILTER, "bondbox_hear"};
    case BpfRole::locate:
      break;
  }
  return {BPF_PROG_TYPE_SCHED_CLS, "bondbox_locate"};
}

/// "the kernel refuses WHAT: WHY (needs CAP_BPF): the verifier's words".
Outcome refused(int error, const std::string& what, const std::string& complaint = {}) {
  if (error == ENOSYS) return Outcome::failed(EOPNOTSUPP, "this kernel has no bpf(2) (CONFIG_BPF_SYSCALL)");
  std::string reason = "the kernel refuses " + what + ": " + std::strerror(error);
  const std::string rights = missing_bpf_rights();
  if (!rights.empty()) {
    reason += " (needs " + rights + ")";
  } else if (error == EPERM) {
    reason += " (needs CAP_BPF in the machine's own user namespace)";
  }
  if (!complaint.empty()) reason += ": " + complaint;
  return Outcome::failed(error, std::move(reason));
}

/// The kernel has no qdisc for it, or none that takes programs; tcx may do.
bool means_no_clsact(int error) noexcept {
  return error == ENOENT || error == EOPNOTSUPP || error == EINVAL || error == EPROTONOSUPPORT;
}

}  // namespace

Result<std::unique_ptr<Offload>> LinuxOffload::open(std::shared_ptr<Context> context, TapHostPort& host,
                                                    BpfAttachKind first) {
  if (program_code(BpfRole::egress).empty())
    return Outcome::failed(EOPNOTSUPP, "this bondbox was built without its BPF programs (BPF=0)");
  if (!host.is_present()) return Outcome::failed(ENODEV, std::string(host.name()) + " is gone");
  std::unique_ptr<LinuxOffload> offload(new LinuxOffload(std::move(context), host, first));
  if (Outcome outcome = offload->start(); !outcome.ok()) return outcome;
  return std::unique_ptr<Offload>(std::move(offload));
}

LinuxOffload::LinuxOffload(std::shared_ptr<Context> context, TapHostPort& host, BpfAttachKind kind)
    : context_(std::move(context)), host_(host), kind_(kind), host_index_(host.index()) {
  context_->offloads.push_back(this);
}

LinuxOffload::~LinuxOffload() {
  std::erase(context_->offloads, this);
  // First of all everything is the daemon's: what comes from here on waits in the sockets and in bond0's queue.
  last_.serves = 0;
  (void)maps_.publish(last_);
  for (std::uint8_t i = 0; i < max_ports; ++i) remove_port(PortId{i});
  if (!host_.is_present()) return;
  if (attached_) {
    detach_egress();
  } else if (host_.was_taken_over()) {
    remove_leftover_egress(*context_, host_index_);
  }
  (void)host_.set_persistent(false);
}

void LinuxOffload::detach_egress() {
  attached_ = false;
  if (kind_ == BpfAttachKind::tcx) {
    (void)detach_from_device(host_index_, BpfHook::egress, egress_.get());
  } else {
    remove_egress_program(context_->interfaces.netlink(), host_index_, made_qdisc_);
  }
}

Outcome LinuxOffload::start() {
  if (const int error = maps_.make(host_index_); error != 0) return refused(error, "the maps of the BPF programs");
  learn_layout();
  renew_lease();
  ProvenBpf& proven = context_->proven_bpf;
  if (proven.loads) {
    kind_ = proven.kind;
    return load_egress_later();
  }
  if (Outcome outcome = load_egress(); !outcome.ok()) return outcome;
  if (!host_.was_taken_over()) {
    if (Outcome outcome = attach_loaded(); !outcome.ok()) return outcome;
  } else if (program_on_device(host_index_, BpfHook::egress, egress_name).valid()) {
    kind_ = BpfAttachKind::tcx;  // what a killed process left goes on until there is a plan to replace it with
  }
  context_->kernel_layout.layout = layout_;
  proven = {true, kind_};
  return Outcome::done();
}

/// As the same program has been taken before, the daemon need not wait for the verifier. Until it is there what leaves
/// is the daemon's; what comes in is carried already.
Outcome LinuxOffload::load_egress_later() {
  const RoleShape shape = shape_of(BpfRole::egress);
  auto code = code_of(BpfRole::egress, PortId{0});
  if (!code) return Outcome::failed(ENOEXEC, "the BPF programs of this bondbox are damaged");
  later_.start(shape.name, shape.type, std::move(*code));
  return Outcome::done();
}

void LinuxOffload::take_later() {
  std::string complaint;
  const int error = later_.take(egress_, complaint);
  failure_ = error != 0 ? refused(error, "the program for " + std::string(host_.name()) + "'s egress", complaint)
                        : attach_loaded();
  if (!failure_.ok()) context_->say(std::string(host_.name()) + ": " + failure_.reason);
}

Outcome LinuxOffload::attach_loaded() {
  if (!host_.is_present()) return Outcome::failed(ENODEV, std::string(host_.name()) + " is gone");
  if (Outcome outcome = attach_egress(); !outcome.ok()) return outcome;
  // So that bond0 outlives a process that dies, with the programs on it.
  if (const Outcome outcome = host_.set_persistent(true); !outcome.ok()) context_->say(outcome.reason);
  return Outcome::done();
}

void LinuxOffload::learn_layout() {
  KnownKernelLayout& kernel = context_->kernel_layout;
  std::string lack = "no BPF ring buffers (Linux 5.8)";
  if (maps_.can_wake()) {
    if (!kernel.known) kernel = read_kernel_layout();
    layout_ = kernel.layout;
    lack = kernel.lack;
  }
  if (lack.empty()) return;
  context_->say(std::string(host_.name()) + ": BPF programs cannot look at carrier on this kernel (" + lack +
                "); links are polled as ever");
}

std::optional<std::vector<bpf_insn>> LinuxOffload::code_of(BpfRole role, PortId port) const {
  std::vector<BpfValue> values;
  maps_.append_values(values);
  values.push_back({bpf_number_port, port.index});
  values.push_back({bpf_number_device_of_packet, layout_.device_of_packet});
  values.push_back({bpf_number_device_state, layout_.device_state});
  values.push_back({bpf_number_device_index, layout_.device_index});
  values.push_back({bpf_number_pointer_size, layout_.pointer_size});
  values.push_back({bpf_number_slow_apart, slow_has_socket});
  values.push_back({bpf_number_device_type, layout_.device_type});
  values.push_back({bpf_call_cast, layout_.device_type != 0 ? layout_.cast : 0});
  return fill_in(program_code(role), values);
}

int LinuxOffload::load(BpfRole role, PortId port, UniqueFd& program, std::string& complaint) const {
  const auto code = code_of(role, port);
  if (!code) {
    complaint = "a placeholder in it has no value";
    return ENOEXEC;
  }
  const RoleShape shape = shape_of(role);
  return load_program({shape.name, shape.type, *code}, program, complaint);
}

Outcome LinuxOffload::load_egress() {
  std::string complaint;
  int error = load(BpfRole::egress, PortId{0}, egress_, complaint);
  if (error != 0 && layout_.device_type != 0) {
    layout_.device_type = 0;
    error = load(BpfRole::egress, PortId{0}, egress_, complaint);
  }
  if (error != 0 && layout_.device_state != 0) {
    // Reading the kernel's memory takes a kernel with tracing.
    layout_ = {};
    std::string without;
    if (load(BpfRole::egress, PortId{0}, egress_, without) == 0) {
      context_->say(std::string(host_.name()) + ": BPF programs cannot look at carrier on this kernel (" + complaint +
                    "); links are polled as ever");
      error = 0;
    }
  }
  if (error != 0) return refused(error, "the program for " + std::string(host_.name()) + "'s egress", complaint);
  return Outcome::done();
}

Outcome LinuxOffload::attach_egress() {
  int error = 0;
  if (kind_ == BpfAttachKind::clsact) {
    error = raise_egress_program(context_->interfaces.netlink(), host_index_, egress_.get(), made_qdisc_);
    attached_ = error == 0;
    if (attached_) return Outcome::done();
    if (!means_no_clsact(error)) return refused(error, "a filter on " + std::string(host_.name()) + "'s egress");
    kind_ = BpfAttachKind::tcx;
  }
  const int by_device = attach_to_device(host_index_, BpfHook::egress, egress_.get(), egress_name);
  attached_ = by_device == 0;
  if (attached_) return Outcome::done();
  if (error == 0) return refused(by_device, "a program on " + std::string(host_.name()) + "'s egress");
  return Outcome::failed(EOPNOTSUPP, "this kernel has neither clsact with cls_bpf (" +
                                         std::string(std::strerror(error)) + ") nor tcx (" + std::strerror(by_device) +
                                         ")");
}

Outcome LinuxOffload::load_port(PortId port, Port& slot) const {
  const std::string name(slot.nic->name());
  std::string complaint;
  if (const int error = load(BpfRole::ingress, port, slot.ingress, complaint); error != 0)
    return refused(error, "the program for " + name + "'s ingress", complaint);
  if (const int error = load(BpfRole::filter, port, slot.filter, complaint); error != 0)
    return refused(error, "the program for " + name + "'s packet socket", complaint);
  if (layout_.device_state != 0) (void)load(BpfRole::locate, port, slot.locate, complaint);
  return Outcome::done();
}

Outcome LinuxOffload::attach_port(Port& slot) {
  const std::string name(slot.nic->name());
  // The socket's filter first: the other way round the ingress program would have no verdicts to go by.
  if (const int error = slot.nic->use_program(slot.filter.get()); error != 0)
    return refused(error, "a filter on " + name + "'s packet socket");
  int error = 0;
  NetlinkSocket& netlink = context_->interfaces.netlink();
  if (kind_ == BpfAttachKind::tcx) {
    error = attach_to_device(slot.index, BpfHook::ingress, slot.ingress.get(), ingress_name);
  } else if (slot.nic->has_fence_filter()) {
    error = put_program_in_fence(netlink, slot.index, slot.ingress.get());
  } else {
    error = raise_ingress_program(netlink, slot.index, slot.ingress.get(), slot.made_qdisc);
  }
  if (error == 0) return Outcome::done();
  (void)slot.nic->use_program(-1);
  return refused(error, "a program on " + name + "'s ingress");
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
  if (slot.index == 0) return Outcome::failed(ENODEV, std::string(nic.name()) + " is not there any more");
  if (Outcome outcome = load_port(port, slot); !outcome.ok()) return outcome;
  BpfDevice device;
  device.ifindex = static_cast<std::uint32_t>(slot.index);
  if (const int error = maps_.set_device(port, device); error != 0)
    return refused(error, std::string(nic.name()) + " in a BPF map");
  if (Outcome outcome = attach_port(slot); !outcome.ok()) {
    (void)maps_.set_device(port, {});
    return outcome;
  }
  ours->forget_carried();
  ports_[port.index] = std::move(slot);
  locate(port);
  return Outcome::done();
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

void LinuxOffload::filters_removed(int index) {
  if (kind_ == BpfAttachKind::tcx) return;
  NetlinkSocket& netlink = context_->interfaces.netlink();
  // In place where it is still there: then another filter was meant, and nothing has changed.
  bool made = false;
  if (attached_ && index == host_index_ && host_.is_present()) {
    (void)raise_egress_program(netlink, host_index_, egress_.get(), made);
    made_qdisc_ = made_qdisc_ || made;
  }
  for (Port& slot : ports_) {
    if (slot.nic == nullptr || slot.index != index || slot.nic->index() != index) continue;
    (void)raise_ingress_program(netlink, index, slot.ingress.get(), made);
    slot.made_qdisc = slot.made_qdisc || made;
  }
}

void LinuxOffload::detach_port(Port& slot) {
  // An interface that has gone took the program along, and its index may be another's by now.
  if (slot.nic->index() != slot.index) return;
  NetlinkSocket& netlink = context_->interfaces.netlink();
  if (kind_ == BpfAttachKind::tcx) {
    (void)detach_from_device(slot.index, BpfHook::ingress, slot.ingress.get());
  } else if (slot.nic->has_fence_filter()) {
    (void)put_back_fence(netlink, slot.index);
  } else {
    remove_filter(netlink, slot.index, slot.made_qdisc);
  }
  (void)slot.nic->use_program(-1);
  slot.nic->hear_also({});
}

void LinuxOffload::remove_port(PortId port) {
  Port& slot = ports_[port.index];
  if (slot.nic == nullptr) return;
  (void)maps_.set_device(port, {});
  detach_port(slot);
  slot = {};
}

Outcome LinuxOffload::publish(const wire::FastPlan& plan) {
  if (!failure_.ok()) return failure_;
  last_ = plan;
  hear_each_other(plan);
  if (const int error = maps_.publish(plan); error != 0) return refused(error, "a plan in a BPF map");
  return attached_ || !egress_.valid() ? Outcome::done() : attach_loaded();
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

void LinuxOffload::renew_lease() {
  if (later_.is_ready()) take_later();
  const std::int64_t until_us = monotonic_us() + offload_lease.count * 1'000;
  (void)maps_.set_lease(static_cast<std::uint64_t>(until_us) * 1'000);
}

Outcome LinuxOffload::read(OffloadCounters& counters) {
  if (const int error = maps_.read(counters); error != 0) return refused(error, "to tell what was carried");
  return Outcome::done();
}

void remove_leftover_ingress(int index) {
  const UniqueFd program = program_on_device(index, BpfHook::ingress, ingress_name);
  if (program.valid()) (void)detach_from_device(index, BpfHook::ingress, program.get());
}

bool has_leftover_egress(NetlinkSocket& netlink, int index) {
  return has_egress_program(netlink, index) || program_on_device(index, BpfHook::egress, egress_name).valid();
}

void remove_leftover_egress(Context& context, int index) {
  const UniqueFd program = program_on_device(index, BpfHook::egress, egress_name);
  if (program.valid()) (void)detach_from_device(index, BpfHook::egress, program.get());
  remove_egress_program(context.interfaces.netlink(), index, true);
}

}  // namespace bondbox::lnx

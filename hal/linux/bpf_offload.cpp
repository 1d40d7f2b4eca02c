#include "hal/linux/bpf_offload.hpp"

#include <cerrno>
#include <cstring>

#include "hal/linux/bpf_plan.hpp"
#include "hal/linux/bpf_refusal.hpp"
#include "hal/linux/fence.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/tap_host_port.hpp"
#include "hal/wire/fast_choice.hpp"

namespace bondbox::lnx {
namespace {

/// All members of OffloadCounters are numbers of 64 bits.
void subtract(OffloadCounters& from, const OffloadCounters& what) {
  constexpr std::size_t count = sizeof(OffloadCounters) / sizeof(std::uint64_t);
  static_assert(sizeof(OffloadCounters) % sizeof(std::uint64_t) == 0);
  std::array<std::uint64_t, count> left{};
  std::array<std::uint64_t, count> right{};
  std::memcpy(left.data(), &from, sizeof from);
  std::memcpy(right.data(), &what, sizeof what);
  for (std::size_t i = 0; i < count; ++i) left[i] -= right[i];
  std::memcpy(static_cast<void*>(&from), left.data(), sizeof from);
}

constexpr std::uint64_t slow_has_socket = 1;  // 1: a port has a socket of its own for untagged slow protocols
/// Loaded first: what it asks of the kernel the others ask, too, and it takes the verifier less than any other.
constexpr BpfKind plainest_kind{.spread = wire::fast_single};

}  // namespace

Result<std::unique_ptr<Offload>> LinuxOffload::open(std::shared_ptr<Context> context, TapHostPort& host,
                                                    BpfAttachKind first) {
  if (program_code(BpfRole::egress).empty())
    return Outcome::failed(EOPNOTSUPP, "this bondbox was built without its BPF programs (BPF=0)");
  if (!host.is_present()) return Outcome::failed(ENODEV, std::string(host.name()) + " is gone");
  std::unique_ptr<LinuxOffload> offload(new LinuxOffload(std::move(context), host, first));
  if (offload->take_over()) {
    offload->renew_lease();
    return std::unique_ptr<Offload>(std::move(offload));
  }
  if (Outcome outcome = offload->start(); !outcome.ok()) return outcome;
  return std::unique_ptr<Offload>(std::move(offload));
}

LinuxOffload::LinuxOffload(std::shared_ptr<Context> context, TapHostPort& host, BpfAttachKind kind)
    : context_(std::move(context)), host_(host), kind_(kind), host_index_(host.index()) {
  context_->offloads.push_back(this);
}

LinuxOffload::~LinuxOffload() {
  std::erase(context_->offloads, this);
  if (context_->let_go) return;
  // First of all everything is the daemon's: what comes from here on waits in the sockets and in bond0's queue.
  last_.serves = 0;
  (void)put_in_force();
  for (std::uint8_t i = 0; i < max_ports; ++i) remove_port(PortId{i});
  if (!host_.is_present()) return;
  if (attached_) {
    detach_egress();
  } else if (host_.was_taken_over()) {
    remove_leftover_egress(*context_, host_index_);
  }
  host_.set_offloaded(false);
}

void LinuxOffload::detach_egress() {
  attached_ = false;
  if (kind_ == BpfAttachKind::tcx) {
    (void)detach_from_device(host_index_, BpfHook::egress, egress_.get());
  } else {
    remove_egress_program(context_->interfaces.netlink(), host_index_);
  }
}

Outcome LinuxOffload::start() {
  if (const int error = maps_.make(host_index_); error != 0) return refused(error, "the maps of the BPF programs");
  learn_layout();
  renew_lease();
  wanted_kind_ = plainest_kind;
  ProvenBpf& proven = context_->proven_bpf;
  if (proven.loads) {
    kind_ = proven.kind;
    return Outcome::done();
  }
  if (Outcome outcome = load_egress(); !outcome.ok()) return outcome;
  if (!host_.was_taken_over()) {
    if (Outcome outcome = attach_loaded(); !outcome.ok()) return outcome;
  } else if (program_on_device(host_index_, BpfHook::egress, program_name(BpfRole::egress)).valid()) {
    kind_ = BpfAttachKind::tcx;  // what a killed process left goes on until there is a plan to replace it with
  }
  context_->kernel_layout.layout = layout_;
  proven = {true, kind_};
  return Outcome::done();
}

Outcome LinuxOffload::attach_loaded() {
  if (!host_.is_present()) return Outcome::failed(ENODEV, std::string(host_.name()) + " is gone");
  if (Outcome outcome = attach_egress(); !outcome.ok()) return outcome;
  host_.set_offloaded(true);
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

std::optional<std::vector<bpf_insn>> LinuxOffload::code_of(BpfRole role, PortId port, const BpfKind& kind) const {
  std::vector<BpfValue> values;
  maps_.append_values(values);
  values.push_back({bpf_number_port, port.index});
  values.push_back({bpf_number_device_of_packet, layout_.device_of_packet});
  values.push_back({bpf_number_device_state, layout_.device_state});
  values.push_back({bpf_number_device_index, layout_.device_index});
  values.push_back({bpf_number_pointer_size, layout_.pointer_size});
  values.push_back({bpf_number_slow_apart, slow_has_socket});
  values.push_back({bpf_number_device_type, layout_.device_type});
  values.push_back({bpf_number_kind, bpf_number_of(kind)});
  values.push_back({bpf_call_cast, layout_.device_type != 0 ? layout_.cast : 0});
  return fill_in(program_code(role), values);
}

int LinuxOffload::load(BpfRole role, PortId port, UniqueFd& program, std::string& complaint) const {
  const auto code = code_of(role, port, plainest_kind);
  if (code) return load_program(role, *code, program, complaint);
  complaint = "a placeholder in it has no value";
  return ENOEXEC;
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
  egress_kind_ = plainest_kind;
  return Outcome::done();
}

Outcome LinuxOffload::attach_egress() {
  int error = 0;
  if (kind_ == BpfAttachKind::clsact) {
    error = raise_egress_program(context_->interfaces.netlink(), host_index_, egress_.get());
    attached_ = error == 0;
    if (attached_) return Outcome::done();
    if (!means_no_clsact(error)) return refused(error, "a filter on " + std::string(host_.name()) + "'s egress");
    kind_ = BpfAttachKind::tcx;
  }
  const int by_device = attach_to_device(host_index_, BpfHook::egress, egress_.get(), program_name(BpfRole::egress));
  attached_ = by_device == 0;
  if (attached_) return Outcome::done();
  if (error == 0) return refused(by_device, "a program on " + std::string(host_.name()) + "'s egress");
  return Outcome::failed(EOPNOTSUPP, "this kernel has neither clsact with cls_bpf (" +
                                         std::string(std::strerror(error)) + ") nor tcx (" + std::strerror(by_device) +
                                         ")");
}

bool LinuxOffload::has_egress() const noexcept {
  return egress_.valid() && bpf_number_of(egress_kind_) == bpf_number_of(wanted_kind_);
}

bool LinuxOffload::has_ports() const noexcept {
  for (const Port& slot : ports_)
    if (slot.nic != nullptr && !slot.attached) return false;
  return true;
}

/// What the plan takes and is not there. Whatever comes to be wanted meanwhile is loaded after that.
Outcome LinuxOffload::load_later() {
  if (later_.is_busy()) return Outcome::done();
  std::vector<LaterPrograms::Job> jobs;
  bool is_whole = true;
  const auto add = [&](BpfRole role, PortId port, std::uint64_t mark) {
    auto code = code_of(role, port, wanted_kind_);
    is_whole = is_whole && code.has_value();
    if (code) jobs.push_back({role, port, mark, std::move(*code), {}, 0, {}});
  };
  for (std::uint8_t i = 0; i < max_ports; ++i) {
    const Port& slot = ports_[i];
    if (slot.nic == nullptr || slot.attached || slot.is_gone()) continue;
    add(BpfRole::ingress, PortId{i}, slot.mark);
    if (layout_.device_state != 0) add(BpfRole::locate, PortId{i}, slot.mark);
    add(BpfRole::filter, PortId{i}, slot.mark);
  }
  if (!has_egress()) add(BpfRole::egress, PortId{0}, bpf_number_of(wanted_kind_));
  if (!is_whole) return Outcome::failed(ENOEXEC, "the BPF programs of this bondbox are damaged");
  loading_kind_ = wanted_kind_;
  if (!jobs.empty()) later_.start(std::move(jobs));
  return Outcome::done();
}

/// The ports first: what is sent by the new plan may be answered through any of them.
Outcome LinuxOffload::take_loaded() {
  std::vector<LaterPrograms::Job> jobs = later_.take();
  for (LaterPrograms::Job& job : jobs) {
    if (job.role == BpfRole::egress) continue;
    Port& slot = ports_[job.port.index];
    if (slot.nic == nullptr || slot.mark != job.mark || slot.is_gone()) continue;
    if (Outcome outcome = take_port(slot, job); !outcome.ok()) return outcome;
  }
  for (LaterPrograms::Job& job : jobs) {
    if (job.role != BpfRole::egress) continue;
    if (job.error != 0)
      return refused(job.error, "the program for " + std::string(host_.name()) + "'s egress", job.complaint);
    egress_ = std::move(job.program);
    egress_kind_ = loading_kind_;
    if (Outcome outcome = attach_loaded(); !outcome.ok()) return outcome;
  }
  if (!attached_ && egress_.valid())
    if (Outcome outcome = attach_loaded(); !outcome.ok()) return outcome;
  if (Outcome outcome = put_in_force(); !outcome.ok()) return outcome;
  return last_.serves != 0 ? load_later() : Outcome::done();
}

/// Until every port has its programs a plan is the daemon's. (A copy of the egress program that is not for the plan
/// leaves by itself what is sent.)
Outcome LinuxOffload::put_in_force() {
  BpfPlan laid = lay_out(last_, wanted_kind_);
  if (!has_ports()) laid.serves = 0;
  if (const int error = maps_.publish(laid); error != 0) return refused(error, "a plan in a BPF map");
  return Outcome::done();
}

/// What a process that died has left goes on by its last plan until this one takes its place, and the sockets hear all
/// that meanwhile; so that is waited for.
Outcome LinuxOffload::publish(const wire::FastPlan& plan) {
  last_ = plan;
  if (plan.spread != wire::fast_nothing) wanted_kind_ = kind_of(plan);
  hear_each_other(plan);
  if (Outcome outcome = put_in_force(); !outcome.ok()) return outcome;
  const bool replaces = host_.was_taken_over() && !attached_;
  if (plan.serves != 0 || replaces)
    if (Outcome outcome = load_later(); !outcome.ok()) return outcome;
  if (!replaces) return Outcome::done();
  return later_.is_busy() ? finish() : attach_loaded();
}

Outcome LinuxOffload::keep_up() {
  return later_.is_ready() ? take_loaded() : Outcome::done();
}

Outcome LinuxOffload::finish() {
  while (later_.is_busy())
    if (Outcome outcome = take_loaded(); !outcome.ok()) return outcome;
  return Outcome::done();
}

std::string_view LinuxOffload::pending() const noexcept {
  return has_egress() && attached_ && has_ports() ? std::string_view{} : "BPF programs are being loaded";
}

void LinuxOffload::renew_lease() {
  const std::int64_t until_us = monotonic_us() + offload_lease.count * 1'000;
  (void)maps_.set_lease(static_cast<std::uint64_t>(until_us) * 1'000);
  look_after_devices();
}

Outcome LinuxOffload::read(OffloadCounters& counters) {
  if (const int error = maps_.read(counted_); error != 0) return refused(error, "to tell what was carried");
  counters = counted_;
  subtract(counters, before_);
  return Outcome::done();
}

}  // namespace bondbox::lnx

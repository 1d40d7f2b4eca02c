#include "tests/support/bpf_bench.hpp"

#include <linux/bpf.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "hal/linux/bpf_btf.hpp"
#include "hal/linux/bpf_plan.hpp"
#include "hal/linux/bpf_programs.hpp"
#include "hal/linux/bpf_syscall.hpp"

namespace bondbox::test {
namespace {

constexpr std::size_t ethernet_header = 14;
/// Ports are interfaces that nobody has: a redirect is only an answer here, and copies go nowhere.
constexpr std::uint32_t first_ifindex = 0x7fffff00;

struct Run {
  std::int32_t verdict;
  std::uint32_t ns;
};

std::uint64_t pointer(const void* to) {
  return reinterpret_cast<std::uintptr_t>(to);
}

Run run(int program, wire::Bytes frame, std::uint32_t runs, std::vector<std::uint8_t>* after) {
  bpf_attr request;
  std::memset(&request, 0, sizeof request);
  request.test.prog_fd = static_cast<std::uint32_t>(program);
  request.test.data_in = pointer(frame.data());
  request.test.data_size_in = static_cast<std::uint32_t>(frame.size());
  request.test.repeat = runs;
  if (after != nullptr) {
    after->resize(frame.size());
    request.test.data_out = pointer(after->data());
    request.test.data_size_out = static_cast<std::uint32_t>(after->size());
  }
  if (::syscall(SYS_bpf, BPF_PROG_TEST_RUN, &request, sizeof request) != 0)
    throw std::runtime_error("a frame of " + std::to_string(frame.size()) +
                             " bytes cannot be run: " + std::strerror(errno));
  return {static_cast<std::int32_t>(request.test.retval), request.test.duration};
}

/// A socket filter is shown what stands behind the link header, where a packet socket shows it the whole frame.
std::vector<std::uint8_t> behind_header(wire::Bytes frame) {
  std::vector<std::uint8_t> bytes(frame.begin(), frame.begin() + ethernet_header);
  bytes.insert(bytes.end(), frame.begin(), frame.end());
  return bytes;
}

}  // namespace

BpfBench::BpfBench(std::uint8_t ports) : ports_(ports) {
  (void)::sched_getaffinity(0, sizeof cpus_before_, &cpus_before_);
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<unsigned>(::sched_getcpu()), &here);
  (void)::sched_setaffinity(0, sizeof here, &here);
  load_all();
}

BpfBench::~BpfBench() {
  (void)::sched_setaffinity(0, sizeof cpus_before_, &cpus_before_);
}

void BpfBench::load_all() {
  if (lnx::program_code(lnx::BpfRole::egress).empty()) {
    refusal_ = "built without BPF programs";
    return;
  }
  if (const int error = maps_.make(1); error != 0) {
    refusal_ = std::string("no BPF maps: ") + std::strerror(error);
    return;
  }
  if (!load(lnx::BpfRole::egress, 0, egress_[0], 0)) return;
  for (std::uint8_t i = 0; i < ports_.size(); ++i) {
    if (!load(lnx::BpfRole::ingress, i, ports_[i].ingress, 0) || !load(lnx::BpfRole::filter, i, ports_[i].filter, 0))
      return;
    (void)maps_.set_device(PortId{i}, {first_ifindex + i, 0, 0});
  }
  set_daemon_alive(true);
}

bool BpfBench::load(lnx::BpfRole role, std::uint8_t port, lnx::UniqueFd& program, std::uint64_t kind) {
  lnx::KernelTypes types;
  const bool knows = maps_.can_wake() && types.open() == 0;
  std::vector<lnx::BpfValue> values;
  maps_.append_values(values);
  values.push_back({lnx::bpf_number_port, port});
  values.push_back({lnx::bpf_number_device_of_packet, 0});
  values.push_back({lnx::bpf_number_device_state, knows ? types.offset("net_device", "state").value_or(0) : 0});
  values.push_back({lnx::bpf_number_device_index, knows ? types.offset("net_device", "ifindex").value_or(0) : 0});
  const std::uint64_t cast = knows ? types.function_number("bpf_rdonly_cast") : 0;
  values.push_back({lnx::bpf_number_device_type, cast != 0 ? types.struct_number("net_device", "state") : 0});
  values.push_back({lnx::bpf_call_cast, cast});
  values.push_back({lnx::bpf_number_kind, kind});
  values.push_back({lnx::bpf_number_pointer_size, 8});
  values.push_back({lnx::bpf_number_slow_apart, 0});
  const auto code = lnx::fill_in(lnx::program_code(role), values);
  std::string complaint = "a placeholder has no value";
  int error = EINVAL;
  if (code) error = lnx::load_program(role, *code, program, complaint);
  if (error != 0) refusal_ = std::string(std::strerror(error)) + ": " + complaint;
  return error == 0;
}

void BpfBench::publish(const wire::FastPlan& plan) {
  const lnx::BpfKind kind = lnx::kind_of(plan);
  kind_ = lnx::bpf_number_of(kind);
  if (lnx::UniqueFd& program = egress_[kind_]; !program.valid() && !load(lnx::BpfRole::egress, 0, program, kind_))
    throw std::runtime_error("no program for this kind of plan: " + refusal_);
  if (const int error = maps_.publish(lnx::lay_out(plan, kind)); error != 0)
    throw std::runtime_error(std::string("no plan can be published: ") + std::strerror(error));
}

void BpfBench::set_daemon_alive(bool alive) {
  (void)maps_.set_lease(alive ? ~std::uint64_t{0} : 0);
}

Passed BpfBench::host_sends(wire::Bytes frame) {
  Passed passed;
  passed.verdict = run(egress_[kind_].get(), frame, 1, &passed.frame).verdict;
  return passed;
}

Passed BpfBench::port_receives(std::uint8_t port, wire::Bytes frame) {
  Passed passed;
  passed.verdict = run(ports_[port].ingress.get(), frame, 1, &passed.frame).verdict;
  return passed;
}

bool BpfBench::socket_hears(std::uint8_t port, wire::Bytes frame) {
  return run(ports_[port].filter.get(), behind_header(frame), 1, nullptr).verdict != 0;
}

std::uint32_t BpfBench::host_sends_ns(wire::Bytes frame, std::uint32_t runs) {
  return run(egress_[kind_].get(), frame, runs, nullptr).ns;
}

std::uint32_t BpfBench::port_receives_ns(std::uint8_t port, wire::Bytes frame, std::uint32_t runs) {
  return run(ports_[port].ingress.get(), frame, runs, nullptr).ns;
}

std::uint32_t BpfBench::socket_hears_ns(std::uint8_t port, wire::Bytes frame, std::uint32_t runs) {
  return run(ports_[port].filter.get(), behind_header(frame), runs, nullptr).ns;
}

OffloadCounters BpfBench::counted() {
  OffloadCounters counters;
  (void)maps_.read(counters);
  return counters;
}

bool kernel_takes_programs() {
  static const bool takes = [] {
    const BpfBench bench(1);
    if (!bench.refusal().empty()) std::printf("BPF programs are not tested here: %s\n", bench.refusal().c_str());
    return bench.refusal().empty();
  }();
  return takes;
}

}  // namespace bondbox::test

#include "hal/linux/bpf_maps.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace bondbox::lnx {
namespace {

/// As many CPUs as any kernel is built for.
constexpr std::uint32_t cpus_max = 8'192;

/// How many values the kernel keeps of a per-CPU map, where no file tells: it is given more than there can be, and
/// gives back as many as it took. 0: it does not say.
std::uint32_t counted_cpus() {
  BpfMap map;
  if (map.make({"bondbox_cpus", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(std::uint64_t)}) != 0) return 0;
  std::vector<std::uint64_t> values(cpus_max, 1);
  if (map.update(0, values.data()) != 0) return 0;
  std::fill(values.begin(), values.end(), 0);
  if (map.lookup(0, values.data()) != 0) return 0;
  return static_cast<std::uint32_t>(std::count(values.begin(), values.end(), 1U));
}

static_assert(sizeof(BpfCounters) % 8 == 0);
static_assert(wire::fast_ports_max == max_ports);

}  // namespace

int BpfMaps::make(int host_index) {
  constexpr std::uint32_t ports = wire::fast_ports_max;
  int error = plans_.make({"bondbox_plans", BPF_MAP_TYPE_ARRAY, sizeof(BpfPlan), bpf_plan_slots});
  if (error == 0) error = make_state();
  if (error == 0) error = devices_.make({"bondbox_devices", BPF_MAP_TYPE_ARRAY, sizeof(BpfDevices)});
  if (error == 0) error = counters_.make({"bondbox_counted", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(BpfCounters)});
  if (error == 0) error = verdicts_.make({"bondbox_verdict", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(std::uint32_t), ports});
  if (error == 0) error = turn_.make({"bondbox_turn", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(BpfTurn)});
  if (error != 0) return error;
  // Without it the programs do not look at carrier, and links are polled as ever.
  (void)wake_.make();
  if (error = count_cpus(); error != 0) return error;
  now_.host_ifindex = static_cast<std::uint32_t>(host_index);
  return write_state();
}

int BpfMaps::count_cpus() {
  const std::uint32_t told = possible_cpus();
  const std::uint32_t cpus = told != 0 ? told : counted_cpus();
  by_cpu_.resize(cpus);
  return cpus != 0 ? 0 : ENOTSUP;
}

/// Where the kernel does not let it be mapped, it is written by bpf(2).
void BpfMaps::map_state() {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  (void)shared_.map(state_.fd(), page, PROT_READ | PROT_WRITE, 0);
}

int BpfMaps::make_state() {
  BpfMapShape shape{"bondbox_state", BPF_MAP_TYPE_ARRAY, sizeof(BpfState)};
  shape.flags = BPF_F_MMAPABLE;
  if (state_.make(shape) == 0) {
    map_state();
    if (shared_.data() != nullptr) return 0;
  }
  shape.flags = 0;
  return state_.make(shape);
}

int BpfMaps::write_state() {
  if (shared_.data() == nullptr) return state_.update(0, &now_);
  auto* const state = reinterpret_cast<BpfState*>(shared_.data());
  __atomic_store_n(&state->host_ifindex, now_.host_ifindex, __ATOMIC_RELAXED);
  // In two steps on 32-bit CPUs; a program that reads between them takes the daemon for dead, or alive, for one frame.
  *static_cast<volatile std::uint64_t*>(&state->lease_until_ns) = now_.lease_until_ns;
  __atomic_store_n(&state->current, now_.current, __ATOMIC_RELEASE);
  return 0;
}

int BpfMaps::publish(const BpfPlan& plan) {
  const std::uint32_t slot = (now_.current + 1) % bpf_plan_slots;
  if (const int error = plans_.update(slot, &plan); error != 0) return error;
  now_.current = slot;
  return write_state();
}

int BpfMaps::set_lease(std::uint64_t until_ns) {
  now_.lease_until_ns = until_ns;
  return write_state();
}

int BpfMaps::set_device(PortId port, const BpfDevice& device) {
  BpfDevices devices;
  if (const int error = devices_.lookup(0, &devices); error != 0) return error;
  devices.ports[port.index] = device;
  return devices_.update(0, &devices);
}

int BpfMaps::device(PortId port, BpfDevice& device) const {
  BpfDevices devices;
  const int error = devices_.lookup(0, &devices);
  if (error == 0) device = devices.ports[port.index];
  return error;
}

int BpfMaps::read(OffloadCounters& counters) {
  if (const int error = counters_.lookup(0, by_cpu_.data()); error != 0) return error;
  counters = {};
  for (const BpfCounters& cpu : by_cpu_) {
    for (std::size_t i = 0; i < counters.ports.size(); ++i) {
      OffloadCounters::Port& sum = counters.ports[i];
      const BpfPortCounters& part = cpu.ports[i];
      sum.rx_frames += part.rx_frames;
      sum.rx_bytes += part.rx_bytes;
      sum.rx_suppressed += part.rx_suppressed;
      sum.rx_looped += part.rx_looped;
      sum.tx_frames += part.tx_frames;
      sum.tx_bytes += part.tx_bytes;
      sum.tx_moved += part.tx_moved;
      sum.tx_refused += part.tx_refused;
    }
    counters.tx_no_port += cpu.tx_no_port;
    for (std::size_t i = 0; i < counters.bucket_bytes.size(); ++i) counters.bucket_bytes[i] += cpu.bucket_bytes[i];
    counters.other_bytes += cpu.other_bytes;
  }
  return 0;
}

void BpfMaps::append_values(std::vector<BpfValue>& values) const {
  const auto add = [&values](std::uint64_t placeholder, int fd) {
    values.push_back({placeholder, static_cast<std::uint64_t>(fd), true});
  };
  add(bpf_map_plans, plans_.fd());
  add(bpf_map_state, state_.fd());
  add(bpf_map_devices, devices_.fd());
  add(bpf_map_counters, counters_.fd());
  add(bpf_map_verdicts, verdicts_.fd());
  add(bpf_map_turn, turn_.fd());
  // Any map will do where there is none: nothing that uses it is reached then.
  add(bpf_map_wake, can_wake() ? wake_.fd() : state_.fd());
}

}  // namespace bondbox::lnx

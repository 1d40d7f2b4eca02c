// The maps of one bond's programs (bpf/layout.hpp): made, filled, read back.
#pragma once

#include <cstdint>
#include <vector>

#include "hal/linux/bpf/layout.hpp"
#include "hal/linux/bpf_programs.hpp"
#include "hal/linux/bpf_syscall.hpp"
#include "hal/linux/bpf_wake.hpp"
#include "hal/linux/handover.hpp"
#include "hal/offload.hpp"

namespace bondbox::lnx {

class BpfMaps {
 public:
  /// errno, 0: done. Nothing is served at first.
  int make(int host_index);

  /// Those of another process, with what is in them. errno, 0: done.
  int take_over(Handover& handed, const std::string& key, int host_index);
  void give(Handover& handover, const std::string& key) const;

  /// Makes it the plan in force, whole. errno, 0: done.
  int publish(const BpfPlan& plan);
  int set_lease(std::uint64_t until_ns);
  int set_device(PortId port, const BpfDevice& device);
  int device(PortId port, BpfDevice& device) const;
  int read(OffloadCounters& counters);

  BpfWake& wake() noexcept { return wake_; }
  const BpfWake& wake() const noexcept { return wake_; }
  bool can_wake() const noexcept { return wake_.fd() >= 0; }

  /// What takes the place of the maps' placeholders.
  void append_values(std::vector<BpfValue>& values) const;

 private:
  int make_state();
  void map_state();
  int count_cpus();
  int write_state();

  BpfMap plans_;
  BpfMap state_;
  BpfMap devices_;
  BpfMap counters_;
  BpfMap verdicts_;
  BpfMap turn_;
  BpfWake wake_;
  BpfMemory shared_;  ///< the state, where the kernel lets it be mapped (5.5)
  BpfState now_;
  std::vector<BpfCounters> by_cpu_;
};

}  // namespace bondbox::lnx

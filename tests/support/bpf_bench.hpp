// The programs that carry frames in the kernel, loaded into the running kernel, attached to nothing, run on frames at
// hand (BPF_PROG_TEST_RUN).
#pragma once

#include <sched.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hal/linux/bpf_maps.hpp"
#include "hal/linux/unique_fd.hpp"
#include "hal/offload.hpp"
#include "hal/wire/bytes.hpp"
#include "hal/wire/fast_plan.hpp"

namespace bondbox::test {

/// What a program answered, and the frame as it left it.
struct Passed {
  std::int32_t verdict = 0;
  std::vector<std::uint8_t> frame;
};

inline constexpr std::int32_t verdict_pass = -1;     ///< the daemon's
inline constexpr std::int32_t verdict_drop = 2;      ///< nobody's
inline constexpr std::int32_t verdict_redirect = 7;  ///< carried

class BpfBench {
 public:
  /// Loads the programs of bond0 and of this many ports. This thread stays on one CPU meanwhile, as one frame does.
  explicit BpfBench(std::uint8_t ports);
  ~BpfBench();
  BpfBench(const BpfBench&) = delete;
  BpfBench& operator=(const BpfBench&) = delete;

  /// Why the kernel does not take them; empty: it did.
  const std::string& refusal() const noexcept { return refusal_; }

  void publish(const wire::FastPlan& plan);
  void set_daemon_alive(bool alive);

  /// `frame` has at least 14 bytes. A received one seems to come from an interface whose address is all zeros.
  Passed host_sends(wire::Bytes frame);
  Passed port_receives(std::uint8_t port, wire::Bytes frame);
  /// Whether the port's packet socket gets the frame.
  bool socket_hears(std::uint8_t port, wire::Bytes frame);

  OffloadCounters counted();
  /// Nanoseconds a run, the kernel's own measurement of so many runs.
  std::uint32_t host_sends_ns(wire::Bytes frame, std::uint32_t runs);
  std::uint32_t port_receives_ns(std::uint8_t port, wire::Bytes frame, std::uint32_t runs);
  std::uint32_t socket_hears_ns(std::uint8_t port, wire::Bytes frame, std::uint32_t runs);

 private:
  struct Port {
    lnx::UniqueFd ingress;
    lnx::UniqueFd filter;
  };

  void load_all();
  bool load(lnx::BpfRole role, std::uint8_t port, lnx::UniqueFd& program, std::uint64_t kind);

  cpu_set_t cpus_before_{};
  lnx::BpfMaps maps_;
  std::map<std::uint64_t, lnx::UniqueFd> egress_;  ///< by kind of plan, as they were needed
  std::uint64_t kind_ = 0;                         ///< of the plan in force
  std::vector<Port> ports_;
  std::string refusal_;
};

/// Whether this kernel takes the programs; prints once why not.
bool kernel_takes_programs();

}  // namespace bondbox::test

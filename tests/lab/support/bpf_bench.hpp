// What the tests of the programs in the kernel share.
#pragma once

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <memory>
#include <span>

#include "hal/linux/bpf_btf.hpp"
#include "hal/linux/bpf_offload.hpp"
#include "tests/lab/support/linux_bench.hpp"

namespace bondbox::lab {

/// Active-backup by hand: everything leaves on `active`, which alone delivers; the other port stands by.
inline wire::FastPlan plan_for(std::uint8_t active, bool serves = true) {
  static std::uint64_t generation = 0;
  wire::FastPlan plan;
  plan.generation = ++generation;
  plan.serves = serves ? 1 : 0;
  plan.spread = 1;
  plan.usable[0] = active;
  plan.usable_count = 1;
  plan.fallback[0] = static_cast<std::uint8_t>(1 - active);
  plan.fallback_count = 1;
  plan.ports[active].deliver = 15;
  station.store(plan.bond_mac);
  return plan;
}

inline bool sees_carrier(Offload& offload) {
  return dynamic_cast<lnx::LinuxOffload&>(offload).sees_carrier(PortId{0});
}

/// Whether this kernel tells where its structures have what; one that does also has the rest that it takes.
inline bool can_look_at_carrier() {
  return ::access(lnx::kernel_types_path, R_OK) == 0;
}

/// For tests that are skipped elsewhere.
inline const boost::unit_test::precondition needs_kernel_types([](boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result result(can_look_at_carrier());
  result.message() << "this kernel does not tell its types (" << lnx::kernel_types_path << ")";
  return result;
});

inline Frame numbered(MacAddress to, std::uint32_t number) {
  Frame frame = make_frame(to, {0x88, 0xb5});
  for (int i = 0; i < 4; ++i) frame[20 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number >> 8 * i);
  return frame;
}

inline bool is_numbered(std::span<const std::uint8_t> frame, std::uint32_t number) {
  return frame.size() == 80 && frame[12] == 0x88 && frame[13] == 0xb5 &&
         (frame[20] | frame[21] << 8 | frame[22] << 16 | frame[23] << 24) == static_cast<int>(number);
}

}  // namespace bondbox::lab

// What the programs have to know of the running kernel to look at a port's carrier themselves.
#pragma once

#include <cstdint>
#include <string>

namespace bondbox::lnx {

/// Offsets in the kernel's structures; `device_state` 0: carrier cannot be looked at.
struct KernelLayout {
  std::uint32_t device_of_packet = 0;
  std::uint32_t device_state = 0;
  std::uint32_t device_index = 0;
  std::uint32_t pointer_size = sizeof(void*);
  std::uint32_t device_type = 0;  ///< 0, or what reads members without a helper
  std::uint32_t cast = 0;
};

/// Read once, because the kernel's type information has several megabytes and is the same for every bond.
struct KnownKernelLayout {
  bool known = false;
  KernelLayout layout;
  std::string lack;  ///< why there is none; empty: there is one
};

enum class BpfAttachKind : std::uint8_t { clsact, tcx };

/// What the first bond has found out for the others.
struct ProvenBpf {
  bool loads = false;  ///< the egress program, with the layout above
  BpfAttachKind kind = BpfAttachKind::clsact;
};

/// From the kernel's own type information.
KnownKernelLayout read_kernel_layout();

}  // namespace bondbox::lnx

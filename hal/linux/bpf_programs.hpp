// The programs that the kernel is given, as clang made them, and the filling in of what only this run knows: which
// maps, which port, where members lie in this kernel's structures.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {

enum class BpfRole : std::uint8_t {
  egress,   ///< SCHED_CLS, on bond0's egress
  ingress,  ///< SCHED_CLS, on a port's ingress; one for each port
  filter,   ///< SOCKET_FILTER, on the port's packet socket; one for each port
  locate,   ///< SCHED_CLS, run once for each port: writes down where the kernel keeps it
};

/// What the kernel calls it, up to 15 characters.
const char* program_name(BpfRole role) noexcept;

/// Instructions of eight bytes each with placeholders (bpf/layout.hpp) in them; none when built without clang.
std::span<const std::uint64_t> program_code(BpfRole role) noexcept;

/// What takes a placeholder's place.
struct BpfValue {
  std::uint64_t placeholder = 0;
  std::uint64_t value = 0;  ///< a number, or a map's descriptor
  bool is_map = false;
};

/// The code with every placeholder replaced; a call of a function that cannot be reached (0) becomes one of a helper
/// that every kernel has, because it must be a call of something. Nothing when one of them has no value, or when the
/// code ends within an instruction.
std::optional<std::vector<bpf_insn>> fill_in(std::span<const std::uint64_t> code, std::span<const BpfValue> values);

/// As load_program of bpf_syscall.hpp, of the type that the role takes.
int load_program(BpfRole role, std::span<const bpf_insn> code, UniqueFd& program, std::string& complaint);

}  // namespace bondbox::lnx

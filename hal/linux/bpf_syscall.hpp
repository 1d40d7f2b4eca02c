// bpf(2), as much of it as the offload needs: maps, programs, attaching to a device. No library: each is one system
// call with a request that is filled in. All results are errno values, 0: done, unless said otherwise.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <span>
#include <string>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {

struct BpfMapShape {
  const char* name = "";  ///< up to 15 characters, for `bpftool map`
  std::uint32_t type = 0;
  std::uint32_t value_size = 0;  ///< in bytes; keys are numbers of 32 bits, except where a type has neither
  std::uint32_t entries = 1;
  std::uint32_t flags = 0;
};

class BpfMap {
 public:
  /// Lets more memory be locked where an old kernel (before 5.11) counts maps as that.
  int make(const BpfMapShape& shape);
  int update(std::uint32_t key, const void* value) const;
  /// Of a per-CPU map: one value for each possible CPU, each of a multiple of 8 bytes.
  int lookup(std::uint32_t key, void* value) const;
  void take_over(UniqueFd fd) noexcept { fd_ = std::move(fd); }
  int fd() const noexcept { return fd_.get(); }

 private:
  UniqueFd fd_;
};

/// Memory that is shared with the kernel.
class BpfMemory {
 public:
  BpfMemory() = default;
  BpfMemory(const BpfMemory&) = delete;
  BpfMemory& operator=(const BpfMemory&) = delete;
  ~BpfMemory() { unmap(); }
  int map(int fd, std::size_t size, int protection, std::size_t offset);
  void unmap() noexcept;
  std::uint8_t* data() const noexcept { return data_; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

struct BpfProgramShape {
  const char* name = "";  ///< up to 15 characters, for `bpftool prog`
  std::uint32_t type = 0;
  std::span<const bpf_insn> code;
};

/// On failure `complaint` is the verifier's last sentence, if it said one.
int load_program(const BpfProgramShape& shape, UniqueFd& program, std::string& complaint);

/// Runs a program of type SCHED_CLS once, over a frame of zeros that seems to have come from the interface.
int run_program(int program, int index);

/// Whether the program is loaded under this name; of another process too.
bool is_named(int program, const char* name);

enum class BpfHook : std::uint8_t { ingress, egress };

/// Attaches to the device itself (tcx, Linux 6.6), after all that is there, or in the place of the program of the same
/// name that is there. It stays when this process ends.
int attach_to_device(int index, BpfHook hook, int program, const char* name);
int detach_from_device(int index, BpfHook hook, int program);
/// The program of this name that is attached to the device itself; an invalid one where there is none.
UniqueFd program_on_device(int index, BpfHook hook, const char* name);

/// Those of these names that are loaded, whoever did it, can be found on a device from here on although the right to
/// ask for them is given up; until they are forgotten.
void know_left_programs(std::span<const char* const> names);
void forget_left_programs();
/// Another process has attached it to a device, and this one takes its place.
void know_program(int program);

/// Which of the rights that the programs take this process does not have: "CAP_BPF and CAP_PERFMON"; empty: none, as
/// far as its own user namespace tells. (Without CAP_PERFMON the verifier forbids arithmetic that the programs need.)
std::string missing_bpf_rights();

/// How many values a per-CPU map has; 0: unknown.
std::uint32_t possible_cpus();

}  // namespace bondbox::lnx

#include "hal/linux/capabilities.hpp"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace bondbox::lnx {
namespace {

// By number, as older headers do not have the last two.
constexpr unsigned net_admin = 12;
constexpr unsigned net_raw = 13;
constexpr unsigned system_admin = 21;
constexpr unsigned perfmon = 38;
constexpr unsigned bpf = 39;
constexpr unsigned capabilities_max = 64;

constexpr CapabilitySet bit(unsigned number) noexcept {
  return CapabilitySet{1} << number;
}

using Halves = std::array<__user_cap_data_struct, 2>;

bool read_own(Halves& halves) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  return ::syscall(SYS_capget, &header, halves.data()) == 0;
}

CapabilitySet joined(std::uint32_t low, std::uint32_t high) noexcept {
  return CapabilitySet{high} << 32 | low;
}

/// Of the bounding set; false for what the kernel does not know.
bool is_within_bounds(unsigned number) {
  return ::prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1;
}

bool is_known(unsigned number) {
  return ::prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0;
}

bool has_bpf() {
  // No command has this number.
  return ::syscall(SYS_bpf, -1, nullptr, 0) < 0 && errno != ENOSYS;
}

Outcome refused(const char* what) {
  const int error = errno;
  return Outcome::failed(error, std::string("cannot give up ") + what + ": " + std::strerror(error));
}

/// EPERM: without CAP_SETPCAP nothing can be taken out of it, and no_new_privs has to do.
Outcome narrow_bounds(CapabilitySet kept) {
  for (unsigned number = 0; number < capabilities_max; ++number) {
    if ((kept & bit(number)) != 0 || !is_within_bounds(number)) continue;
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0 && errno != EPERM) return refused("the bounding set");
  }
  // Root's user number is none of a right from here on, neither for a program that is started nor by changing it.
  constexpr unsigned long securebits = SECURE_ALL_BITS | SECURE_ALL_LOCKS;
  constexpr unsigned long keeps_none = SECBIT_KEEP_CAPS;
  (void)::prctl(PR_SET_SECUREBITS, securebits & ~keeps_none, 0, 0, 0);
  return Outcome::done();
}

}  // namespace

CapabilitySet held_capabilities() {
  Halves halves{};
  return read_own(halves) ? joined(halves[0].effective, halves[1].effective) : 0;
}

CapabilitySet daemon_capabilities(bool calls_are_filtered) {
  CapabilitySet needed = bit(net_admin) | bit(net_raw);
  if (!has_bpf()) return needed;
  if (is_known(bpf)) return needed | bit(bpf) | bit(perfmon);
  return calls_are_filtered ? needed | bit(system_admin) : needed;
}

Outcome keep_capabilities(CapabilitySet kept) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("new privileges");
  if (Outcome outcome = narrow_bounds(kept); !outcome.ok()) return outcome;
  // A kernel before 4.3 has no such set.
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
    return refused("ambient capabilities");
  Halves halves{};
  if (!read_own(halves)) return refused("capabilities");
  for (std::size_t half = 0; half < halves.size(); ++half) {
    const auto wanted = static_cast<std::uint32_t>(kept >> 32 * half);
    halves[half].permitted &= wanted;
    halves[half].effective = halves[half].permitted;
    halves[half].inheritable = 0;
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  if (::syscall(SYS_capset, &header, halves.data()) != 0) return refused("capabilities");
  return Outcome::done();
}

std::vector<std::string> capability_names(CapabilitySet set) {
  struct Name {
    unsigned number;
    const char* text;
  };
  static constexpr std::array names{Name{net_admin, "CAP_NET_ADMIN"}, Name{net_raw, "CAP_NET_RAW"},
                                    Name{system_admin, "CAP_SYS_ADMIN"}, Name{perfmon, "CAP_PERFMON"},
                                    Name{bpf, "CAP_BPF"}};
  std::vector<std::string> list;
  for (unsigned number = 0; number < capabilities_max; ++number) {
    if ((set & bit(number)) == 0) continue;
    const char* known = nullptr;
    for (const Name& name : names)
      if (name.number == number) known = name.text;
    list.push_back(known != nullptr ? std::string(known) : "CAP_" + std::to_string(number));
  }
  return list;
}

}  // namespace bondbox::lnx

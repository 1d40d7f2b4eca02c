#include "hal/linux/bpf_refusal.hpp"

#include <cerrno>
#include <cstring>

#include "hal/linux/bpf_syscall.hpp"

namespace bondbox::lnx {

Outcome refused(int error, const std::string& what, const std::string& complaint) {
  if (error == ENOSYS) return Outcome::failed(EOPNOTSUPP, "this kernel has no bpf(2) (CONFIG_BPF_SYSCALL)");
  std::string reason = "the kernel refuses " + what + ": " + std::strerror(error);
  const std::string rights = missing_bpf_rights();
  if (!rights.empty()) {
    reason += " (needs " + rights + ")";
  } else if (error == EPERM) {
    reason += " (needs CAP_BPF in the machine's own user namespace)";
  }
  if (!complaint.empty()) reason += ": " + complaint;
  return Outcome::failed(error, std::move(reason));
}

bool means_no_clsact(int error) noexcept {
  return error == ENOENT || error == EOPNOTSUPP || error == EINVAL || error == EPROTONOSUPPORT;
}

}  // namespace bondbox::lnx

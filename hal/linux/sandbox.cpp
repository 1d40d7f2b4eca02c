#include "hal/linux/sandbox.hpp"

#include <grp.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "hal/linux/call_list.hpp"

namespace bondbox::lnx {
namespace {

std::atomic<std::uint32_t> refused_count = 0;
std::atomic<int> refused_number = 0;

/// What the call returns is in the registers that the signal frame holds.
void answer(mcontext_t& registers, long value) {
#if defined(__x86_64__)
  registers.gregs[REG_RAX] = value;
#elif defined(__aarch64__)
  registers.regs[0] = static_cast<std::uint64_t>(value);
#elif defined(__arm__)
  registers.arm_r0 = static_cast<unsigned long>(value);
#elif defined(__mips__)
  registers.gregs[2] = static_cast<unsigned long>(-value);
  registers.gregs[7] = 1;  // an error
#elif defined(__riscv)
  registers.__gregs[REG_A0] = static_cast<unsigned long>(value);
#elif defined(__s390x__)
  registers.gregs[2] = static_cast<unsigned long>(value);
#else
  (void)registers;
  (void)value;
#endif
}

/// SIGSYS comes in the middle of the refused call, on the thread that made it.
void on_refused(int, siginfo_t* info, void* context) {
  refused_number.store(info->si_syscall, std::memory_order_relaxed);
  refused_count.fetch_add(1, std::memory_order_release);
  answer(static_cast<ucontext_t*>(context)->uc_mcontext, -EPERM);
}

bool catch_refusals() {
  struct sigaction action {};
  action.sa_sigaction = &on_refused;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigset_t its;
  sigemptyset(&its);
  sigaddset(&its, SIGSYS);
  // A refused call whose signal is blocked would end the process.
  return ::sigaction(SIGSYS, &action, nullptr) == 0 && ::sigprocmask(SIG_UNBLOCK, &its, nullptr) == 0;
}

/// A filter that cannot be read is refused for that reason where there are filters at all.
bool kernel_filters_calls() {
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr, 0, 0) != 0 && errno == EFAULT;
}

/// errno, 0: done.
int install(std::vector<sock_filter> code) {
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  // Without the flag kernels before 5.16 put brakes on speculation, which cost more than the filter.
  constexpr unsigned long flags[] = {SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
                                     SECCOMP_FILTER_FLAG_TSYNC};
  for (const unsigned long flag : flags)
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, &program) == 0) return 0;
  // Before Linux 3.17.
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : errno;
}

/// Why not; empty: they are filtered.
std::string filter_calls() {
  const std::uint32_t architecture = own_architecture();
  if (architecture == 0) return "system calls are not filtered: their list is not for this processor";
  if (!kernel_filters_calls()) return "system calls are not filtered: this kernel has no seccomp filters";
  if (!catch_refusals()) return "system calls are not filtered: no signal handler";
  const int error = install(compile_calls(daemon_calls(::getpid()), architecture, SECCOMP_RET_TRAP));
  return error == 0 ? std::string() : std::string("system calls are not filtered: ") + std::strerror(error);
}

}  // namespace

Result<SandboxState> enter_sandbox(std::optional<unsigned> group) {
  SandboxState state;
  const gid_t joined = group.value_or(0);
  // Without the right to leave groups there is none that would matter.
  if (::setgroups(group ? 1 : 0, &joined) != 0 && group)
    return Outcome::failed(errno, std::string("cannot join the readers' group: ") + std::strerror(errno));
  const bool filters = own_architecture() != 0 && kernel_filters_calls();
  if (Outcome outcome = keep_capabilities(daemon_capabilities(filters)); !outcome.ok()) return outcome;
  state.capabilities = held_capabilities();
  state.lack = filter_calls();
  state.calls_are_filtered = state.lack.empty();
  return state;
}

RefusedCall refused_calls() noexcept {
  const std::uint32_t count = refused_count.load(std::memory_order_acquire);
  return {count, refused_number.load(std::memory_order_relaxed)};
}

}  // namespace bondbox::lnx

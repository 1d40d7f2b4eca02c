// The sandbox from inside: a process that has entered it tries what it must not be able to do.
#include "hal/linux/sandbox.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>
#include <functional>
#include <thread>
#include <vector>

#include "tests/lab/support/daemon.hpp"
#include "tests/lab/support/namespace.hpp"

namespace bondbox::lab {
namespace {

constexpr int child_limit_ms = 20'000;

/// What must be refused, each a call that returns -1 and sets errno.
std::vector<std::function<long()>> forbidden() {
  static char program[] = "/bin/true";
  static char* words[] = {program, nullptr};
  return {
      [] { return ::execve(program, words, nullptr); },
      [] { return ::mount("none", "/mnt", "tmpfs", 0, nullptr); },
      [] { return ::umount2("/proc", MNT_DETACH); },
      [] { return ::socket(AF_INET, SOCK_STREAM, 0); },
      [] { return ::socket(AF_INET, SOCK_RAW, 1); },
      [] { return ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr); },
      [] { return ::syscall(SYS_init_module, program, sizeof program, ""); },
      [] { return ::syscall(SYS_setns, 0, 0); },
      [] { return ::unshare(CLONE_NEWNS); },
      [] { return ::chroot("/"); },
      [] { return ::mknod("/tmp/bondbox-node", S_IFCHR | 0600, 0x103); },
      [] { return ::setuid(0); },
      [] { return ::syscall(SYS_fork); },
      [] { return ::open("/tmp/bondbox-lends", O_CREAT | O_WRONLY, 04755); },
      [] { return ::syscall(SYS_io_uring_setup, 1, nullptr); },
  };
}

/// How many of them were refused in the right way.
std::size_t refusals() {
  std::size_t refused = 0;
  for (const auto& attempt : forbidden()) {
    errno = 0;
    if (attempt() == -1 && errno == EPERM) ++refused;
  }
  return refused;
}

/// What is wrong, as bits.
int try_the_forbidden(const std::string& foreign_file) {
  const Result<lnx::SandboxState> entered = lnx::enter_sandbox();
  if (!entered.ok()) return 99;
  if (!entered.value().calls_are_filtered) return 98;
  int wrong = 0;
  if (refusals() != forbidden().size()) wrong |= 1;
  if (lnx::refused_calls().count != forbidden().size()) wrong |= 2;
  // A thread, even one that takes no signals, is in it as well, and lives.
  std::atomic<std::size_t> in_thread = 0;
  std::thread thread([&in_thread] { in_thread = refusals(); });
  thread.join();
  if (in_thread != forbidden().size()) wrong |= 4;
  void* const memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) wrong |= 8;
  if (::mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0) wrong |= 16;
  // Without CAP_DAC_OVERRIDE what is closed to others is closed to user 0.
  if (::open(foreign_file.c_str(), O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES) wrong |= 32;
  return wrong;
}

#ifdef __x86_64__
/// getpid by the door of 32-bit programs.
long by_the_old_door() {
  long result = 20;
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result;
}
#endif

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_sandbox)

BOOST_AUTO_TEST_CASE(what_a_daemon_has_no_use_for_is_refused_and_counted_and_does_not_end_it) {
  const ScratchDirectory scratch;
  const std::string foreign = scratch.path() + "/foreign";
  write_text(foreign, "secret");
  BOOST_REQUIRE(::chown(foreign.c_str(), 65534, 65534) == 0 && ::chmod(foreign.c_str(), 0600) == 0);
  Process child = Namespace().fork_inside([&] { return try_the_forbidden(foreign); });
  BOOST_TEST(child.wait(child_limit_ms).value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(calls_of_another_architecture_are_refused) {
#ifdef __x86_64__
  Process child = Namespace().fork_inside([] {
    const Result<lnx::SandboxState> entered = lnx::enter_sandbox();
    if (!entered.ok() || !entered.value().calls_are_filtered) return 99;
    return by_the_old_door() == -EPERM ? 0 : 1;
  });
  const int ended = child.wait(child_limit_ms).value_or(-1);
  const bool no_such_door = WIFSIGNALED(ended) && WTERMSIG(ended) == SIGSEGV;
  BOOST_TEST((ended == 0 || no_such_door));
#else
  BOOST_TEST_MESSAGE("skipped: this processor has one kind of system calls");
#endif
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

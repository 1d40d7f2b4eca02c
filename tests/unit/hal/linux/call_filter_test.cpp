// The filter of system calls, as the kernel would run it: here by a machine of a few lines, on every architecture.
#include "hal/linux/call_filter.hpp"

#include <elf.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "hal/linux/call_list.hpp"
#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::uint32_t here = 0xc0de;
constexpr std::uint32_t refused = SECCOMP_RET_TRAP;
constexpr std::uint32_t allowed = SECCOMP_RET_ALLOW;

/// What the program says of a call; 0 where it goes astray, which no action here is.
std::uint32_t verdict(const std::vector<sock_filter>& code, const seccomp_data& call) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const sock_filter& step = code[at];
    const auto jump = [&](bool holds) { at += holds ? step.jt : step.jf; };
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (step.k + sizeof accumulator > sizeof call) return 0;
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&call) + step.k, sizeof accumulator);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= step.k;
        break;
      case BPF_JMP | BPF_JA:
        at += step.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        jump(accumulator == step.k);
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        jump(accumulator >= step.k);
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        jump(accumulator > step.k);
        break;
      case BPF_RET | BPF_K:
        return step.k;
      default:
        return 0;
    }
  }
  return 0;
}

seccomp_data call_of(long number, std::initializer_list<std::uint64_t> arguments = {}, std::uint32_t machine = here) {
  seccomp_data call{};
  call.nr = static_cast<int>(number);
  call.arch = machine;
  std::size_t i = 0;
  for (const std::uint64_t argument : arguments) call.args[i++] = argument;
  return call;
}

CallRule plain(std::uint32_t number) {
  return {number, {}, 0};
}

/// The real list, for a process of this number.
struct DaemonList {
  std::vector<sock_filter> code = compile_calls(daemon_calls(4711), here, refused);
  std::uint32_t operator()(long number, std::initializer_list<std::uint64_t> arguments = {}) const {
    return verdict(code, call_of(number, arguments));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(call_filter)

BOOST_AUTO_TEST_CASE(calls_in_the_list_pass_and_all_others_do_not) {
  std::vector<CallRule> rules;
  for (std::uint32_t number = 3; number < 400; number += number % 7 == 0 ? 1 : 2) rules.push_back(plain(number));
  const std::vector<sock_filter> code = compile_calls(rules, here, refused);
  for (std::uint32_t number = 0; number < 500; ++number) {
    const bool listed =
        std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.number == number; });
    BOOST_TEST(verdict(code, call_of(number)) == (listed ? allowed : refused), number);
  }
  BOOST_TEST(verdict(code, call_of(-1)) == refused);
  BOOST_TEST(verdict(code, call_of(0x40000003)) == refused);
}

BOOST_AUTO_TEST_CASE(a_call_of_another_architecture_never_passes) {
  const std::vector<sock_filter> code = compile_calls({plain(1), plain(2)}, here, refused);
  BOOST_TEST(verdict(code, call_of(1)) == allowed);
  BOOST_TEST(verdict(code, call_of(1, {}, here + 1)) == refused);
}

BOOST_AUTO_TEST_CASE(an_empty_list_lets_nothing_pass) {
  const std::vector<sock_filter> code = compile_calls({}, here, refused);
  BOOST_TEST(verdict(code, call_of(0)) == refused);
  BOOST_TEST(verdict(code, call_of(1)) == refused);
}

BOOST_AUTO_TEST_CASE(arguments_are_compared_under_their_mask_and_any_rule_will_do) {
  static constexpr std::uint32_t small[] = {1, 2};
  static constexpr std::uint32_t even[] = {0};
  CallRule one = plain(7);
  one.conditions.push_back({2, ~0U, small});
  CallRule other = plain(7);
  other.conditions.push_back({0, 1, even});
  other.conditions.push_back({1, ~0U, small});
  CallRule error = plain(8);
  error.result = SECCOMP_RET_ERRNO | ENOSYS;
  const std::vector<sock_filter> code = compile_calls({plain(6), one, other, error, plain(9)}, here, refused);
  const auto of_seven = [&](std::initializer_list<std::uint64_t> arguments) {
    return verdict(code, call_of(7, arguments));
  };
  BOOST_TEST(of_seven({9, 9, 1}) == allowed);
  BOOST_TEST(of_seven({9, 9, 3}) == refused);
  BOOST_TEST(of_seven({4, 2, 9}) == allowed);
  BOOST_TEST(of_seven({5, 2, 9}) == refused);
  BOOST_TEST(of_seven({4, 3, 9}) == refused);
  // Of an int the kernel looks at the lower half as well.
  BOOST_TEST(of_seven({9, 9, 0xffff'ffff'0000'0001}) == allowed);
  BOOST_TEST(of_seven({9, 9, 0x1'0000'0000}) == refused);
  BOOST_TEST(verdict(code, call_of(6)) == allowed);
  BOOST_TEST(verdict(code, call_of(8)) == (SECCOMP_RET_ERRNO | ENOSYS));
  BOOST_TEST(verdict(code, call_of(9)) == allowed);
}

// An emulated processor's kernel is played by QEMU, which knows no filters, but its numbers. So what headers say of
// them at compile time is held against what answers to them at run time.
BOOST_AUTO_TEST_CASE(the_numbers_in_the_list_are_this_processors) {
  const DaemonList list;
  for (const long number :
       {SYS_getpid, SYS_umask, SYS_epoll_create1, SYS_eventfd2, SYS_memfd_create, SYS_dup, SYS_close})
    BOOST_TEST(list(number) == allowed, number);
  BOOST_TEST(::syscall(SYS_getpid) == ::getpid());
  const mode_t old = ::umask(031);
  BOOST_TEST(::syscall(SYS_umask, old) == 031);
  const auto is_called = [](long fd, const char* name) {
    char link[64] = {};
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    const bool known = ::readlink(path.c_str(), link, sizeof link - 1) > 0;
    return known && std::strstr(link, name) != nullptr;
  };
  const long epoll = ::syscall(SYS_epoll_create1, 0);
  const long event = ::syscall(SYS_eventfd2, 0, 0);
  const long memory = ::syscall(SYS_memfd_create, "numbers", 0);
  const long twin = ::syscall(SYS_dup, memory);
  BOOST_TEST(is_called(epoll, "[eventpoll]"));
  BOOST_TEST(is_called(event, "[eventfd]"));
  BOOST_TEST(is_called(memory, "memfd:numbers"));
  BOOST_TEST(is_called(twin, "memfd:numbers"));
  for (const long fd : {epoll, event, memory, twin}) {
    BOOST_TEST(::syscall(SYS_close, fd) == 0);
    BOOST_TEST(!is_called(fd, ""));
  }
}

/// AUDIT_ARCH_* is what an ELF file says of its machine, with a bit each for 64 bits and for little endian.
BOOST_AUTO_TEST_CASE(the_architecture_is_the_one_that_this_program_is_made_for) {
  unsigned char header[20] = {};
  const lnx::UniqueFd self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  BOOST_REQUIRE(::read(self.get(), header, sizeof header) == static_cast<ssize_t>(sizeof header));
  const bool little = header[EI_DATA] == ELFDATA2LSB;
  const std::uint32_t machine = little ? header[18] | header[19] * 256U : header[18] * 256U | header[19];
  const std::uint32_t expected =
      machine | (header[EI_CLASS] == ELFCLASS64 ? 0x8000'0000U : 0U) | (little ? 0x4000'0000U : 0U);
  BOOST_TEST(own_architecture() == expected);
}

BOOST_AUTO_TEST_CASE(a_program_is_short_enough_for_the_kernel) {
  BOOST_TEST(DaemonList().code.size() < 2'000u);
}

BOOST_AUTO_TEST_CASE(a_daemon_starts_no_program_and_changes_no_machine) {
  const DaemonList list;
  for (const long number : {SYS_execve,
                            SYS_execveat,
                            SYS_mount,
                            SYS_umount2,
                            SYS_pivot_root,
                            SYS_chroot,
                            SYS_ptrace,
                            SYS_init_module,
                            SYS_finit_module,
                            SYS_delete_module,
                            SYS_kexec_load,
                            SYS_reboot,
                            SYS_unshare,
                            SYS_setns,
                            SYS_mknodat,
                            SYS_process_vm_writev,
                            SYS_perf_event_open,
                            SYS_keyctl,
                            SYS_add_key,
                            SYS_setuid,
                            SYS_setgid,
                            SYS_setgroups,
                            SYS_capset,
                            SYS_seccomp,
                            SYS_io_uring_setup,
                            SYS_userfaultfd,
                            SYS_open_by_handle_at,
                            SYS_swapon,
                            SYS_settimeofday,
                            SYS_clock_settime,
                            SYS_sethostname,
                            SYS_syslog,
                            SYS_quotactl,
                            SYS_acct,
                            SYS_personality})
    BOOST_TEST(list(number) == refused, number);
}

BOOST_AUTO_TEST_CASE(only_sockets_of_its_own_kinds_are_made) {
  const DaemonList list;
  BOOST_TEST(list(SYS_socket, {AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0}) == allowed);
  BOOST_TEST(list(SYS_socket, {AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0}) == allowed);
  BOOST_TEST(list(SYS_socket, {AF_UNIX, SOCK_STREAM, 0}) == allowed);
  BOOST_TEST(list(SYS_socket, {AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0}) == allowed);
  BOOST_TEST(list(SYS_socket, {AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0}) == refused);
  BOOST_TEST(list(SYS_socket, {AF_INET6, SOCK_STREAM, 0}) == refused);
  BOOST_TEST(list(SYS_socket, {AF_INET, SOCK_RAW, 1}) == refused);
  BOOST_TEST(list(SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}) == refused);
  BOOST_TEST(list(SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0}) == allowed);
}

BOOST_AUTO_TEST_CASE(threads_are_made_and_processes_are_not) {
  const DaemonList list;
  const auto clone_with = [&](std::uint64_t flags) {
#ifdef __s390x__
    return list(SYS_clone, {0, flags});
#else
    return list(SYS_clone, {flags, 0});
#endif
  };
  const std::uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                               CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  BOOST_TEST(clone_with(thread) == allowed);
  BOOST_TEST(clone_with(SIGCHLD) == refused);
  BOOST_TEST(clone_with(CLONE_VM | CLONE_VFORK | SIGCHLD) == refused);
  // What the C library takes for an old kernel.
  BOOST_TEST(list(SYS_clone3) == (SECCOMP_RET_ERRNO | ENOSYS));
#ifdef SYS_fork
  BOOST_TEST(list(SYS_fork) == refused);
#endif
}

BOOST_AUTO_TEST_CASE(a_file_that_lends_its_owners_rights_is_not_made) {
  const DaemonList list;
  BOOST_TEST(list(SYS_openat, {0, 0, 0x241, 0644}) == allowed);
  BOOST_TEST(list(SYS_openat, {0, 0, 0x241, 04755}) == refused);
  BOOST_TEST(list(SYS_fchmodat, {0, 0, 02755}) == refused);
  BOOST_TEST(list(SYS_fchmod, {3, 0600}) == allowed);
  // The group may change, to one that the process is in; the owner not.
  BOOST_TEST(list(SYS_fchownat, {0, 0, 0xffffffff, 100, 0}) == allowed);
  BOOST_TEST(list(SYS_fchownat, {0, 0, 1000, 100, 0}) == refused);
}

BOOST_AUTO_TEST_CASE(signals_reach_its_own_threads_and_few_reach_others) {
  const DaemonList list;
  BOOST_TEST(list(SYS_tgkill, {4711, 4712, SIGABRT}) == allowed);
  BOOST_TEST(list(SYS_tgkill, {1, 1, SIGABRT}) == refused);
  BOOST_TEST(list(SYS_kill, {4712, SIGTERM}) == allowed);
  BOOST_TEST(list(SYS_kill, {4712, SIGSTOP}) == refused);
}

#ifndef __mips__
BOOST_AUTO_TEST_CASE(memory_does_not_become_code) {
  const DaemonList list;
  BOOST_TEST(list(SYS_mprotect, {0, 4096, PROT_READ | PROT_WRITE}) == allowed);
  BOOST_TEST(list(SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}) == refused);
}
#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lnx

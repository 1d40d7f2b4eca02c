#include "hal/linux/call_list.hpp"

#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <linux/net_namespace.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace bondbox::lnx {
namespace {

/// Whatever their arguments.
constexpr std::uint32_t plain_calls[] = {
    // Frames, messages, descriptors.
    __NR_read,
    __NR_write,
    __NR_readv,
    __NR_writev,
    __NR_pread64,
    __NR_pwrite64,
    __NR_close,
    __NR_close_range,
    __NR_dup,
    __NR_dup3,
    __NR_pipe2,
    __NR_flock,
    __NR_bind,
    __NR_connect,
    __NR_listen,
    __NR_accept4,
    __NR_getsockname,
    __NR_getpeername,
    __NR_getsockopt,
    __NR_setsockopt,
    __NR_sendto,
    __NR_sendmsg,
    __NR_sendmmsg,
    __NR_recvfrom,
    __NR_recvmsg,
    __NR_shutdown,
    __NR_memfd_create,
    // Waiting.
    __NR_epoll_create1,
    __NR_epoll_ctl,
    __NR_epoll_pwait,
    __NR_epoll_pwait2,
    __NR_eventfd2,
    __NR_signalfd4,
    __NR_timerfd_create,
    __NR_nanosleep,
    __NR_restart_syscall,
    __NR_sched_yield,
    __NR_pidfd_open,
    // Where the kernel's shared page does not tell the time.
    __NR_gettimeofday,
    // Files. What they are and may be is the file system's matter, and Landlock's.
    __NR_faccessat,
    __NR_faccessat2,
    __NR_mkdirat,
    __NR_unlinkat,
    __NR_renameat2,
    __NR_readlinkat,
    __NR_symlinkat,
    __NR_statx,
    __NR_getdents64,
    __NR_fsync,
    __NR_fdatasync,
    __NR_umask,
    __NR_getcwd,
    // Memory and threads.
    __NR_munmap,
    __NR_mremap,
    __NR_brk,
    __NR_madvise,
    __NR_exit,
    __NR_exit_group,
    __NR_set_robust_list,
    __NR_rseq,
    __NR_sched_getaffinity,
    __NR_sched_getparam,
    __NR_sched_getscheduler,
    __NR_setpriority,
    __NR_rt_sigaction,
    __NR_rt_sigprocmask,
    __NR_rt_sigreturn,
    __NR_rt_sigtimedwait,
    __NR_sched_get_priority_max,
    __NR_sched_get_priority_min,
    __NR_sigaltstack,
    __NR_set_tid_address,
    __NR_membarrier,
    // What it is and where.
    __NR_getpid,
    __NR_getppid,
    __NR_gettid,
    __NR_getuid,
    __NR_geteuid,
    __NR_getgid,
    __NR_getegid,
    __NR_getgroups,
    __NR_uname,
    __NR_sysinfo,
    __NR_getrandom,
    __NR_capget,
    __NR_getpriority,
#ifdef __NR_open  // the names without "at", which newer architectures never had
    __NR_access,
    __NR_rename,
    __NR_mkdir,
    __NR_rmdir,
    __NR_unlink,
    __NR_readlink,
    __NR_symlink,
    __NR_stat,
    __NR_lstat,
    __NR_poll,
    __NR_dup2,
    __NR_pipe,
    __NR_epoll_create,
    __NR_epoll_wait,
    __NR_eventfd,
    __NR_signalfd,
#endif
#ifdef __NR_accept
    __NR_accept,
#endif
#ifdef __NR_time
    __NR_time,
#endif
#ifdef __NR_renameat
    __NR_renameat,
#endif
#ifdef __NR_clock_gettime64  // 32 bits: both kinds of time, and of numbers in files
    __NR_clock_gettime64,
    __NR_clock_getres_time64,
    __NR_clock_nanosleep_time64,
    __NR_futex_time64,
    __NR_ppoll_time64,
    __NR_pselect6_time64,
    __NR_recvmmsg_time64,
    __NR_rt_sigtimedwait_time64,
    __NR_timerfd_settime64,
    __NR_timerfd_gettime64,
    __NR_stat64,
    __NR_lstat64,
    __NR_fstat64,
    __NR_fstatat64,
    __NR_fcntl64,
    __NR__llseek,
    __NR_ftruncate64,
    __NR_statfs64,
    __NR_fstatfs64,
    __NR_sigreturn,
#else
    __NR_lseek,
    __NR_ftruncate,
    __NR_newfstatat,
    __NR_fstat,
    __NR_statfs,
    __NR_fstatfs,
#endif
#ifdef __NR_fcntl
    __NR_fcntl,
#endif
    __NR_clock_gettime,
    __NR_clock_getres,
    __NR_clock_nanosleep,
    __NR_futex,
    __NR_ppoll,
    __NR_pselect6,
    __NR_recvmmsg,
    __NR_timerfd_settime,
    __NR_timerfd_gettime,
#ifdef __NR_getuid32
    __NR_getuid32,
    __NR_geteuid32,
    __NR_getgid32,
    __NR_getegid32,
    __NR_getgroups32,
#endif
#ifdef __NR_send
    __NR_send,
    __NR_recv,
#endif
#ifdef __NR_socketcall  // of a C library for kernels before 4.3 (s390x); its arguments cannot be seen
    __NR_socketcall,
#endif
#ifdef __NR_riscv_flush_icache
    __NR_riscv_flush_icache,
#endif
};

constexpr std::uint32_t word(auto value) {
  return static_cast<std::uint32_t>(value);
}

using Words = std::span<const std::uint32_t>;

constexpr std::array none{std::uint32_t{0}};
constexpr std::array local_families{word(AF_UNIX), word(AF_NETLINK), word(AF_PACKET)};
constexpr std::array internet_families{word(AF_INET), word(AF_INET6)};
constexpr std::array datagrams{word(SOCK_DGRAM)};
constexpr std::array local_family{word(AF_UNIX)};
constexpr std::uint32_t kind_of_socket = 0xf;

// What the program asks of drivers, and what Asio and stdio ask of descriptors.
constexpr std::array requests{
    word(TUNSETIFF),       word(TUNGETIFF),      word(TUNSETPERSIST),      word(TUNSETOFFLOAD),
    word(TUNSETCARRIER),   word(TUNSETQUEUE),    word(TUNSETSTEERINGEBPF), word(TUNSETVNETHDRSZ),
    word(TUNGETVNETHDRSZ), word(TUNGETFEATURES), word(SIOCETHTOOL),        word(SIOCGIFFLAGS),
    word(SIOCGIFMTU),      word(SIOCGIFNAME),    word(SIOCGIFINDEX),       word(SIOCGIFHWADDR),
    word(SIOCGMIIPHY),     word(SIOCGMIIREG),    word(SIOCGSKNS),          word(FIONBIO),
    word(FIONREAD),        word(TCGETS)};

constexpr std::array bpf_commands{word(BPF_MAP_CREATE),      word(BPF_MAP_LOOKUP_ELEM),    word(BPF_MAP_UPDATE_ELEM),
                                  word(BPF_MAP_DELETE_ELEM), word(BPF_MAP_GET_NEXT_KEY),   word(BPF_PROG_LOAD),
                                  word(BPF_PROG_ATTACH),     word(BPF_PROG_DETACH),        word(BPF_PROG_TEST_RUN),
                                  word(BPF_PROG_QUERY),      word(BPF_OBJ_GET_INFO_BY_FD), word(BPF_PROG_GET_FD_BY_ID),
                                  ~std::uint32_t{0}};  // -1: is there such a call at all

// A thread's name, what the C library says of its memory, and questions.
constexpr std::array process_options{word(PR_SET_NAME),     word(PR_GET_NAME),     word(PR_GET_SECCOMP),
                                     word(PR_CAPBSET_READ), word(PR_GET_DUMPABLE), word(PR_GET_NO_NEW_PRIVS),
                                     word(0x53564d41)};  // PR_SET_VMA

// What a process that hands over to another one may send it.
constexpr std::array sent_signals{std::uint32_t{0}, word(SIGTERM), word(SIGINT), word(SIGHUP), word(SIGKILL)};

constexpr std::array thread_flags{word(CLONE_VM | CLONE_THREAD | CLONE_SIGHAND)};

class List {
 public:
  explicit List(std::vector<CallRule>& rules) : rules_(rules) {}

  void add(std::uint32_t number, std::initializer_list<CallCondition> conditions, std::uint32_t result = 0) {
    CallRule rule;
    rule.number = number;
    for (const CallCondition& condition : conditions) rule.conditions.push_back(condition);
    rule.result = result;
    rules_.push_back(rule);
  }
  /// With these values of the first argument, or of another one.
  void only(std::uint32_t number, Words values, unsigned argument = 0) { add(number, {{argument, ~0U, values}}); }
  /// Only if none of these bits is set.
  void without(std::uint32_t number, unsigned argument, std::uint32_t bits) { add(number, {{argument, bits, none}}); }

 private:
  std::vector<CallRule>& rules_;
};

/// No file that lends its owner's rights is made, and none of the program's memory becomes code.
void add_files_and_memory(List& list) {
  constexpr std::uint32_t lending = S_ISUID | S_ISGID;
  list.without(__NR_openat, 3, lending);
  list.without(__NR_fchmod, 1, lending);
  list.without(__NR_fchmodat, 2, lending);
#ifdef __NR_open
  list.without(__NR_open, 2, lending);
  list.without(__NR_chmod, 1, lending);
#endif
#ifdef __mips__
  constexpr std::uint32_t code = 0;  // the toolchain asks for stacks that may be executed
#else
  constexpr std::uint32_t code = PROT_EXEC;
#endif
#ifdef __NR_mmap2
  list.without(__NR_mmap2, 2, code);
#endif
#ifdef __s390x__
  list.add(__NR_mmap, {});  // takes its arguments in memory
#elif defined(__NR_mmap)
  list.without(__NR_mmap, 2, code);
#endif
  list.without(__NR_mprotect, 2, code);
  // Only the group of the control socket changes.
  static constexpr std::array nobody{~std::uint32_t{0}};
  list.only(__NR_fchownat, nobody, 2);
#ifdef __NR_lchown
  list.only(__NR_lchown, nobody, 1);
  list.only(__NR_chown, nobody, 1);
#endif
#ifdef __NR_lchown32
  list.only(__NR_lchown32, nobody, 1);
  list.only(__NR_chown32, nobody, 1);
#endif
}

void add_network(List& list) {
  list.only(__NR_socket, local_families);
  list.add(__NR_socket, {{0, ~0U, internet_families}, {1, kind_of_socket, datagrams}});
  list.only(__NR_socketpair, local_family);
  list.only(__NR_ioctl, requests, 1);
  list.only(__NR_bpf, bpf_commands);
}

void add_processes(List& list, Words own_pid) {
#ifdef __s390x__
  constexpr unsigned flags = 1;  // the stack comes first
#else
  constexpr unsigned flags = 0;
#endif
  list.add(__NR_clone, {{flags, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, thread_flags}});
  // Its flags are in memory; the C library goes on with clone(2).
  list.add(__NR_clone3, {}, SECCOMP_RET_ERRNO | ENOSYS);
  list.only(__NR_tgkill, own_pid);
  list.only(__NR_kill, sent_signals, 1);
  list.only(__NR_pidfd_send_signal, sent_signals, 1);
  list.only(__NR_prctl, process_options);
  list.only(__NR_prlimit64, none);
#ifdef __NR_getrlimit
  list.add(__NR_getrlimit, {});
  list.add(__NR_setrlimit, {});
#endif
#ifdef __NR_ugetrlimit
  list.add(__NR_ugetrlimit, {});
#endif
}

}  // namespace

std::vector<CallRule> daemon_calls(int own_pid) {
  // Rules hold spans.
  static std::array<std::uint32_t, 1> own;
  own = {word(own_pid)};
  std::vector<CallRule> rules;
  for (const std::uint32_t number : plain_calls) rules.push_back({number, {}, 0});
  List list(rules);
  add_files_and_memory(list);
  add_network(list);
  add_processes(list, own);
  return rules;
}

std::uint32_t own_architecture() {
#if defined(__x86_64__) && !defined(__ILP32__)
  return AUDIT_ARCH_X86_64;
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
  return AUDIT_ARCH_AARCH64;
#elif defined(__arm__) && !defined(__ARMEB__)
  return AUDIT_ARCH_ARM;
#elif defined(__mips__) && !defined(__mips64) && defined(__MIPSEL__)
  return AUDIT_ARCH_MIPSEL;
#elif defined(__riscv) && __riscv_xlen == 64
  return AUDIT_ARCH_RISCV64;
#elif defined(__s390x__)
  return AUDIT_ARCH_S390X;
#else
  return 0;
#endif
}

}  // namespace bondbox::lnx

#include "hal/linux/stand_in.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "hal/linux/left_bonds.hpp"
#include "hal/linux/memory.hpp"
#include "hal/linux/signal_source.hpp"
#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {
namespace {

/// How often a process is looked for where the kernel has no descriptors of processes (before 5.3).
constexpr int look_interval_ms = 500;
constexpr int looks_more = 3;

UniqueFd descriptor_of([[maybe_unused]] int pid) {
#ifdef SYS_pidfd_open
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
#else
  return UniqueFd();
#endif
}

bool is_there(int pid) {
  return ::kill(pid, 0) == 0 || errno != ESRCH;
}

/// Passes signals on until the process has ended.
void watch(int pid, const SignalSource& signals) {
  const UniqueFd process = descriptor_of(pid);
  while (is_there(pid)) {
    std::array<pollfd, 2> awaited{{{process.get(), POLLIN, 0}, {signals.wait_handle(), POLLIN, 0}}};
    const bool told = process.valid() && signals.wait_handle() >= 0;
    (void)::poll(awaited.data(), awaited.size(), told ? -1 : look_interval_ms);
    while (const int number = signals.take()) (void)::kill(pid, number);
    if ((awaited[0].revents & POLLIN) != 0) return;
  }
}

}  // namespace

int stand_in(int pid, const std::string& run_dir) {
  const SignalSource signals(std::array{SIGTERM, SIGINT, SIGHUP});
  give_free_pages_back();
  const int own = ::getpid();
  while (pid > 1) {
    watch(pid, signals);
    // The kernel gives its list of locks in pieces, and one may be missed when others go in between.
    Server server = server_of(run_dir);
    for (int i = 0; i < looks_more && !server.is_alive; ++i) server = server_of(run_dir);
    pid = server.is_alive && server.pid != own && server.pid != pid ? server.pid : 0;
  }
  return ::access((run_dir + "/pid").c_str(), F_OK) == 0 ? 1 : 0;
}

}  // namespace bondbox::lnx

#include "hal/linux/wait_set.hpp"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "hal/linux/descriptors.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::size_t events_max = 16;
using Events = std::array<epoll_event, events_max>;

/// By number, because a libc may know the call and the kernel not, or the other way round. The kernel's timespec has
/// 64 bits in this call on every machine.
int wait_us(int epoll, Events& events, std::int64_t timeout_us) {
#ifdef SYS_epoll_pwait2
  struct {
    std::int64_t seconds;
    std::int64_t nanoseconds;
  } const timeout{timeout_us / 1'000'000, timeout_us % 1'000'000 * 1'000};
  return static_cast<int>(
      ::syscall(SYS_epoll_pwait2, epoll, events.data(), static_cast<int>(events_max), &timeout, nullptr, 0));
#else
  (void)epoll, (void)events, (void)timeout_us;
  errno = ENOSYS;
  return -1;
#endif
}

int wait_ms(int epoll, Events& events, std::int64_t timeout_us) {
  const std::int64_t ms = timeout_us < 0 ? -1 : std::min<std::int64_t>((timeout_us + 999) / 1'000, 60'000);
  return ::epoll_wait(epoll, events.data(), static_cast<int>(events_max), static_cast<int>(ms));
}

}  // namespace

Outcome WaitSet::open() {
  // Ports of many bonds need more descriptors than the usual soft limit; what may be had is had.
  (void)descriptors_max();
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (epoll_.get() >= 0) return Outcome::done();
  const int error = errno;
  return Outcome::failed(error, std::string("cannot watch descriptors: ") + std::strerror(error));
}

void WaitSet::watch(std::span<const int> frames, std::span<const int> control) {
  // A number may stand for another file by now: all are taken out before any is put in.
  for (const int handle : watched_) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, handle, nullptr);
  watched_.clear();
  add(frames, false);
  add(control, true);
}

void WaitSet::add(std::span<const int> handles, bool control) {
  for (const int handle : handles) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = control ? 1 : 0;
    if (handle >= 0 && epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, handle, &event) == 0) watched_.push_back(handle);
  }
}

WaitSet::Woken WaitSet::wait(std::int64_t timeout_us) {
  Events events;
  int count = -1;
  // Not for "at once" and "for ever", which every kernel can tell exactly.
  if (has_pwait2_ && timeout_us > 0) {
    count = wait_us(epoll_.get(), events, timeout_us);
    // EPERM: a container's filter that does not know the call.
    has_pwait2_ = count >= 0 || (errno != ENOSYS && errno != EPERM);
  }
  if (timeout_us <= 0 || !has_pwait2_) count = wait_ms(epoll_.get(), events, timeout_us);
  Woken woken;
  for (int i = 0; i < count; ++i) {
    const bool control = events[static_cast<std::size_t>(i)].data.u32 != 0;
    woken.control = woken.control || control;
    woken.frames = woken.frames || !control;
  }
  return woken;
}

bool is_readable(int handle) noexcept {
  pollfd one{handle, POLLIN, 0};
  return ::poll(&one, 1, 0) == 1 && (one.revents & POLLIN) != 0;
}

void yield_cpu() noexcept {
  (void)::sched_yield();
}

}  // namespace bondbox::lnx

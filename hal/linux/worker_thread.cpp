#include "hal/linux/worker_thread.hpp"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <utility>

namespace bondbox::lnx {
namespace {

constexpr std::uint32_t stop_token = 0xffffffff;
constexpr std::size_t stack_size = 256 * 1024;
constexpr std::size_t events_max = 64;

}  // namespace

int Wakeup::open() {
  fd_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  return fd_.valid() ? 0 : errno;
}

void Wakeup::wake() noexcept {
  const std::uint64_t one = 1;
  (void)!::write(fd_.get(), &one, sizeof one);
}

void Wakeup::take() noexcept {
  std::uint64_t count = 0;
  (void)!::read(fd_.get(), &count, sizeof count);
}

void Wakeup::wait(std::int64_t limit_ms) const noexcept {
  pollfd one{fd_.get(), POLLIN, 0};
  (void)::poll(&one, 1, static_cast<int>(std::clamp<std::int64_t>(limit_ms, 0, 60'000)));
}

Outcome WorkerThread::start(const char* name, Serve serve) {
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  int error = epoll_.valid() ? stop_.open() : errno;
  if (error != 0) return Outcome::failed(error, std::string("no descriptors for a loop: ") + std::strerror(error));
  watch(stop_.handle(), stop_token);
  serve_ = std::move(serve);
  pthread_attr_t attributes;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigdelset(&all, SIGSYS);  // a refused system call is answered where it was made, and blocked it would be the end
  (void)::pthread_attr_init(&attributes);
  (void)::pthread_attr_setstacksize(&attributes, stack_size);
  // The new thread inherits the mask.
  (void)::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  error = ::pthread_create(&thread, &attributes, &WorkerThread::run, this);
  (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  (void)::pthread_attr_destroy(&attributes);
  if (error != 0) return Outcome::failed(error, std::string("no thread for a loop: ") + std::strerror(error));
  (void)::pthread_setname_np(thread, name);
  thread_ = thread;
  running_ = true;
  return Outcome::done();
}

void WorkerThread::stop() noexcept {
  if (!std::exchange(running_, false)) return;
  stop_.wake();
  (void)::pthread_join(thread_, nullptr);
}

void* WorkerThread::run(void* self) {
  static_cast<WorkerThread*>(self)->loop();
  return nullptr;
}

void WorkerThread::loop() {
  std::array<epoll_event, events_max> events{};
  std::array<std::uint32_t, events_max> tokens{};
  int timeout_ms = -1;
  for (;;) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
    if (count < 0 && errno != EINTR) return;
    std::size_t ready = 0;
    for (int i = 0; i < count; ++i) {
      const std::uint32_t token = events[static_cast<std::size_t>(i)].data.u32;
      if (token == stop_token) return;
      tokens[ready++] = token;
    }
    timeout_ms = serve_({tokens.data(), ready});
  }
}

void WorkerThread::watch(int handle, std::uint32_t token) noexcept {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = token;
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, handle, &event);
}

void WorkerThread::forget(int handle) noexcept {
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, handle, nullptr);
}

std::size_t usable_cpus() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<std::size_t>(online) : 1;
}

void sleep_a_moment() noexcept {
  const timespec moment{0, 20'000};
  (void)::nanosleep(&moment, nullptr);
}

}  // namespace bondbox::lnx

// A thread that sleeps until one of its descriptors is readable, and what wakes another thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "hal/linux/unique_fd.hpp"
#include "hal/outcome.hpp"

namespace bondbox::lnx {

/// Makes a descriptor readable, from any thread, until it is taken.
class Wakeup {
 public:
  int open();
  int handle() const noexcept { return fd_.get(); }
  void wake() noexcept;
  /// From the thread that was woken.
  void take() noexcept;
  /// Until it is woken, for so many milliseconds at most.
  void wait(std::int64_t limit_ms) const noexcept;

 private:
  UniqueFd fd_;
};

/// Runs no code of its own before start(); stops and is waited for at the latest when it is destroyed.
class WorkerThread {
 public:
  /// Called on the thread with the tokens of descriptors that are readable, possibly none; returns how long to sleep at
  /// most until it is called again, in milliseconds; negative: until there is something.
  using Serve = std::function<int(std::span<const std::uint32_t> tokens)>;

  WorkerThread() = default;
  ~WorkerThread() { stop(); }
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  /// All signals stay with the thread that calls. `name` is what tools show; at most 15 characters.
  Outcome start(const char* name, Serve serve);
  void stop() noexcept;

  /// From any thread. A descriptor that is not open is passed over.
  void watch(int handle, std::uint32_t token) noexcept;
  /// Before the descriptor is closed. Its token may still be served once.
  void forget(int handle) noexcept;

 private:
  static void* run(void* self);
  void loop();

  UniqueFd epoll_;
  Wakeup stop_;
  Serve serve_;
  unsigned long thread_ = 0;
  bool running_ = false;
};

/// CPUs that this process may run on.
std::size_t usable_cpus() noexcept;
/// Lets another thread have the CPU for a moment.
void sleep_a_moment() noexcept;

}  // namespace bondbox::lnx

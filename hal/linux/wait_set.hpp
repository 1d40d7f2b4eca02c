// Waiting for any of many descriptors. Source: epoll(7), level-triggered; epoll_pwait2(2), Linux 5.11, where there is
// one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "hal/outcome.hpp"

namespace bondbox::lnx {

class WaitSet {
 public:
  struct Woken {
    bool frames = false;
    bool control = false;
    bool any() const noexcept { return frames || control; }
  };

  /// EMFILE, ENFILE or ENOMEM when there is no descriptor to be had.
  Outcome open();
  /// From now on watches exactly these, for reading. Those that are no longer open, and -1, are passed over.
  void watch(std::span<const int> frames, std::span<const int> control);
  /// Until one is readable or the time is over; a kernel without epoll_pwait2 rounds it up to the next millisecond.
  /// Of very many only some are told; the rest next time.
  Woken wait(std::int64_t timeout_us);

 private:
  void add(std::span<const int> handles, bool control);

  UniqueFd epoll_;
  std::vector<int> watched_;
  bool has_pwait2_ = true;
};

/// Whether something can be read from it now; an error that waits there is nothing.
bool is_readable(int handle) noexcept;

/// Lets another program have the CPU, if one wants it.
void yield_cpu() noexcept;

}  // namespace bondbox::lnx

// The machine's clocks. Source: clock_gettime(2).
#pragma once

#include <cstdint>

#include "hal/clock.hpp"

namespace bondbox::lnx {

/// CLOCK_MONOTONIC in milliseconds. For rate limits inside hal/linux; the program's time is MonotonicClock.
std::int64_t monotonic_ms() noexcept;
/// The same in microseconds.
std::int64_t monotonic_us() noexcept;

/// CLOCK_REALTIME in milliseconds since 1970, for showing to people. It jumps when the wall clock is set.
std::int64_t wall_time_ms() noexcept;

/// Whole milliseconds of CLOCK_MONOTONIC since the object was made. Time spent in suspend does not count.
class MonotonicClock : public Clock {
 public:
  MonotonicClock() noexcept : start_ms_(monotonic_ms()) {}
  /// Goes on with another process's ticks: `start_ms` is what begins_at_ms() says there.
  void begin_at(std::int64_t start_ms) noexcept { start_ms_ = start_ms; }
  std::int64_t begins_at_ms() const noexcept { return start_ms_; }
  Tick now() override { return {monotonic_ms() - start_ms_}; }
  /// The reading of CLOCK_MONOTONIC, in milliseconds, at which `tick` begins: for timers.
  std::int64_t monotonic_ms_at(Tick tick) const noexcept { return start_ms_ + tick.number; }

 private:
  std::int64_t start_ms_;
};

}  // namespace bondbox::lnx

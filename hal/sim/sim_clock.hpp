// Simulated time: it passes only when someone says so.
#pragma once

#include "hal/clock.hpp"

namespace bondbox::sim {

class SimClock final : public Clock {
 public:
  Tick now() override { return now_; }
  Tick now() const noexcept { return now_; }

  /// A time that has passed already is ignored: the clock MUST NOT run backwards.
  void advance_to(Tick tick) noexcept {
    if (tick > now_) now_ = tick;
  }
  void advance(Ticks ticks) noexcept { advance_to(now_ + ticks); }

 private:
  Tick now_{};
};

}  // namespace bondbox::sim

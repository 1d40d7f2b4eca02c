// Contract: where time comes from. The scheduler reads it once a step; nothing else in a step reads time.
#pragma once

#include "hal/wire/ids.hpp"

namespace bondbox {

class Clock {
 public:
  virtual ~Clock() = default;

  /// The number of whole ticks since the clock was made. MUST never run backwards. MUST NOT be affected by changes
  /// of the wall clock. A tick is one millisecond.
  virtual Tick now() = 0;
};

}  // namespace bondbox

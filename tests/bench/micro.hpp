// The micro-benchmarks: nanoseconds from the program itself, instructions from callgrind, which counts them exactly.
#pragma once

#include "tests/bench/results.hpp"

namespace bondbox::bench {

/// Runs $MICRO, and once more under valgrind where that is installed.
Table micro_table();

}  // namespace bondbox::bench

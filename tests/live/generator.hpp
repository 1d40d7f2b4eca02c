// Scenarios from a seed.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/live/scenario.hpp"

namespace bondbox::live {

/// All seven.
std::vector<Mode> modes_here();

/// The same for the same words, on every machine. Steps are spaced so that neither the monitor's grid nor a machine
/// that is 100 ms late decides what is seen.
Scenario generate(Mode mode, std::uint32_t seed);

}  // namespace bondbox::live

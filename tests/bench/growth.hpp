// What a bondbox that has nothing to carry costs, by number of ports, bonds and VLANs.
#pragma once

#include "tests/bench/results.hpp"

namespace bondbox::bench {

/// Starts a daemon for each size, lets all of them stand, and looks. Throws Interrupted.
Table growth_table(double seconds);

}  // namespace bondbox::bench

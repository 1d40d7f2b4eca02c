// The smallest story that still breaks the same rule.
#pragma once

#include <cstddef>
#include <functional>

#include "tests/swarm/story.hpp"

namespace bondbox::swarm {

/// Whether a story still fails as the first one did.
using StillFails = std::function<bool(const Story&)>;

/// Leaves out steps, flows, cables, options and noise while it still fails; plays at most `plays_max` stories.
Story shrink(Story story, const StillFails& fails, std::size_t plays_max);

}  // namespace bondbox::swarm

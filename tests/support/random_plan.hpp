// Plans that a policy could have drawn up, made from a seed.
#pragma once

#include <span>

#include "policies/plan.hpp"
#include "tests/support/random_frames.hpp"

namespace bondbox::test {

/// Every port that it names to send by is usable or a fallback. Ports are 0 .. addresses.size() - 1, each with the
/// address of its own that `addresses` gives it.
ForwardingPlan random_plan(Chance& chance, std::span<const MacAddress> addresses);

}  // namespace bondbox::test

// Frames and plans for the micro-benchmarks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "policies/plan.hpp"

namespace bondbox::bench {

using FrameBytes = std::vector<std::uint8_t>;

/// A TCP segment over IPv4 of flow `flow`, 1,514 bytes unless told otherwise; `vlan` 0: untagged.
FrameBytes tcp_frame(std::uint32_t flow, std::uint16_t vlan = 0, std::size_t size = 1514);

/// As the mode's policy would draw it up for so many ports with link.
ForwardingPlan plan_of(Mode mode, std::size_t ports);

}  // namespace bondbox::bench

// Spans of time as people write them: "500ms", "1.5s", "2m".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hal/wire/ids.hpp"

namespace bondbox {

inline constexpr std::int64_t duration_max_ms = std::int64_t{1000} * 3600 * 1000;  ///< 1000 h

/// A decimal number and ms, s, m or h, with nothing between. nullopt: something else, a span that is not a whole number
/// of milliseconds, or one over duration_max_ms.
std::optional<Ticks> parse_duration(std::string_view text);

/// "1.5s", "500ms": the shortest of ms and s that says it exactly.
std::string duration_text(Ticks span);

}  // namespace bondbox

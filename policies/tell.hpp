// Making Tell actions: lines for the event log, the kernel driver's own sentences where it has one.
#pragma once

#include <optional>

#include "policies/policy.hpp"

namespace bondbox {

/// As printf; a longer text is cut.
Tell tell(std::optional<PortId> port, const char* pattern, ...) __attribute__((format(printf, 2, 3)));

}  // namespace bondbox

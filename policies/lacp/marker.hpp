// The marker responder (802.1AX-2014 6.5.4.2): a partner that moves flows asks whether all frames before are through.
#pragma once

#include <optional>

#include "hal/wire/slow_protocols.hpp"
#include "policies/lacp/port.hpp"

namespace bondbox::lacp {

/// The answer to an information, from `source`; responses are counted and ignored, because we never ask.
std::optional<wire::SmallFrame> answer_marker(Port& port, const wire::MarkerView& marker,
                                              const MacAddress& source) noexcept;

}  // namespace bondbox::lacp

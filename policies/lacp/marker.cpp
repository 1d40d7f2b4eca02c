#include "policies/lacp/marker.hpp"

namespace bondbox::lacp {

std::optional<wire::SmallFrame> answer_marker(Port& port, const wire::MarkerView& marker,
                                              const MacAddress& source) noexcept {
  if (!marker.is_information()) {
    ++port.counters.marker_response_received;
    return std::nullopt;
  }
  ++port.counters.marker_received;
  return wire::build_marker_response(source, marker);
}

}  // namespace bondbox::lacp

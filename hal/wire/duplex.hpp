// Whether a link can send and receive at once; LACP's keys and the status depend on it (IEEE 802.1AX-2014 6.3.5).
#pragma once

#include <cstdint>

namespace bondbox {

enum class Duplex : std::uint8_t { unknown, half, full };
constexpr Duplex last_of(Duplex) noexcept {
  return Duplex::full;
}

}  // namespace bondbox

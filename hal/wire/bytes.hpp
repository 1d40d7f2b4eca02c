// Bytes as they stand on the wire: spans, and integers built byte by byte so that every CPU, of either
// byte order and with strict alignment, reads the same values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bondbox::wire {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

/// Loads take a pointer to at least the bytes they read; views check lengths before they call them.
constexpr std::uint16_t load_be16(const std::uint8_t* at) noexcept {
  return static_cast<std::uint16_t>((at[0] << 8) | at[1]);
}

constexpr std::uint32_t load_be32(const std::uint8_t* at) noexcept {
  return (static_cast<std::uint32_t>(at[0]) << 24) | (static_cast<std::uint32_t>(at[1]) << 16) |
         (static_cast<std::uint32_t>(at[2]) << 8) | static_cast<std::uint32_t>(at[3]);
}

constexpr void store_be16(std::uint8_t* at, std::uint16_t value) noexcept {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value & 0xff);
}

constexpr void store_be32(std::uint8_t* at, std::uint32_t value) noexcept {
  store_be16(at, static_cast<std::uint16_t>(value >> 16));
  store_be16(at + 2, static_cast<std::uint16_t>(value & 0xffff));
}

}  // namespace bondbox::wire

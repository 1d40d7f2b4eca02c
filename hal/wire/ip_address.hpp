// IPv4 and IPv6 addresses (RFC 791, RFC 4291) and prefixes.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hal/wire/bytes.hpp"

namespace bondbox {

struct IpAddress {
  enum class Family : std::uint8_t { v4, v6 };
  Family family = Family::v4;
  std::array<std::uint8_t, 16> octets{};  ///< network order; v4 uses the first 4, the rest are zero

  /// Dotted quad or RFC 4291 2.2 text.
  static std::optional<IpAddress> parse(std::string_view text);
  /// `bytes` has 4 or 16 bytes.
  static constexpr IpAddress from_bytes(wire::Bytes bytes) noexcept {
    IpAddress address;
    address.family = bytes.size() == 4 ? Family::v4 : Family::v6;
    for (std::size_t i = 0; i < bytes.size() && i < 16; ++i) address.octets[i] = bytes[i];
    return address;
  }
  constexpr bool is_v4() const noexcept { return family == Family::v4; }
  constexpr wire::Bytes bytes() const noexcept { return wire::Bytes(octets).first(is_v4() ? 4 : 16); }
  /// RFC 5952 text for v6.
  std::string text() const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

/// "192.168.10.52/24"
struct IpPrefix {
  IpAddress address;
  std::uint8_t length = 0;

  /// Needs the "/length"; nullopt when it is missing or longer than the family allows.
  static std::optional<IpPrefix> parse(std::string_view text);
  std::string text() const;
  friend constexpr auto operator<=>(const IpPrefix&, const IpPrefix&) = default;
};

}  // namespace bondbox

// An Ethernet address (IEEE 802, 48 bits).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "hal/wire/bytes.hpp"

namespace bondbox {

struct MacAddress {
  std::array<std::uint8_t, 6> octets{};

  /// `at` points to at least 6 bytes.
  static constexpr MacAddress load(const std::uint8_t* at) noexcept {
    return {{at[0], at[1], at[2], at[3], at[4], at[5]}};
  }
  constexpr void store(std::uint8_t* at) const noexcept {
    for (std::size_t i = 0; i < octets.size(); ++i) at[i] = octets[i];
  }

  /// Six groups of one or two hex digits, separated by ':' (or all by '-'). Nothing else is accepted.
  static std::optional<MacAddress> parse(std::string_view text);

  /// "02:00:00:00:0a:01"
  std::string text() const;

  constexpr bool is_zero() const noexcept { return *this == MacAddress{}; }
  constexpr bool is_multicast() const noexcept { return (octets[0] & 1) != 0; }
  constexpr bool is_broadcast() const noexcept { return *this == MacAddress{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
  /// 01:80:c2:00:00:0X, which a bridge never forwards (IEEE 802.1Q clause 8.6.3).
  constexpr bool is_link_local() const noexcept {
    return octets[0] == 0x01 && octets[1] == 0x80 && octets[2] == 0xc2 && octets[3] == 0 && octets[4] == 0 &&
           (octets[5] & 0xf0) == 0;
  }
  /// Usable as a station's own address: neither zero nor a group.
  constexpr bool is_station() const noexcept { return !is_zero() && !is_multicast(); }

  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

inline constexpr MacAddress broadcast_mac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

}  // namespace bondbox

// Neighbour advertisements as hosts write them, and a look at them that shares no code with hal/wire/nd.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hal/wire/ids.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::test {

/// Flags of an advertisement, as its fifth byte holds them.
inline constexpr std::uint8_t na_router = 0x80;
inline constexpr std::uint8_t na_solicited = 0x40;
inline constexpr std::uint8_t na_override = 0x20;

struct NaFrame {
  MacAddress to_mac;
  MacAddress from_mac;
  VlanId vlan;
  IpAddress from;
  IpAddress to;
  IpAddress target;
  std::uint8_t flags = na_solicited | na_override;
  std::optional<MacAddress> link;  ///< the target link-layer address option
  bool checksum_right = true;      ///< as read; written always right
};

std::vector<std::uint8_t> write_na(const NaFrame& na);
/// None when it is no advertisement without extension headers.
std::optional<NaFrame> read_na(std::vector<std::uint8_t> frame);

}  // namespace bondbox::test

// What a PHY says of its link at one moment.
#pragma once

#include <cstdint>

#include "hal/wire/duplex.hpp"

namespace bondbox {

/// How a NIC's link is read: the kernel's option use_carrier.
enum class LinkSource : std::uint8_t {
  carrier,  ///< the driver's carrier; where a driver has none, MII registers
  mii,      ///< MII registers, then ethtool; where a driver answers neither, carrier
};

/// One reading. Speed and duplex are meaningful while the link is up. While it is down they SHOULD be what the NIC told
/// when the link went: the last known ones, or unknown (the kernel driver prints them so).
struct LinkSample {
  bool present = true;           ///< false: the NIC has gone (unplugged, deleted); `up` is false then
  bool up = false;               ///< administratively up and the PHY has link
  std::uint32_t speed_mbps = 0;  ///< 0: unknown
  Duplex duplex = Duplex::unknown;
  template <class A>
  void archive(A& a) {
    a(present, up, speed_mbps, duplex);
  }

  friend constexpr bool operator==(const LinkSample&, const LinkSample&) = default;
};

}  // namespace bondbox

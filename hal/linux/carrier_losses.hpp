// How often an interface has lost its carrier, as sysfs counts it (carrier_down_count, since Linux 4.16). Reading it
// takes no lock, where ETHTOOL_GLINK waits for the one under which all interfaces of a machine are changed (RTNL).
#pragma once

#include <cstdint>
#include <string_view>

#include "hal/linux/unique_fd.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::lnx {

class CarrierLosses {
 public:
  /// Keeps the count of this interface open; it follows renames. False where there is none, and where /sys shows
  /// another network namespace, whose interface of the same name has another index or MAC.
  bool open(std::string_view name, int index, MacAddress mac);

  /// Negative: not told (not open, or the interface has gone).
  std::int64_t read() const noexcept;

 private:
  UniqueFd fd_;
};

}  // namespace bondbox::lnx

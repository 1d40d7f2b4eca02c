// What only ioctls can ask of a driver: link, PHY registers, speed, the permanent address (linux/ethtool.h,
// linux/mii.h). All by interface name, as these ioctls have it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hal/linux/link_state.hpp"
#include "hal/linux/unique_fd.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::lnx {

class Driver {
 public:
  /// errno, 0: done. The socket belongs to the calling thread's network namespace.
  int open();

  /// 1: link, 0: none or administratively down, negative errno. The kernel answers 0 by itself when IFF_UP is off.
  int ethtool_link(std::string_view name) const;
  /// The same from the PHY.
  int mii_link(std::string_view name) const;
  /// Unknown speed and duplex where the driver does not tell. `mask_words` remembers how many link mode words this
  /// kernel uses (the handshake of ETHTOOL_GLINKSETTINGS), from call to call; it starts at 0.
  LinkSpeed speed(std::string_view name, int& mask_words) const;
  /// Yes where the kernel does not tell.
  bool is_set_up(std::string_view name) const;
  /// Zero where there is none.
  MacAddress permanent_mac(std::string_view name) const;
  /// The name that the interface has now; empty when there is none of this index.
  std::string current_name(int index) const;
  /// In bytes; 0 when there is no such interface.
  std::uint32_t mtu(std::string_view name) const;
  /// Identity of the network namespace, 0 where the kernel does not tell (before 4.9).
  std::uint64_t namespace_inode() const;

 private:
  UniqueFd fd_;
};

}  // namespace bondbox::lnx

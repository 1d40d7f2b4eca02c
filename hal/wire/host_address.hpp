// An address by which the host is reachable through the bond.
#pragma once

#include "hal/wire/ids.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox {

/// On bond0 itself, on a VLAN interface on top of it (`vlan` set), or on a bridge that bond0 is a port of.
struct HostAddress {
  IpAddress address;
  VlanId vlan;
  MacAddress mac;          ///< of the interface that holds the address
  bool router = false;     ///< IPv6 forwarding is on there (RFC 4861 4.4, the R flag)
  bool on_bridge = false;  ///< the interface is a bridge
  friend constexpr bool operator==(const HostAddress&, const HostAddress&) = default;
  template <class A>
  void archive(A& a) {
    a(address, vlan, mac, router, on_bridge);
  }
};

}  // namespace bondbox

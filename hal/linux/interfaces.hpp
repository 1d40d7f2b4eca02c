// Interfaces, addresses and default routes, read and changed by index over rtnetlink (linux/if_link.h, if_addr.h): an
// index stays the same when an interface is renamed, and is not given to the next interface of the same name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/linux/netlink.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::lnx {

struct InterfaceInfo {
  int index = 0;
  std::string name;
  std::uint16_t type = 0;   ///< ARPHRD_*
  std::uint32_t flags = 0;  ///< IFF_*
  std::uint32_t mtu = 0;    ///< bytes
  MacAddress mac;
  MacAddress permanent_mac;       ///< zero where the driver tells none
  int master = 0;                 ///< index of the bridge or bond that it is a port of; 0: none
  int lower = 0;                  ///< index of the interface that it is on top of; 0: none, or in another namespace
  std::string kind;               ///< "vlan", "bridge", "tun", ...; empty for hardware
  VlanId vlan;                    ///< of a "vlan"
  bool carrier = false;           ///< the driver's carrier; says nothing while IFF_UP is off
  std::uint32_t promiscuity = 0;  ///< how many want every frame
  bool ipv6_router = false;       ///< IPv6 forwarding is on
};

struct InterfaceAddress {
  int index = 0;
  IpPrefix prefix;
  bool usable = true;      ///< false: IPv6 duplicate detection is not over, or found a duplicate
  bool permanent = false;  ///< set by a person or a program, not by router advertisements
  bool link_scope = false;
};

/// The way that the kernel would send a packet now.
struct RouteInfo {
  int output = 0;                   ///< index of the interface that it would leave by
  std::optional<IpAddress> source;  ///< that the kernel would put in
};

/// Of an RTM_NEWLINK or RTM_DELLINK message; false when it is none, or tells of a bridge port instead (AF_BRIDGE).
bool parse_interface(const nlmsghdr& message, InterfaceInfo& info);
/// Of an RTM_NEWADDR or RTM_DELADDR message.
bool parse_address(const nlmsghdr& message, InterfaceAddress& address);
/// Of an RTM_NEWROUTE message; false when it is none, or leads to no interface (unreachable, blackhole, prohibit).
bool parse_route(const nlmsghdr& message, RouteInfo& route);

/// 1 .. 15 bytes, no '/', ':' or white space, neither "." nor ".." (the kernel's dev_valid_name and what can stand in a
/// file name), and what can stand in JSON and on a terminal: UTF-8 without control characters.
bool is_interface_name(std::string_view name) noexcept;

/// All results are errno values, 0: done.
class Interfaces {
 public:
  int open() { return netlink_.open(); }

  int find(std::string_view name, InterfaceInfo& info);
  int find(int index, InterfaceInfo& info);
  int list(std::vector<InterfaceInfo>& all);
  int list_addresses(std::vector<InterfaceAddress>& all);

  /// Sets the flags in `mask` to what `flags` says.
  int set_flags(int index, std::uint32_t flags, std::uint32_t mask);
  /// Changes it while the interface is up; where the driver refuses that (EBUSY), takes it down for the change.
  int set_mac(int index, MacAddress mac);
  int set_mtu(int index, std::uint32_t mtu);
  /// Takes it out of the bridge, or what else it is a port of.
  int leave_master(int index);
  int set_transmit_queue_length(int index, std::uint32_t frames);

  /// Takes away the interface itself, if it is one that was made.
  int remove(int index);

  int add_address(int index, const IpPrefix& prefix);
  int remove_address(int index, const IpPrefix& prefix);
  int add_default_route(int index, const IpAddress& gateway);
  /// Every default route of the family through the interface, or only the one by `gateway`. Routes learned from router
  /// advertisements stay. ESRCH: there was none.
  int remove_default_routes(int index, IpAddress::Family family, const IpAddress* gateway);
  /// Asks for the way to one address. ENETUNREACH: there is none.
  int find_route(const IpAddress& target, RouteInfo& route);

  NetlinkSocket& netlink() noexcept { return netlink_; }

 private:
  int query(NetlinkMessage& message, InterfaceInfo& info);

  NetlinkSocket netlink_;
};

}  // namespace bondbox::lnx

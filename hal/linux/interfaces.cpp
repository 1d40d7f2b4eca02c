#include "hal/linux/interfaces.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>

#include "hal/wire/characters.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::uint16_t ifla_perm_address = 54;     // IFLA_PERM_ADDRESS, since Linux 5.6
constexpr std::uint32_t skip_statistics = 1u << 3;  // RTEXT_FILTER_SKIP_STATS, since Linux 4.4

ifinfomsg link_header(int index) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = index;
  return header;
}

MacAddress mac_from(wire::Bytes bytes) {
  return bytes.size() == 6 ? MacAddress::load(bytes.data()) : MacAddress{};
}

unsigned char family_of(IpAddress::Family family) {
  return family == IpAddress::Family::v4 ? AF_INET : AF_INET6;
}

bool ipv6_forwarding(const Attributes& link) {
  if (!link.has(IFLA_AF_SPEC)) return false;
  const Attributes families(link.bytes(IFLA_AF_SPEC));
  if (!families.has(AF_INET6)) return false;
  const Attributes inet6(families.bytes(AF_INET6));
  const wire::Bytes conf = inet6.bytes(IFLA_INET6_CONF);  // an array of s32, by DEVCONF_*
  std::int32_t value = 0;
  constexpr std::size_t at = DEVCONF_FORWARDING * sizeof value;
  if (conf.size() < at + sizeof value) return false;
  std::memcpy(&value, conf.data() + at, sizeof value);
  return value != 0;
}

}  // namespace

bool parse_interface(const nlmsghdr& message, InterfaceInfo& info) {
  if (message.nlmsg_type != RTM_NEWLINK && message.nlmsg_type != RTM_DELLINK) return false;
  ifinfomsg header{};
  if (!read_family(message, header) || header.ifi_family != AF_UNSPEC) return false;
  const Attributes attributes(message, sizeof header);
  info = {};
  info.index = header.ifi_index;
  info.type = header.ifi_type;
  info.flags = header.ifi_flags;
  info.name = attributes.text(IFLA_IFNAME);
  info.mtu = attributes.u32(IFLA_MTU);
  info.mac = mac_from(attributes.bytes(IFLA_ADDRESS));
  info.permanent_mac = mac_from(attributes.bytes(ifla_perm_address));
  info.master = static_cast<int>(attributes.u32(IFLA_MASTER));
  if (!attributes.has(IFLA_LINK_NETNSID)) info.lower = static_cast<int>(attributes.u32(IFLA_LINK));
  info.carrier = attributes.u8(IFLA_CARRIER) != 0;
  info.promiscuity = attributes.u32(IFLA_PROMISCUITY);
  info.ipv6_router = ipv6_forwarding(attributes);
  if (attributes.has(IFLA_LINKINFO)) {
    const Attributes link_info(attributes.bytes(IFLA_LINKINFO));
    info.kind = link_info.text(IFLA_INFO_KIND);
    if (info.kind == "vlan" && link_info.has(IFLA_INFO_DATA))
      info.vlan.value = Attributes(link_info.bytes(IFLA_INFO_DATA)).u16(IFLA_VLAN_ID);
  }
  return true;
}

bool parse_address(const nlmsghdr& message, InterfaceAddress& address) {
  if (message.nlmsg_type != RTM_NEWADDR && message.nlmsg_type != RTM_DELADDR) return false;
  ifaddrmsg header{};
  if (!read_family(message, header) || (header.ifa_family != AF_INET && header.ifa_family != AF_INET6)) return false;
  const Attributes attributes(message, sizeof header);
  // On a point-to-point address IFA_ADDRESS is the peer's.
  const wire::Bytes bytes = attributes.bytes(attributes.has(IFA_LOCAL) ? IFA_LOCAL : IFA_ADDRESS);
  if (bytes.size() != (header.ifa_family == AF_INET ? 4u : 16u) || header.ifa_prefixlen > bytes.size() * 8)
    return false;
  const std::uint32_t flags = attributes.u32(IFA_FLAGS, header.ifa_flags);
  address = {};
  address.index = static_cast<int>(header.ifa_index);
  address.prefix = {IpAddress::from_bytes(bytes), header.ifa_prefixlen};
  address.usable = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;
  address.permanent = (flags & IFA_F_PERMANENT) != 0;
  address.link_scope = header.ifa_scope == RT_SCOPE_LINK;
  return true;
}

bool parse_route(const nlmsghdr& message, RouteInfo& route) {
  rtmsg header{};
  if (message.nlmsg_type != RTM_NEWROUTE || !read_family(message, header)) return false;
  // What is local leaves by lo, which is nobody's port; broadcast and multicast leave by an interface as unicast does.
  if (header.rtm_type == RTN_UNREACHABLE || header.rtm_type == RTN_BLACKHOLE || header.rtm_type == RTN_PROHIBIT)
    return false;
  const Attributes attributes(message, sizeof header);
  route = {};
  route.output = static_cast<int>(attributes.u32(RTA_OIF));
  const wire::Bytes source = attributes.bytes(RTA_PREFSRC);
  if (source.size() == (header.rtm_family == AF_INET ? 4u : 16u)) route.source = IpAddress::from_bytes(source);
  return route.output > 0;
}

bool is_interface_name(std::string_view name) noexcept {
  if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == "..") return false;
  for (const char c : name)
    if (c == '/' || c == ':' || c == ' ' || c == '\n') return false;
  while (!name.empty()) {
    const Character character = first_character(name);
    if (character.length == 0 || is_unfit_to_show(character.code)) return false;
    name.remove_prefix(character.length);
  }
  return true;
}

int Interfaces::query(NetlinkMessage& message, InterfaceInfo& info) {
  message.add_u32(IFLA_EXT_MASK, skip_statistics);
  bool found = false;
  const int error = netlink_.get(message, [&](const nlmsghdr& answer) { found = parse_interface(answer, info); });
  if (error != 0) return error;
  return found ? 0 : ENODEV;
}

int Interfaces::find(std::string_view name, InterfaceInfo& info) {
  if (!is_interface_name(name)) return ENODEV;
  NetlinkMessage message(RTM_GETLINK, 0, link_header(0));
  message.add_text(IFLA_IFNAME, name);
  return query(message, info);
}

int Interfaces::find(int index, InterfaceInfo& info) {
  if (index <= 0) return ENODEV;
  NetlinkMessage message(RTM_GETLINK, 0, link_header(index));
  return query(message, info);
}

int Interfaces::list(std::vector<InterfaceInfo>& all) {
  NetlinkMessage message(RTM_GETLINK, 0, link_header(0));
  message.add_u32(IFLA_EXT_MASK, skip_statistics);
  InterfaceInfo info;
  return netlink_.dump(
      message, [&] { all.clear(); },
      [&](const nlmsghdr& answer) {
        if (parse_interface(answer, info)) all.push_back(info);
      });
}

int Interfaces::list_addresses(std::vector<InterfaceAddress>& all) {
  NetlinkMessage message(RTM_GETADDR, 0, ifaddrmsg{});
  InterfaceAddress address;
  return netlink_.dump(
      message, [&] { all.clear(); },
      [&](const nlmsghdr& answer) {
        if (parse_address(answer, address)) all.push_back(address);
      });
}

int Interfaces::set_flags(int index, std::uint32_t flags, std::uint32_t mask) {
  ifinfomsg header = link_header(index);
  header.ifi_flags = flags & mask;
  header.ifi_change = mask;
  NetlinkMessage message(RTM_NEWLINK, 0, header);
  return netlink_.request(message);
}

int Interfaces::remove(int index) {
  NetlinkMessage message(RTM_DELLINK, 0, link_header(index));
  return netlink_.request(message);
}

int Interfaces::set_mac(int index, MacAddress mac) {
  const auto change = [&] {
    NetlinkMessage message(RTM_NEWLINK, 0, link_header(index));
    message.add_bytes(IFLA_ADDRESS, mac.octets);
    return netlink_.request(message);
  };
  int error = change();
  if (error != EBUSY) return error;
  InterfaceInfo info;
  if (const int lost = find(index, info); lost != 0) return lost;
  if ((info.flags & IFF_UP) == 0) return error;
  if (const int refused = set_flags(index, 0, IFF_UP); refused != 0) return refused;
  error = change();
  const int up_again = set_flags(index, IFF_UP, IFF_UP);
  return error != 0 ? error : up_again;
}

int Interfaces::set_mtu(int index, std::uint32_t mtu) {
  NetlinkMessage message(RTM_NEWLINK, 0, link_header(index));
  message.add_u32(IFLA_MTU, mtu);
  return netlink_.request(message);
}

int Interfaces::leave_master(int index) {
  NetlinkMessage message(RTM_NEWLINK, 0, link_header(index));
  message.add_u32(IFLA_MASTER, 0);
  return netlink_.request(message);
}

int Interfaces::set_transmit_queue_length(int index, std::uint32_t frames) {
  NetlinkMessage message(RTM_NEWLINK, 0, link_header(index));
  message.add_u32(IFLA_TXQLEN, frames);
  return netlink_.request(message);
}

int Interfaces::add_address(int index, const IpPrefix& prefix) {
  ifaddrmsg header{};
  header.ifa_family = family_of(prefix.address.family);
  header.ifa_prefixlen = prefix.length;
  header.ifa_index = static_cast<std::uint32_t>(index);
  NetlinkMessage message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, header);
  message.add_bytes(IFA_LOCAL, prefix.address.bytes());
  message.add_bytes(IFA_ADDRESS, prefix.address.bytes());
  if (prefix.address.is_v4() && prefix.length < 31) {
    const std::uint32_t host_bits = prefix.length == 0 ? 0xffffffffu : (1u << (32 - prefix.length)) - 1;
    std::array<std::uint8_t, 4> all_hosts{};
    wire::store_be32(all_hosts.data(), wire::load_be32(prefix.address.octets.data()) | host_bits);
    message.add_bytes(IFA_BROADCAST, all_hosts);
  }
  return netlink_.request(message);
}

int Interfaces::remove_address(int index, const IpPrefix& prefix) {
  ifaddrmsg header{};
  header.ifa_family = family_of(prefix.address.family);
  header.ifa_prefixlen = prefix.length;
  header.ifa_index = static_cast<std::uint32_t>(index);
  NetlinkMessage message(RTM_DELADDR, 0, header);
  message.add_bytes(IFA_LOCAL, prefix.address.bytes());
  message.add_bytes(IFA_ADDRESS, prefix.address.bytes());  // without it IPv4 takes an address of any prefix length
  return netlink_.request(message);
}

int Interfaces::add_default_route(int index, const IpAddress& gateway) {
  rtmsg header{};
  header.rtm_family = family_of(gateway.family);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  NetlinkMessage message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, header);
  message.add_bytes(RTA_GATEWAY, gateway.bytes());
  message.add_u32(RTA_OIF, static_cast<std::uint32_t>(index));
  return netlink_.request(message);
}

int Interfaces::remove_default_routes(int index, IpAddress::Family family, const IpAddress* gateway) {
  int removed = 0;
  for (const unsigned char protocol : std::array<unsigned char, 2>{RTPROT_STATIC, RTPROT_BOOT}) {
    constexpr int routes_max = 16;
    for (int i = 0; i < routes_max; ++i) {
      rtmsg header{};
      header.rtm_family = family_of(family);
      header.rtm_table = RT_TABLE_MAIN;
      header.rtm_protocol = protocol;
      header.rtm_scope = RT_SCOPE_NOWHERE;  // any
      NetlinkMessage message(RTM_DELROUTE, 0, header);
      if (gateway != nullptr) message.add_bytes(RTA_GATEWAY, gateway->bytes());
      message.add_u32(RTA_OIF, static_cast<std::uint32_t>(index));
      const int error = netlink_.request(message);
      if (error == ESRCH || error == ENODEV) break;
      if (error != 0) return error;
      ++removed;
    }
  }
  return removed == 0 ? ESRCH : 0;
}

int Interfaces::find_route(const IpAddress& target, RouteInfo& route) {
  rtmsg header{};
  header.rtm_family = family_of(target.family);
  header.rtm_dst_len = target.is_v4() ? 32 : 128;
  NetlinkMessage message(RTM_GETROUTE, 0, header);
  message.add_bytes(RTA_DST, target.bytes());
  bool found = false;
  const int error = netlink_.get(message, [&](const nlmsghdr& answer) { found = parse_route(answer, route); });
  // EINVAL, EACCES and EHOSTUNREACH come from routes of type blackhole, prohibit and unreachable.
  if (error == EINVAL || error == EACCES || error == EHOSTUNREACH) return ENETUNREACH;
  return error == 0 && !found ? ENETUNREACH : error;
}

}  // namespace bondbox::lnx

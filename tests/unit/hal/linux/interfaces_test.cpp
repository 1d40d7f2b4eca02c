// Route messages that this kernel may not be able to make (VLANs, duplicate addresses), built and read back.
#include "hal/linux/interfaces.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

namespace bondbox::lnx {
namespace {

constexpr MacAddress station{{0x02, 0, 0, 0, 0, 0x07}};

NetlinkMessage vlan_message(std::uint16_t type) {
  ifinfomsg header{};
  header.ifi_index = 12;
  header.ifi_type = ARPHRD_ETHER;
  header.ifi_flags = IFF_UP;
  NetlinkMessage message(type, 0, header);
  message.add_text(IFLA_IFNAME, "bond0.7");
  message.add_bytes(IFLA_ADDRESS, station.octets);
  message.add_u32(IFLA_MTU, 1500);
  message.add_u32(IFLA_LINK, 9);
  message.add_u32(IFLA_MASTER, 3);
  message.add_u32(IFLA_PROMISCUITY, 2);
  message.add_u8(IFLA_CARRIER, 1);
  const std::size_t info = message.open(IFLA_LINKINFO);
  message.add_text(IFLA_INFO_KIND, "vlan");
  const std::size_t data = message.open(IFLA_INFO_DATA);
  message.add_u16(IFLA_VLAN_ID, 7);
  message.close(data);
  message.close(info);
  const std::size_t families = message.open(IFLA_AF_SPEC);
  const std::size_t inet6 = message.open(AF_INET6);
  const std::array<std::int32_t, 4> conf{1, 64, 1500, 1};
  static_assert(DEVCONF_FORWARDING == 0);
  message.add(IFLA_INET6_CONF, conf.data(), sizeof conf);
  message.close(inet6);
  message.close(families);
  return message;
}

NetlinkMessage address_message(unsigned char family, std::uint32_t flags, wire::Bytes local, wire::Bytes peer) {
  ifaddrmsg header{};
  header.ifa_family = family;
  header.ifa_prefixlen = 24;
  header.ifa_index = 12;
  NetlinkMessage message(RTM_NEWADDR, 0, header);
  message.add_bytes(IFA_ADDRESS, peer);
  if (!local.empty()) message.add_bytes(IFA_LOCAL, local);
  message.add_u32(IFA_FLAGS, flags);
  return message;
}

NetlinkMessage route_message(unsigned char family, unsigned char type, int output, wire::Bytes source) {
  rtmsg header{};
  header.rtm_family = family;
  header.rtm_type = type;
  NetlinkMessage message(RTM_NEWROUTE, 0, header);
  message.add_u32(RTA_OIF, static_cast<std::uint32_t>(output));
  if (!source.empty()) message.add_bytes(RTA_PREFSRC, source);
  return message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(linux_interfaces)

BOOST_AUTO_TEST_CASE(a_vlan_interface_is_read_whole) {
  NetlinkMessage message = vlan_message(RTM_NEWLINK);
  InterfaceInfo info;
  BOOST_REQUIRE(!message.overflowed());
  BOOST_REQUIRE(parse_interface(message.header(), info));
  BOOST_TEST(info.index == 12);
  BOOST_TEST(info.name == "bond0.7");
  BOOST_TEST((info.mac == station));
  BOOST_TEST(info.mtu == 1500u);
  BOOST_TEST(info.kind == "vlan");
  BOOST_TEST(info.vlan.value == 7);
  BOOST_TEST(info.lower == 9);
  BOOST_TEST(info.master == 3);
  BOOST_TEST(info.promiscuity == 2u);
  BOOST_TEST(info.carrier);
  BOOST_TEST(info.ipv6_router);
}

BOOST_AUTO_TEST_CASE(an_interface_below_in_another_namespace_is_none) {
  NetlinkMessage message = vlan_message(RTM_NEWLINK);
  message.add_u32(IFLA_LINK_NETNSID, 0);
  InterfaceInfo info;
  BOOST_REQUIRE(parse_interface(message.header(), info));
  BOOST_TEST(info.lower == 0);
}

BOOST_AUTO_TEST_CASE(what_a_bridge_says_of_its_ports_is_no_interface) {
  ifinfomsg header{};
  header.ifi_family = AF_BRIDGE;
  header.ifi_index = 12;
  NetlinkMessage message(RTM_DELLINK, 0, header);
  InterfaceInfo info;
  BOOST_TEST(!parse_interface(message.header(), info));
}

BOOST_AUTO_TEST_CASE(a_message_cut_anywhere_is_read_within_its_bounds) {
  NetlinkMessage message = vlan_message(RTM_NEWLINK);
  const std::uint32_t whole = message.header().nlmsg_len;
  for (std::uint32_t length = NLMSG_HDRLEN; length <= whole; ++length) {
    // A copy of exactly this length, so that a sanitizer sees a read beyond it.
    std::vector<std::uint32_t> cut((length + 3) / 4);
    std::memcpy(cut.data(), &message.header(), length);
    std::memcpy(cut.data(), &length, sizeof length);
    InterfaceInfo info;
    const bool understood = parse_interface(*reinterpret_cast<const nlmsghdr*>(cut.data()), info);
    BOOST_TEST(understood == (length >= NLMSG_LENGTH(sizeof(ifinfomsg))));
  }
}

BOOST_AUTO_TEST_CASE(the_local_end_of_a_point_to_point_address_is_the_hosts) {
  const std::array<std::uint8_t, 4> local{10, 0, 0, 1};
  const std::array<std::uint8_t, 4> peer{10, 0, 0, 2};
  NetlinkMessage message = address_message(AF_INET, IFA_F_PERMANENT, local, peer);
  InterfaceAddress address;
  BOOST_REQUIRE(parse_address(message.header(), address));
  BOOST_TEST((address.prefix == *IpPrefix::parse("10.0.0.1/24")));
  BOOST_TEST(address.usable);
  BOOST_TEST(address.permanent);
}

BOOST_AUTO_TEST_CASE(tentative_and_duplicate_addresses_are_not_usable) {
  const IpAddress v6 = *IpAddress::parse("fd00::1");
  for (const std::uint32_t flag : {IFA_F_TENTATIVE, IFA_F_DADFAILED}) {
    NetlinkMessage message = address_message(AF_INET6, flag, {}, v6.bytes());
    InterfaceAddress address;
    BOOST_REQUIRE(parse_address(message.header(), address));
    BOOST_TEST((address.prefix.address == v6));
    BOOST_TEST(!address.usable);
  }
}

BOOST_AUTO_TEST_CASE(an_address_of_the_wrong_size_is_refused) {
  const std::array<std::uint8_t, 4> four{10, 0, 0, 1};
  NetlinkMessage message = address_message(AF_INET6, 0, {}, four);
  InterfaceAddress address;
  BOOST_TEST(!parse_address(message.header(), address));
}

BOOST_AUTO_TEST_CASE(a_route_tells_its_interface_and_the_source_address_that_goes_with_it) {
  const IpAddress v4 = *IpAddress::parse("10.9.0.1");
  const IpAddress v6 = *IpAddress::parse("fd09::1");
  RouteInfo route;
  BOOST_REQUIRE(parse_route(route_message(AF_INET, RTN_UNICAST, 7, v4.bytes()).header(), route));
  BOOST_TEST(route.output == 7);
  BOOST_TEST((route.source == v4));
  BOOST_REQUIRE(parse_route(route_message(AF_INET6, RTN_UNICAST, 8, v6.bytes()).header(), route));
  BOOST_TEST((route.source == v6));
  BOOST_REQUIRE(parse_route(route_message(AF_INET, RTN_UNICAST, 9, {}).header(), route));
  BOOST_TEST(route.output == 9);
  BOOST_TEST(!route.source.has_value());
  // A source of the other family's size is none.
  BOOST_REQUIRE(parse_route(route_message(AF_INET6, RTN_UNICAST, 8, v4.bytes()).header(), route));
  BOOST_TEST(!route.source.has_value());
}

BOOST_AUTO_TEST_CASE(a_route_that_leads_nowhere_is_none) {
  RouteInfo route;
  for (const unsigned char type : {RTN_UNREACHABLE, RTN_BLACKHOLE, RTN_PROHIBIT})
    BOOST_TEST(!parse_route(route_message(AF_INET6, type, 1, {}).header(), route));
  BOOST_TEST(!parse_route(route_message(AF_INET, RTN_UNICAST, 0, {}).header(), route));
  NetlinkMessage other(RTM_NEWADDR, 0, rtmsg{});
  BOOST_TEST(!parse_route(other.header(), route));
}

BOOST_AUTO_TEST_CASE(a_request_that_does_not_fit_is_refused_before_it_is_sent) {
  NetlinkMessage message(RTM_NEWLINK, 0, ifinfomsg{});
  const std::array<std::uint8_t, 300> large{};
  message.add_bytes(IFLA_ADDRESS, large);
  BOOST_TEST(!message.overflowed());
  message.add_bytes(IFLA_ADDRESS, large);
  BOOST_TEST(message.overflowed());
  NetlinkSocket socket;
  BOOST_REQUIRE(socket.open() == 0);
  BOOST_TEST(socket.request(message) == EMSGSIZE);
}

BOOST_AUTO_TEST_CASE(names_follow_the_kernels_rules) {
  for (const char* name : {"eth0", "bond0.7", "a", "fifteen-letters", "wan@1", "<&\"'$(x)", "b\xc3\xbcro"})
    BOOST_TEST(is_interface_name(name), name);
  for (const char* name : {"", ".", "..", "sixteen-letters-", "a b", "a/b", "a:b", "tab\t", "nl\n", "esc\x1b[31m",
                           "\xff\xfe", "\xc3", "csi\xc2\x9b", "\xe2\x80\xaeoht0"})
    BOOST_TEST(!is_interface_name(name), name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lnx

// Numbers of protocols, for everybody who reads frames; compiled for the BPF machine too, so it includes nothing but
// <stdint.h>.
#pragma once

#include <stdint.h>

namespace bondbox::wire {

using Size = decltype(sizeof 0);

inline constexpr Size ethernet_header_size = 14;
inline constexpr Size vlan_tag_size = 4;
inline constexpr Size ipv4_header_size_min = 20;
inline constexpr Size ipv6_header_size = 40;
inline constexpr Size icmp_header_size = 8;
/// Tags beyond this many are not looked behind: a frame made of tags alone must not cost more than one with none.
inline constexpr Size vlan_tags_read_max = 8;

namespace ethertype {
inline constexpr uint16_t ipv4 = 0x0800;
inline constexpr uint16_t arp = 0x0806;
inline constexpr uint16_t vlan = 0x8100;  ///< IEEE 802.1Q C-tag
inline constexpr uint16_t ipv6 = 0x86dd;
inline constexpr uint16_t slow_protocols = 0x8809;  ///< IEEE 802.3 Annex 57A: LACP, marker
inline constexpr uint16_t service_vlan = 0x88a8;    ///< IEEE 802.1ad S-tag
inline constexpr uint16_t bridged = 0x6558;         ///< RFC 7637 3.2: GRE carries Ethernet frames
}  // namespace ethertype

constexpr bool is_vlan_tpid(uint16_t type) noexcept {
  return type == ethertype::vlan || type == ethertype::service_vlan;
}

namespace ip_protocol {
inline constexpr uint8_t hop_by_hop = 0;
inline constexpr uint8_t icmp = 1;
inline constexpr uint8_t igmp = 2;
inline constexpr uint8_t ipip = 4;
inline constexpr uint8_t tcp = 6;
inline constexpr uint8_t udp = 17;
inline constexpr uint8_t dccp = 33;
inline constexpr uint8_t ipv6 = 41;
inline constexpr uint8_t routing = 43;
inline constexpr uint8_t fragment = 44;
inline constexpr uint8_t gre = 47;
inline constexpr uint8_t esp = 50;
inline constexpr uint8_t authentication = 51;
inline constexpr uint8_t icmpv6 = 58;
inline constexpr uint8_t destination_options = 60;
inline constexpr uint8_t sctp = 132;
inline constexpr uint8_t udplite = 136;
}  // namespace ip_protocol

namespace nd {
inline constexpr uint8_t solicitation = 135;
inline constexpr uint8_t advertisement = 136;
}  // namespace nd

}  // namespace bondbox::wire

// What kind of frame it is: its class by destination, and the classes that a policy wants to see. One definition for
// the forwarder and for the programs in the kernel, so it includes nothing but <stdint.h> and reads frames through a
// Reader:
//
// - const uint8_t* head() const: the first 14 bytes, which every frame here has.
// - template <uint32_t N> bool load(uint32_t offset, uint8_t (&into)[N]) const: false, where not all of them are there.
// - template <class T> T settle(T value) const: the same value; the kernel's verifier forgets how it came about.
// - bool has_tag_beside() const: the outermost VLAN tag stands beside the bytes, not among them.
// - uint16_t tag_beside() const: its TCI.
//
// Offsets are those of the bytes, without a tag that stands beside them.
#pragma once

#include <stdint.h>

#include "hal/wire/numbers.hpp"

namespace bondbox::wire {

/// As Deliver in policies/plan.hpp.
enum FastDestination : uint8_t { fast_unicast = 1, fast_multicast = 2, fast_broadcast = 4, fast_link_local = 8 };

/// As Punt in policies/plan.hpp.
enum FastClass : uint8_t {
  fast_class_none = 0,
  fast_class_slow_protocols = 1,
  fast_class_arp_received = 2,
  fast_class_arp_sent = 4,
  fast_class_nd_received = 8,
  fast_class_na_sent = 16,
};
inline constexpr uint8_t fast_classes_received =
    fast_class_slow_protocols | fast_class_arp_received | fast_class_nd_received;
inline constexpr uint8_t fast_classes_sent = fast_class_arp_sent | fast_class_na_sent;

namespace fast {

/// Everything here is part of one program in the kernel, where a call costs more than the code.
#define BONDBOX_FAST inline __attribute__((always_inline))

constexpr uint16_t be16(const uint8_t* at) noexcept {
  return static_cast<uint16_t>((at[0] << 8) | at[1]);
}

/// What stands behind all tags, and where.
struct Content {
  uint16_t type;
  uint32_t offset;
};

/// As EthernetView reads it: a tag that is cut off ends the reading, and so do too many.
template <class Reader>
BONDBOX_FAST Content content_of(const Reader& frame) noexcept {
  Content content{be16(frame.head() + 12), ethernet_header_size};
  for (uint32_t tags = frame.has_tag_beside() ? 1 : 0; tags < vlan_tags_read_max; ++tags) {
    uint8_t tag[vlan_tag_size];
    if (!is_vlan_tpid(content.type) || !frame.load(content.offset, tag)) break;
    content.type = be16(tag + 2);
    content.offset += vlan_tag_size;
  }
  return content;
}

/// The type of a neighbour solicitation or advertisement, or 0. `content` is IPv6.
template <class Reader>
BONDBOX_FAST uint8_t neighbour_discovery_type(const Reader& frame, const Content& content) noexcept {
  uint8_t next_header[1], type[1];
  if (!frame.load(content.offset + 6, next_header) || next_header[0] != ip_protocol::icmpv6) return 0;
  if (!frame.load(content.offset + ipv6_header_size, type)) return 0;
  return type[0] == nd::solicitation || type[0] == nd::advertisement ? type[0] : uint8_t{0};
}

template <class Reader>
BONDBOX_FAST bool is_igmp(const Reader& frame, const Content& content) noexcept {
  uint8_t header[ipv4_header_size_min];
  return content.type == ethertype::ipv4 && frame.load(content.offset, header) && header[9] == ip_protocol::igmp;
}

/// ARP, solicitations and advertisements.
template <class Reader>
BONDBOX_FAST bool is_neighbour_frame(const Reader& frame, const Content& content) noexcept {
  if (content.type == ethertype::arp) return true;
  return content.type == ethertype::ipv6 && neighbour_discovery_type(frame, content) != 0;
}

/// The kernel driver, too, looks behind VLAN tags for them.
template <class Reader>
BONDBOX_FAST uint8_t class_received(const Reader& frame) noexcept {
  const Content content = content_of(frame);
  if (content.type == ethertype::slow_protocols) return fast_class_slow_protocols;
  if (content.type == ethertype::arp) return fast_class_arp_received;
  if (content.type != ethertype::ipv6) return fast_class_none;
  return neighbour_discovery_type(frame, content) != 0 ? fast_class_nd_received : fast_class_none;
}

template <class Reader>
BONDBOX_FAST uint8_t class_sent(const Reader& frame) noexcept {
  const Content content = content_of(frame);
  if (content.type == ethertype::arp) return fast_class_arp_sent;
  if (content.type != ethertype::ipv6) return fast_class_none;
  return neighbour_discovery_type(frame, content) == nd::advertisement ? fast_class_na_sent : fast_class_none;
}

/// `mac`: 6 bytes.
BONDBOX_FAST uint8_t destination_class(const uint8_t* mac) noexcept {
  if ((mac[0] & 1) == 0) return fast_unicast;
  if ((mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xff) return fast_broadcast;
  // 01:80:c2:00:00:0X, IEEE 802.1Q clause 8.6.3
  const bool is_link_local =
      mac[0] == 0x01 && mac[1] == 0x80 && mac[2] == 0xc2 && (mac[3] | mac[4] | (mac[5] & 0xf0)) == 0;
  return is_link_local ? fast_link_local : fast_multicast;
}

}  // namespace fast
}  // namespace bondbox::wire

// How a frame is turned into a number that chooses its port: the xmit_hash_policy formulas of modes 2 and 4, and the
// 256 buckets of modes 5 and 6. The one definition of both, for the program and for the kernel's BPF machine: templates
// over a Reader (hal/wire/frame_class.hpp), nothing included but <stdint.h>. Loops are bounded, as the kernel's
// verifier demands. Public functions with spans are in policies/transmit_hash.hpp, which says what the values mean.
#pragma once

#include <stdint.h>

#include "hal/wire/frame_class.hpp"

namespace bondbox::wire {

/// As HashPolicy in policies/options.hpp.
enum FastHashPolicy : uint8_t {
  fast_hash_layer2,
  fast_hash_layer34,
  fast_hash_layer23,
  fast_hash_encap23,
  fast_hash_encap34,
  fast_hash_vlan_srcmac
};

/// As BucketKey in policies/plan.hpp.
enum FastBucketKey : uint8_t { fast_key_transmit_hash, fast_key_destination_ip, fast_key_every_frame };

namespace fast {

/// Headers looked at on the way to the innermost: what the kernel's dissector allows a frame made to be expensive.
inline constexpr int headers_read_max = 15;

/// The recorded formulas work on words as a little-endian CPU loads them; built from bytes they are the same on all.
constexpr uint32_t le32(const uint8_t* at) noexcept {
  return static_cast<uint32_t>(at[0]) | (static_cast<uint32_t>(at[1]) << 8) | (static_cast<uint32_t>(at[2]) << 16) |
         (static_cast<uint32_t>(at[3]) << 24);
}

constexpr uint32_t be24(const uint8_t* at) noexcept {
  return (static_cast<uint32_t>(at[0]) << 16) | (static_cast<uint32_t>(at[1]) << 8) | at[2];
}

/// A frame as the driver is given it: a tag that was taken off stands beside the bytes, not among them.
struct Link {
  uint16_t tci;  ///< of the tag that was taken off
  Content content;
};

template <class Reader>
BONDBOX_FAST Link link_as_is(const Reader& frame) noexcept {
  const auto tci = frame.has_tag_beside() ? frame.tag_beside() : uint16_t{0};
  return {tci, {be16(frame.head() + 12), ethernet_header_size}};
}

template <class Reader>
BONDBOX_FAST Link link_of(const Reader& frame) noexcept {
  Link link = link_as_is(frame);
  uint8_t tag[vlan_tag_size];
  if (frame.has_tag_beside() || !is_vlan_tpid(link.content.type)) return link;
  if (!frame.load(link.content.offset, tag)) return link;
  return {be16(tag), {be16(tag + 2), link.content.offset + static_cast<uint32_t>(vlan_tag_size)}};
}

/// What layers 3 and 4 give to the hash.
struct Flow {
  bool is_known;
  uint32_t addresses;   ///< source ^ destination, as one word
  uint32_t upper_word;  ///< ports, SPI or ICMP type, code and identifier
};

struct IpHeader {
  bool is_read;  ///< no: it is not IP, or cut off
  bool is_fragment;
  uint8_t protocol;
  uint32_t addresses;
  uint32_t rest;  ///< where it stands, after the fixed header and, in IPv4, the options
};

template <class Reader>
BONDBOX_FAST IpHeader read_ip(const Reader& frame, const Content& packet) noexcept {
  if (packet.type == ethertype::ipv4) {
    alignas(4) uint8_t header[ipv4_header_size_min];
    if (!frame.load(packet.offset, header)) return {};
    const uint32_t length = (header[0] & 15U) * 4U;
    if (length < ipv4_header_size_min) return {};
    const bool is_fragment = (be16(header + 6) & 0x3fff) != 0;
    return {true, is_fragment, header[9], le32(header + 12) ^ le32(header + 16), packet.offset + length};
  }
  if (packet.type == ethertype::ipv6) {
    alignas(4) uint8_t header[ipv6_header_size];
    if (!frame.load(packet.offset, header)) return {};
    uint32_t addresses = 0;
    for (uint32_t i = 8; i < ipv6_header_size; i += 4) addresses ^= le32(header + i);
    return {true, false, header[6], addresses, packet.offset + static_cast<uint32_t>(ipv6_header_size)};
  }
  return {};
}

/// Both ports, or an IPsec header's SPI; 0 for what has neither.
template <class Reader>
BONDBOX_FAST uint32_t ports_word(const Reader& frame, const IpHeader& ip) noexcept {
  uint32_t offset = ip.rest;
  switch (ip.protocol) {
    case ip_protocol::tcp:
    case ip_protocol::udp:
    case ip_protocol::udplite:
    case ip_protocol::sctp:
    case ip_protocol::dccp:
    case ip_protocol::esp:
      break;
    case ip_protocol::authentication:  // RFC 4302 2: the SPI is its second word
      offset += 4;
      break;
    default:
      return 0;
  }
  alignas(4) uint8_t word[4];
  return frame.load(offset, word) ? le32(word) : 0;
}

constexpr bool is_icmp(uint8_t protocol) noexcept {
  return protocol == ip_protocol::icmp || protocol == ip_protocol::icmpv6;
}

/// Quotes the packet that caused it: RFC 792; RFC 4443 2.1 without the types that are reserved or for experiments.
constexpr bool is_icmp_error(uint8_t protocol, uint8_t type) noexcept {
  if (protocol == ip_protocol::icmpv6) return type >= 1 && type <= 4;
  return (type >= 3 && type <= 5) || type == 11 || type == 12;
}

/// Type, code and identifier of a message that has an identifier: echo and timestamp, requests and replies. As in the
/// driver the types of ICMP and ICMPv6 are not told apart. An identifier of 0 counts as 1. `message`: a header.
constexpr uint32_t icmp_word(const uint8_t* message) noexcept {
  const uint8_t type = message[0];
  const bool has_id = type == 0 || type == 8 || type == 13 || type == 14 || type == 128 || type == 129;
  if (!has_id) return 0;
  const uint32_t id = be16(message + 4);
  return message[0] | (static_cast<uint32_t>(message[1]) << 8) | ((id == 0 ? 1 : id) << 16);
}

/// Layers 2+3 and 3+4: the outermost IP header; an ICMP error belongs to the flow of the packet that it quotes.
template <class Reader>
BONDBOX_FAST Flow outer_flow(const Reader& frame, const Content& packet) noexcept {
  IpHeader ip = read_ip(frame, packet);
  if (!ip.is_read) return {};
  if (!ip.is_fragment && is_icmp(ip.protocol)) {
    uint8_t message[icmp_header_size];
    if (!frame.load(ip.rest, message)) return {true, ip.addresses, 0};
    if (!is_icmp_error(ip.protocol, message[0])) return {true, ip.addresses, icmp_word(message)};
    ip = read_ip(frame, {packet.type, ip.rest + static_cast<uint32_t>(icmp_header_size)});
    if (!ip.is_read) return {};
  }
  return {true, ip.addresses, ip.is_fragment ? 0 : ports_word(frame, ip)};
}

/// What a packet goes on with.
struct Inner {
  bool is_broken;  ///< cut off
  bool is_entered;
  Content content;
};

/// RFC 2784 and 2890. Enhanced GRE (version 1, PPTP) and source routes are not entered.
template <class Reader>
BONDBOX_FAST Inner enter_gre(const Reader& frame, uint32_t at) noexcept {
  constexpr uint16_t has_checksum = 0x8000, has_routing = 0x4000, has_key = 0x2000, has_sequence = 0x1000;
  constexpr uint16_t version = 0x0007;
  uint8_t header[4], last[1];
  if (!frame.load(at, header)) return {true, false, {}};
  const uint16_t flags = be16(header);
  if ((flags & (has_routing | version)) != 0) return {};
  uint32_t length = 4;
  if ((flags & has_checksum) != 0) length += 4;
  if ((flags & has_key) != 0) length += 4;
  if ((flags & has_sequence) != 0) length += 4;
  if (!frame.load(at + length - 1, last)) return {true, false, {}};
  const Content inner{be16(header + 2), at + length};
  if (inner.type != ethertype::bridged) return {false, true, inner};
  uint8_t addresses_and_type[ethernet_header_size];
  if (!frame.load(inner.offset, addresses_and_type)) return {true, false, {}};
  Content content{be16(addresses_and_type + 12), inner.offset + static_cast<uint32_t>(ethernet_header_size)};
  for (uint32_t tags = 0; tags < vlan_tags_read_max; ++tags) {
    uint8_t tag[vlan_tag_size];
    if (!is_vlan_tpid(content.type) || !frame.load(content.offset, tag)) break;
    content = {be16(tag + 2), content.offset + static_cast<uint32_t>(vlan_tag_size)};
  }
  return {false, true, content};
}

template <class Reader>
BONDBOX_FAST Inner enter(const Reader& frame, const IpHeader& ip) noexcept {
  if (ip.is_fragment) return {};
  switch (ip.protocol) {
    case ip_protocol::ipip:
      return {false, true, {ethertype::ipv4, ip.rest}};
    case ip_protocol::ipv6:
      return {false, true, {ethertype::ipv6, ip.rest}};
    case ip_protocol::gre:
      return enter_gre(frame, ip.rest);
    default:
      return {};
  }
}

/// Goes on to what stands after IPv6 extension headers. False when one of them is cut off.
template <class Reader>
BONDBOX_FAST bool pass_extensions(const Reader& frame, IpHeader& ip, int& headers_left) noexcept {
  for (; headers_left > 0; --headers_left) {
    const bool has_length = ip.protocol == ip_protocol::hop_by_hop || ip.protocol == ip_protocol::routing ||
                            ip.protocol == ip_protocol::destination_options;
    if (!has_length && ip.protocol != ip_protocol::fragment) return true;
    uint8_t header[2], last[1];
    if (!frame.load(ip.rest, header)) return false;
    if (!has_length && !frame.load(ip.rest + 7, last)) return false;
    ip.protocol = header[0];
    ip.rest += has_length ? (header[1] + 1U) * 8U : 8U;
    ip.is_fragment = !has_length;
    if (ip.is_fragment) return true;
  }
  return true;
}

/// encap2+3 and encap3+4: the innermost IP header behind IPIP, GRE and IPv6 extension headers. ARP is a flow without
/// addresses or ports.
template <class Reader>
BONDBOX_FAST Flow inner_flow(const Reader& frame, Content packet) noexcept {
  Flow flow{true, 0, 0};
  for (int headers_left = headers_read_max; headers_left > 0; --headers_left) {
    if (packet.type == ethertype::arp) return flow;
    IpHeader ip = read_ip(frame, packet);
    if (!ip.is_read) return {};
    if (packet.type == ethertype::ipv6 && !pass_extensions(frame, ip, headers_left)) return {};
    flow.addresses = ip.addresses;
    const Inner inner = enter(frame, ip);
    if (inner.is_broken) return {};
    if (!inner.is_entered) {
      if (ip.is_fragment) return flow;
      uint8_t message[icmp_header_size];
      if (!is_icmp(ip.protocol)) {
        flow.upper_word = ports_word(frame, ip);
      } else if (frame.load(ip.rest, message)) {
        flow.upper_word = icmp_word(message);
      }
      return flow;
    }
    packet = {frame.settle(inner.content.type), frame.settle(inner.content.offset)};
  }
  return flow;
}

template <class Reader>
BONDBOX_FAST uint32_t hash_of(uint8_t policy, const Reader& frame, const Link& link) noexcept {
  const uint8_t* const head = frame.head();
  if (policy == fast_hash_vlan_srcmac) return link.tci ^ be24(head + 6) ^ be24(head + 9);
  const uint32_t layer2 = static_cast<uint32_t>(head[5] ^ head[11]) ^ link.content.type;
  if (policy == fast_hash_layer2) return layer2;
  const bool encapsulated = policy == fast_hash_encap23 || policy == fast_hash_encap34;
  const Flow flow = encapsulated ? inner_flow(frame, link.content) : outer_flow(frame, link.content);
  if (!flow.is_known) return frame.settle(layer2);
  const bool uses_ports = policy == fast_hash_layer34 || policy == fast_hash_encap34;
  uint32_t value = (uses_ports ? flow.upper_word : layer2) ^ flow.addresses;
  value ^= value >> 16;
  value ^= value >> 8;
  // Clients often draw even ports only; the driver drops the bit that says nothing.
  return frame.settle(uses_ports ? value >> 1 : value);
}

/// Solicitations and advertisements, and what is too short to tell. `header` is the packet's.
template <class Reader>
BONDBOX_FAST bool may_be_neighbour_discovery(const Reader& frame, uint32_t at, const uint8_t* header) noexcept {
  if (header[6] != ip_protocol::icmpv6) return false;
  uint8_t message[icmp_header_size];
  return !frame.load(at + static_cast<uint32_t>(ipv6_header_size), message) || message[0] == nd::solicitation ||
         message[0] == nd::advertisement;
}

inline constexpr uint32_t no_bucket = 256;
inline constexpr uint32_t bucket_by_hash = 257;

constexpr uint32_t fold(uint32_t word) noexcept {
  word ^= word >> 16;
  return (word ^ (word >> 8)) & 0xff;
}

template <class Reader>
BONDBOX_FAST uint32_t ipv4_bucket(bool by_destination, const Reader& frame, const Content& packet) noexcept {
  alignas(4) uint8_t header[ipv4_header_size_min];
  const uint8_t destination = destination_class(frame.head());
  if (by_destination ? destination == fast_broadcast : destination != fast_unicast) return no_bucket;
  if (!frame.load(packet.offset, header)) return no_bucket;
  if (!by_destination) return bucket_by_hash;
  const uint32_t address = le32(header + 16);
  return header[9] == ip_protocol::igmp || address == 0xffffffff ? no_bucket : fold(address);
}

template <class Reader>
BONDBOX_FAST uint32_t ipv6_bucket(bool by_destination, const Reader& frame, const Content& packet) noexcept {
  alignas(4) uint8_t header[ipv6_header_size];
  if ((frame.head()[0] & 1) != 0 || !frame.load(packet.offset, header)) return no_bucket;
  if (may_be_neighbour_discovery(frame, packet.offset, header)) return no_bucket;
  if (!by_destination) return bucket_by_hash;
  // Balanced, a probe for a duplicate address would come back by another port and be taken for a duplicate.
  if ((le32(header + 8) | le32(header + 12) | le32(header + 16) | le32(header + 20)) == 0) return no_bucket;
  return fold(le32(header + 24) ^ le32(header + 28) ^ le32(header + 32) ^ le32(header + 36));
}

/// The bucket of a frame, no_bucket, or bucket_by_hash: it is the low byte of the hash.
template <class Reader>
BONDBOX_FAST uint32_t bucket_of(uint8_t key, const Reader& frame, const Link& link) noexcept {
  if (key == fast_key_every_frame) return bucket_by_hash;
  const bool by_destination = key == fast_key_destination_ip;
  if (link.content.type == ethertype::ipv4) return ipv4_bucket(by_destination, frame, link.content);
  if (link.content.type == ethertype::ipv6) return ipv6_bucket(by_destination, frame, link.content);
  return no_bucket;
}

}  // namespace fast
}  // namespace bondbox::wire

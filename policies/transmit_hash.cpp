#include "policies/transmit_hash.hpp"

#include <algorithm>

#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox {
namespace {

using wire::Bytes;
namespace ethertype = wire::ethertype;
namespace ip_protocol = wire::ip_protocol;

constexpr std::uint16_t transparent_ethernet_bridging = 0x6558;  // RFC 7637 3.2: GRE carries Ethernet frames

constexpr std::uint8_t protocol_ipip = 4;
constexpr std::uint8_t protocol_ipv6_in_ip = 41;
constexpr std::uint8_t protocol_gre = 47;
constexpr std::uint8_t protocol_dccp = 33;
constexpr std::uint8_t protocol_esp = 50;
constexpr std::uint8_t protocol_sctp = 132;
constexpr std::uint8_t protocol_udplite = 136;

constexpr std::size_t ipv4_header_min = 20;
constexpr std::size_t ipv6_header = 40;
constexpr std::size_t icmp_header = 8;
/// Headers looked at on the way to the innermost: what the kernel's dissector allows a frame made to be expensive.
constexpr int headers_read_max = 15;

/// The recorded formulas work on words as a little-endian CPU loads them; built from bytes they are the same on all.
constexpr std::uint32_t load_word(const std::uint8_t* at) noexcept {
  return static_cast<std::uint32_t>(at[0]) | (static_cast<std::uint32_t>(at[1]) << 8) |
         (static_cast<std::uint32_t>(at[2]) << 16) | (static_cast<std::uint32_t>(at[3]) << 24);
}

constexpr std::uint32_t load_be24(const std::uint8_t* at) noexcept {
  return (static_cast<std::uint32_t>(at[0]) << 16) | (static_cast<std::uint32_t>(at[1]) << 8) | at[2];
}

constexpr std::uint32_t xor_of_words(Bytes bytes) noexcept {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) word ^= load_word(bytes.data() + i);
  return word;
}

constexpr Bytes from(Bytes bytes, std::size_t offset) noexcept {
  return bytes.subspan(offset < bytes.size() ? offset : bytes.size());
}

/// A frame as the driver is given it: a tag that was taken off stands beside the bytes, not among them.
struct LinkFrame {
  const std::uint8_t* addresses;  ///< destination, source
  std::uint16_t tci = 0;          ///< of the tag that was taken off
  std::uint16_t type = 0;
  Bytes payload;

  explicit LinkFrame(Bytes frame) noexcept
      : addresses(frame.data()),
        type(wire::load_be16(frame.data() + 12)),
        payload(frame.subspan(wire::ethernet_header_size)) {}

  void take_tag_off() noexcept {
    if (!wire::is_vlan_tpid(type) || payload.size() < wire::vlan_tag_size) return;
    tci = wire::load_be16(payload.data());
    type = wire::load_be16(payload.data() + 2);
    payload = payload.subspan(wire::vlan_tag_size);
  }

  std::uint32_t layer2() const noexcept { return static_cast<std::uint32_t>(addresses[5] ^ addresses[11]) ^ type; }
  std::uint32_t vlan_source() const noexcept { return tci ^ load_be24(addresses + 6) ^ load_be24(addresses + 9); }
};

/// What layers 3 and 4 give to the hash.
struct Flow {
  std::uint32_t addresses = 0;   ///< source ^ destination, as one word
  std::uint32_t upper_word = 0;  ///< ports, SPI or ICMP type, code and identifier
};

struct IpHeader {
  std::uint32_t addresses;
  std::uint8_t protocol;
  bool is_fragment;
  Bytes rest;  ///< after the fixed header and, in IPv4, the options
};

/// None when it is not IP, or cut off.
std::optional<IpHeader> read_ip(std::uint16_t type, Bytes packet) noexcept {
  if (type == ethertype::ipv4 && packet.size() >= ipv4_header_min) {
    const std::size_t length = static_cast<std::size_t>(packet[0] & 15) * 4;
    if (length < ipv4_header_min) return std::nullopt;
    const bool is_fragment = (wire::load_be16(packet.data() + 6) & 0x3fff) != 0;
    return IpHeader{xor_of_words(packet.subspan(12, 8)), packet[9], is_fragment, from(packet, length)};
  }
  if (type == ethertype::ipv6 && packet.size() >= ipv6_header) {
    return IpHeader{xor_of_words(packet.subspan(8, 32)), packet[6], false, packet.subspan(ipv6_header)};
  }
  return std::nullopt;
}

/// Both ports, or an IPsec header's SPI; 0 for what has neither.
std::uint32_t ports_word(std::uint8_t protocol, Bytes header) noexcept {
  std::size_t offset = 0;
  switch (protocol) {
    case ip_protocol::tcp:
    case ip_protocol::udp:
    case protocol_udplite:
    case protocol_sctp:
    case protocol_dccp:
    case protocol_esp:
      break;
    case ip_protocol::authentication:  // RFC 4302 2: the SPI is its second word
      offset = 4;
      break;
    default:
      return 0;
  }
  return header.size() < offset + 4 ? 0 : load_word(header.data() + offset);
}

bool is_icmp(std::uint8_t protocol) noexcept {
  return protocol == ip_protocol::icmp || protocol == ip_protocol::icmpv6;
}

/// Quotes the packet that caused it: RFC 792; RFC 4443 2.1 without the types that are reserved or for experiments.
bool is_icmp_error(std::uint8_t protocol, std::uint8_t type) noexcept {
  if (protocol == ip_protocol::icmpv6) return type >= 1 && type <= 4;
  return (type >= 3 && type <= 5) || type == 11 || type == 12;
}

/// Type, code and identifier of a message that has an identifier: echo and timestamp, requests and replies. As in the
/// driver the types of ICMP and ICMPv6 are not told apart. An identifier of 0 counts as 1.
std::uint32_t icmp_word(Bytes message) noexcept {
  if (message.size() < icmp_header) return 0;
  switch (message[0]) {
    case 0:
    case 8:
    case 13:
    case 14:
    case 128:
    case 129:
      break;
    default:
      return 0;
  }
  const std::uint32_t id = wire::load_be16(message.data() + 4);
  const std::uint32_t type_and_code =
      static_cast<std::uint32_t>(message[0]) | (static_cast<std::uint32_t>(message[1]) << 8);
  return type_and_code | ((id == 0 ? 1 : id) << 16);
}

/// Layers 2+3 and 3+4: the outermost IP header; an ICMP error belongs to the flow of the packet that it quotes.
std::optional<Flow> outer_flow(std::uint16_t type, Bytes packet) noexcept {
  std::optional<IpHeader> ip = read_ip(type, packet);
  if (!ip) return std::nullopt;
  if (!ip->is_fragment && is_icmp(ip->protocol)) {
    const bool quotes = ip->rest.size() >= icmp_header && is_icmp_error(ip->protocol, ip->rest[0]);
    if (!quotes) return Flow{ip->addresses, icmp_word(ip->rest)};
    ip = read_ip(type, ip->rest.subspan(icmp_header));
    if (!ip) return std::nullopt;
  }
  return Flow{ip->addresses, ip->is_fragment ? 0 : ports_word(ip->protocol, ip->rest)};
}

/// What a packet goes on with: bytes of an ethertype. None: it goes no deeper, or is cut off (`broken`).
struct Inner {
  bool broken = false;
  bool entered = false;
  std::uint16_t type = 0;
  Bytes payload{};
};

/// RFC 2784 and 2890. Enhanced GRE (version 1, PPTP) and source routes are not entered.
Inner enter_gre(Bytes header) noexcept {
  constexpr std::uint16_t has_checksum = 0x8000, has_routing = 0x4000, has_key = 0x2000, has_sequence = 0x1000;
  constexpr std::uint16_t version = 0x0007;
  if (header.size() < 4) return {.broken = true};
  const std::uint16_t flags = wire::load_be16(header.data());
  if ((flags & (has_routing | version)) != 0) return {};
  std::size_t length = 4;
  for (const std::uint16_t field : {has_checksum, has_key, has_sequence})
    if ((flags & field) != 0) length += 4;
  if (header.size() < length) return {.broken = true};
  Inner inner{.entered = true, .type = wire::load_be16(header.data() + 2), .payload = header.subspan(length)};
  if (inner.type == transparent_ethernet_bridging) {
    const auto ethernet = wire::EthernetView::parse(inner.payload);
    if (!ethernet) return {.broken = true};
    inner.type = ethernet->ethertype();
    inner.payload = ethernet->payload();
  }
  return inner;
}

Inner enter(const IpHeader& ip) noexcept {
  if (ip.is_fragment) return {};
  switch (ip.protocol) {
    case protocol_ipip:
      return {.entered = true, .type = ethertype::ipv4, .payload = ip.rest};
    case protocol_ipv6_in_ip:
      return {.entered = true, .type = ethertype::ipv6, .payload = ip.rest};
    case protocol_gre:
      return enter_gre(ip.rest);
    default:
      return {};
  }
}

/// Goes on to what stands after IPv6 extension headers. False when one of them is cut off.
bool pass_extensions(IpHeader& ip, int& headers_left) noexcept {
  for (; headers_left > 0; --headers_left) {
    std::size_t length = 8;
    switch (ip.protocol) {
      case ip_protocol::hop_by_hop:
      case ip_protocol::routing:
      case ip_protocol::destination_options:
        if (ip.rest.size() < 2) return false;
        length = (static_cast<std::size_t>(ip.rest[1]) + 1) * 8;
        break;
      case ip_protocol::fragment:
        if (ip.rest.size() < length) return false;
        ip.is_fragment = true;
        break;
      default:
        return true;
    }
    ip.protocol = ip.rest[0];
    ip.rest = from(ip.rest, length);
    if (ip.is_fragment) return true;
  }
  return true;
}

/// encap2+3 and encap3+4: the innermost IP header behind IPIP, GRE and IPv6 extension headers. ARP is a flow without
/// addresses or ports.
std::optional<Flow> inner_flow(std::uint16_t type, Bytes packet) noexcept {
  Flow flow;
  for (int headers_left = headers_read_max; headers_left > 0; --headers_left) {
    if (type == ethertype::arp) return flow;
    std::optional<IpHeader> ip = read_ip(type, packet);
    if (!ip) return std::nullopt;
    if (type == ethertype::ipv6 && !pass_extensions(*ip, headers_left)) return std::nullopt;
    flow.addresses = ip->addresses;
    const Inner inner = enter(*ip);
    if (inner.broken) return std::nullopt;
    if (!inner.entered) {
      if (!ip->is_fragment)
        flow.upper_word = is_icmp(ip->protocol) ? icmp_word(ip->rest) : ports_word(ip->protocol, ip->rest);
      return flow;
    }
    type = inner.type;
    packet = inner.payload;
  }
  return flow;
}

std::uint32_t hash(HashPolicy policy, const LinkFrame& frame) noexcept {
  if (policy == HashPolicy::vlan_srcmac) return frame.vlan_source();
  if (policy == HashPolicy::layer2) return frame.layer2();
  const bool encapsulated = policy == HashPolicy::encap23 || policy == HashPolicy::encap34;
  const std::optional<Flow> flow =
      encapsulated ? inner_flow(frame.type, frame.payload) : outer_flow(frame.type, frame.payload);
  if (!flow) return frame.layer2();
  const bool uses_ports = policy == HashPolicy::layer34 || policy == HashPolicy::encap34;
  std::uint32_t value = (uses_ports ? flow->upper_word : frame.layer2()) ^ flow->addresses;
  value ^= value >> 16;
  value ^= value >> 8;
  // Clients often draw even ports only; the driver drops the bit that says nothing.
  return uses_ports ? value >> 1 : value;
}

/// Solicitations and advertisements, and what is too short to tell.
bool is_neighbour_discovery(Bytes ipv6) noexcept {
  if (ipv6.size() < ipv6_header) return true;
  if (ipv6[6] != ip_protocol::icmpv6) return false;
  return ipv6.size() < ipv6_header + icmp_header || ipv6[ipv6_header] == 135 || ipv6[ipv6_header] == 136;
}

std::uint8_t xor_of_bytes(Bytes bytes) noexcept {
  std::uint8_t value = 0;
  for (const std::uint8_t byte : bytes) value = static_cast<std::uint8_t>(value ^ byte);
  return value;
}

}  // namespace

std::uint32_t transmit_hash(HashPolicy policy, Bytes frame) noexcept {
  LinkFrame link(frame);
  link.take_tag_off();
  return hash(policy, link);
}

std::uint32_t transmit_hash_as_is(HashPolicy policy, Bytes frame) noexcept {
  return hash(policy, LinkFrame(frame));
}

std::optional<std::uint8_t> transmit_bucket(BucketKey key, HashPolicy policy, Bytes frame) noexcept {
  if (key == BucketKey::every_frame) return static_cast<std::uint8_t>(transmit_hash(policy, frame) & 0xff);
  LinkFrame link(frame);
  link.take_tag_off();
  const Bytes packet = link.payload;
  const bool is_ipv6 = link.type == ethertype::ipv6;
  if (!is_ipv6 && link.type != ethertype::ipv4) return std::nullopt;
  const bool by_destination = key == BucketKey::destination_ip && !is_ipv6;
  if (by_destination ? MacAddress::load(frame.data()).is_broadcast() : (frame[0] & 1) != 0) return std::nullopt;
  if (is_ipv6 ? is_neighbour_discovery(packet) : packet.size() < ipv4_header_min) return std::nullopt;
  if (key == BucketKey::transmit_hash) return static_cast<std::uint8_t>(hash(policy, link) & 0xff);

  if (is_ipv6) {
    // Balanced, a probe for a duplicate address would come back by another port and be taken for a duplicate.
    const Bytes source = packet.subspan(8, 16);
    if (std::all_of(source.begin(), source.end(), [](std::uint8_t byte) { return byte == 0; })) return std::nullopt;
    return xor_of_bytes(packet.subspan(24, 16));
  }
  const Bytes destination = packet.subspan(16, 4);
  if (packet[9] == ip_protocol::igmp || load_word(destination.data()) == 0xffffffff) return std::nullopt;
  return xor_of_bytes(destination);
}

}  // namespace bondbox

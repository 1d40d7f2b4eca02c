// Neighbour discovery for IPv6 (RFC 4861): solicitations and advertisements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hal/wire/bytes.hpp"
#include "hal/wire/checksum.hpp"
#include "hal/wire/frame_builder.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::wire {

namespace nd {

inline constexpr std::size_t message_size_min = 24;
inline constexpr std::uint8_t source_link_option = 1;
inline constexpr std::uint8_t target_link_option = 2;

/// What both messages must fulfil (RFC 4861 7.1.1, 7.1.2): hop limit 255, checksum, code, length, target, options.
constexpr bool is_valid(const Ipv6View& packet, std::uint8_t type) noexcept {
  const Bytes message = packet.payload();
  if (packet.protocol() != ip_protocol::icmpv6 || packet.is_fragment() || packet.hop_limit() != 255) return false;
  if (message.size() < message_size_min || message[0] != type || message[1] != 0 || message[8] == 0xff) return false;
  for (std::size_t at = message_size_min; at < message.size();) {
    if (message.size() - at < 2 || message[at + 1] == 0) return false;
    const std::size_t length = static_cast<std::size_t>(message[at + 1]) * 8;
    if (length > message.size() - at) return false;
    at += length;
  }
  InternetChecksum sum;
  sum.add_pseudo_header(packet.source(), packet.destination(), ip_protocol::icmpv6,
                        static_cast<std::uint32_t>(message.size()));
  sum.add(message);
  return sum.value() == 0;
}

/// Where the Ethernet address stands in the first option of this kind; the options were checked by is_valid().
constexpr std::optional<std::size_t> link_option_at(Bytes message, std::uint8_t kind) noexcept {
  for (std::size_t at = message_size_min; at < message.size();) {
    if (message[at] == kind && message[at + 1] == 1) return at + 2;
    at += static_cast<std::size_t>(message[at + 1]) * 8;
  }
  return std::nullopt;
}
constexpr std::optional<MacAddress> link_option(Bytes message, std::uint8_t kind) noexcept {
  const std::optional<std::size_t> at = link_option_at(message, kind);
  return at ? std::optional(MacAddress::load(message.data() + *at)) : std::nullopt;
}

}  // namespace nd

class NeighbourSolicitationView {
 public:
  /// None when it is no solicitation that RFC 4861 7.1.1 lets a node accept.
  static constexpr std::optional<NeighbourSolicitationView> parse(const Ipv6View& packet) noexcept {
    if (!nd::is_valid(packet, nd::solicitation)) return std::nullopt;
    NeighbourSolicitationView view(packet);
    if (view.is_address_probe()) {
      constexpr std::uint8_t solicited_node[13] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff};
      const IpAddress destination = packet.destination();
      for (std::size_t i = 0; i < sizeof solicited_node; ++i)
        if (destination.octets[i] != solicited_node[i]) return std::nullopt;
      if (view.source_link_address()) return std::nullopt;
    }
    return view;
  }

  constexpr IpAddress source() const noexcept { return source_; }
  constexpr IpAddress target() const noexcept { return IpAddress::from_bytes(message_.subspan(8, 16)); }
  constexpr std::optional<MacAddress> source_link_address() const noexcept {
    return nd::link_option(message_, nd::source_link_option);
  }
  /// Sent from "::" for duplicate address detection (RFC 4862 5.4.2).
  constexpr bool is_address_probe() const noexcept { return source_ == IpAddress{IpAddress::Family::v6, {}}; }

 private:
  constexpr explicit NeighbourSolicitationView(const Ipv6View& packet) noexcept
      : message_(packet.payload()), source_(packet.source()) {}

  Bytes message_;
  IpAddress source_;
};

class NeighbourAdvertisementView {
 public:
  /// None when it is no advertisement that RFC 4861 7.1.2 lets a node accept.
  static constexpr std::optional<NeighbourAdvertisementView> parse(const Ipv6View& packet) noexcept {
    if (!nd::is_valid(packet, nd::advertisement)) return std::nullopt;
    const NeighbourAdvertisementView view(packet);
    if (packet.destination().octets[0] == 0xff && view.is_solicited()) return std::nullopt;
    return view;
  }

  constexpr IpAddress source() const noexcept { return source_; }
  constexpr IpAddress target() const noexcept { return IpAddress::from_bytes(message_.subspan(8, 16)); }
  constexpr bool is_router() const noexcept { return (message_[4] & 0x80) != 0; }
  constexpr bool is_solicited() const noexcept { return (message_[4] & 0x40) != 0; }
  constexpr bool overrides() const noexcept { return (message_[4] & 0x20) != 0; }
  constexpr std::optional<MacAddress> target_link_address() const noexcept {
    return nd::link_option(message_, nd::target_link_option);
  }

 private:
  constexpr explicit NeighbourAdvertisementView(const Ipv6View& packet) noexcept
      : message_(packet.payload()), source_(packet.source()) {}

  Bytes message_;
  IpAddress source_;
};

/// Writes another target link-layer address into an advertisement, and the checksum anew. `frame` is the whole frame,
/// `offset` where its IPv6 header begins; false, and nothing is changed, when it is none that parse() accepts or it has
/// no such option.
constexpr bool replace_target_link(MutableBytes frame, std::size_t offset, const MacAddress& mac) noexcept {
  const auto packet = Ipv6View::parse(Bytes(frame).subspan(offset));
  if (!packet || !NeighbourAdvertisementView::parse(*packet)) return false;
  const Bytes message = packet->payload();
  const auto at = nd::link_option_at(message, nd::target_link_option);
  if (!at) return false;
  std::uint8_t* const start = frame.data() + offset + packet->payload_offset();
  mac.store(start + *at);
  store_be16(start + 2, 0);
  InternetChecksum sum;
  sum.add_pseudo_header(packet->source(), packet->destination(), ip_protocol::icmpv6,
                        static_cast<std::uint32_t>(message.size()));
  sum.add(message);
  store_be16(start + 2, sum.value());
  return true;
}

/// An advertisement of `address` at `sender` that nobody has asked for, and who is to hear it.
struct UnsolicitedNaFields {
  MacAddress sender;
  IpAddress address;
  bool router = false;
  MacAddress to_mac{{0x33, 0x33, 0, 0, 0, 1}};  ///< all nodes, RFC 2464 7
  IpAddress to{IpAddress::Family::v6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  VlanId vlan;
};

/// RFC 4861 7.2.6, override set. 86 bytes, 90 with a tag. Empty when an address is not IPv6.
constexpr SmallFrame build_unsolicited_na(const UnsolicitedNaFields& fields) noexcept {
  if (fields.address.is_v4() || fields.to.is_v4()) return {};
  constexpr std::uint16_t message_size = 32;
  FrameBuilder builder;
  builder.put_header(fields.to_mac, fields.sender, fields.vlan, ethertype::ipv6);
  builder.put32(0x60000000).put16(message_size).put8(ip_protocol::icmpv6).put8(255);
  builder.put(fields.address.bytes()).put(fields.to.bytes());
  const std::size_t message = builder.size();
  builder.put8(nd::advertisement).put8(0).put16(0).put32(fields.router ? 0xa0000000 : 0x20000000);
  builder.put(fields.address.bytes()).put8(nd::target_link_option).put8(1).put(fields.sender);
  InternetChecksum sum;
  sum.add_pseudo_header(fields.address, fields.to, ip_protocol::icmpv6, message_size);
  sum.add(builder.bytes(message));
  builder.patch16(message + 2, sum.value());
  return builder.frame();
}

/// To all nodes.
constexpr SmallFrame build_unsolicited_na(const MacAddress& sender, const IpAddress& address, bool router,
                                          VlanId vlan) noexcept {
  UnsolicitedNaFields fields;
  fields.sender = sender;
  fields.address = address;
  fields.router = router;
  fields.vlan = vlan;
  return build_unsolicited_na(fields);
}

/// A multicast solicitation (RFC 4861 4.3) of `target`, to its solicited-node group (RFC 4291 2.7.1): 86 bytes, 90 with
/// a tag. From "::" when `source` is all zero, and then without the source link-layer option: 8 bytes less. Empty when
/// an address is not IPv6.
constexpr SmallFrame build_neighbour_solicitation(const MacAddress& sender, const IpAddress& source,
                                                  const IpAddress& target, VlanId vlan) noexcept {
  if (source.is_v4() || target.is_v4()) return {};
  const bool sourced = source != IpAddress{IpAddress::Family::v6, {}};
  IpAddress group{IpAddress::Family::v6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff}};
  MacAddress group_mac{{0x33, 0x33, 0xff, 0, 0, 0}};  // RFC 2464 7
  for (std::size_t i = 13; i < 16; ++i) {
    group.octets[i] = target.octets[i];
    group_mac.octets[i - 10] = target.octets[i];
  }
  const std::uint16_t message_size = sourced ? 32 : 24;
  FrameBuilder builder;
  builder.put_header(group_mac, sender, vlan, ethertype::ipv6);
  builder.put32(0x60000000).put16(message_size).put8(ip_protocol::icmpv6).put8(255);
  builder.put(source.bytes()).put(group.bytes());
  const std::size_t message = builder.size();
  builder.put8(nd::solicitation).put8(0).put16(0).put32(0).put(target.bytes());
  if (sourced) builder.put8(nd::source_link_option).put8(1).put(sender);
  InternetChecksum sum;
  sum.add_pseudo_header(source, group, ip_protocol::icmpv6, message_size);
  sum.add(builder.bytes(message));
  builder.patch16(message + 2, sum.value());
  return builder.frame();
}

}  // namespace bondbox::wire

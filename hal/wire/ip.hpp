// IPv4 (RFC 791) and IPv6 (RFC 8200) headers. Checksums of IPv4 headers are not verified: the hosts at the ends do
// that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hal/wire/bytes.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/numbers.hpp"

namespace bondbox::wire {

/// An IPv4 header, from an Ethernet frame's payload. Refers to the bytes it was parsed from.
class Ipv4View {
 public:
  static constexpr std::size_t header_size_min = ipv4_header_size_min;

  /// None when it is not version 4 or the header, with its options, is not all there. A packet shorter than its total
  /// length is accepted (a capture's snapshot, an ICMP quotation); payload() is what there is of it.
  static constexpr std::optional<Ipv4View> parse(Bytes packet) noexcept {
    if (packet.size() < header_size_min || (packet[0] >> 4) != 4) return std::nullopt;
    const std::size_t header = static_cast<std::size_t>(packet[0] & 15) * 4;
    if (header < header_size_min || header > packet.size()) return std::nullopt;
    return Ipv4View(packet, header);
  }

  constexpr std::size_t header_length() const noexcept { return header_length_; }
  constexpr std::uint16_t total_length() const noexcept { return load_be16(packet_.data() + 2); }
  constexpr std::uint16_t identification() const noexcept { return load_be16(packet_.data() + 4); }
  constexpr bool dont_fragment() const noexcept { return (packet_[6] & 0x40) != 0; }
  constexpr bool more_fragments() const noexcept { return (packet_[6] & 0x20) != 0; }
  /// In bytes.
  constexpr std::size_t fragment_offset() const noexcept {
    return static_cast<std::size_t>(load_be16(packet_.data() + 6) & 0x1fff) * 8;
  }
  constexpr bool is_fragment() const noexcept { return more_fragments() || fragment_offset() != 0; }
  constexpr std::uint8_t ttl() const noexcept { return packet_[8]; }
  constexpr std::uint8_t protocol() const noexcept { return packet_[9]; }
  constexpr IpAddress source() const noexcept { return IpAddress::from_bytes(packet_.subspan(12, 4)); }
  constexpr IpAddress destination() const noexcept { return IpAddress::from_bytes(packet_.subspan(16, 4)); }
  /// After the options, without Ethernet's padding. A total length that cannot be (0 in segments above 64 kB) is
  /// ignored.
  constexpr Bytes payload() const noexcept {
    const std::size_t total = total_length();
    const std::size_t end = total < header_length_ || total > packet_.size() ? packet_.size() : total;
    return packet_.subspan(header_length_, end - header_length_);
  }

 private:
  constexpr Ipv4View(Bytes packet, std::size_t header_length) noexcept
      : packet_(packet), header_length_(header_length) {}

  Bytes packet_;
  std::size_t header_length_;
};

/// An IPv6 header and the extension headers after it, from an Ethernet frame's payload. Refers to the bytes it was
/// parsed from.
class Ipv6View {
 public:
  static constexpr std::size_t header_size = ipv6_header_size;
  static constexpr std::size_t extensions_read_max = 8;

  /// None when it is not version 6 or the fixed header is not all there. Reading of extension headers ends at one that
  /// is cut off or unknown, after a fragment header of a later fragment, and after extensions_read_max.
  static constexpr std::optional<Ipv6View> parse(Bytes packet) noexcept {
    if (packet.size() < header_size || (packet[0] >> 4) != 6) return std::nullopt;
    const std::size_t length = load_be16(packet.data() + 4);
    // 0 is a jumbogram's (RFC 2675), and a segment's above 64 kB.
    if (length != 0 && header_size + length < packet.size()) packet = packet.first(header_size + length);
    Ipv6View view(packet);
    view.read_extensions();
    return view;
  }

  constexpr std::uint16_t payload_length() const noexcept { return load_be16(packet_.data() + 4); }
  constexpr std::uint32_t flow_label() const noexcept { return load_be32(packet_.data()) & 0xfffff; }
  /// Of the fixed header.
  constexpr std::uint8_t next_header() const noexcept { return packet_[6]; }
  constexpr std::uint8_t hop_limit() const noexcept { return packet_[7]; }
  constexpr IpAddress source() const noexcept { return IpAddress::from_bytes(packet_.subspan(8, 16)); }
  constexpr IpAddress destination() const noexcept { return IpAddress::from_bytes(packet_.subspan(24, 16)); }

  /// What stands at payload(): after the extension headers, as far as they could be read.
  constexpr std::uint8_t protocol() const noexcept { return protocol_; }
  constexpr Bytes payload() const noexcept { return packet_.subspan(payload_offset_); }
  /// From the first byte of the fixed header.
  constexpr std::size_t payload_offset() const noexcept { return payload_offset_; }
  constexpr bool is_fragment() const noexcept { return is_fragment_; }
  constexpr bool more_fragments() const noexcept { return more_fragments_; }
  /// In bytes.
  constexpr std::size_t fragment_offset() const noexcept { return fragment_offset_; }

 private:
  constexpr explicit Ipv6View(Bytes packet) noexcept : packet_(packet), protocol_(packet[6]) {}

  constexpr void read_extensions() noexcept {
    for (std::size_t i = 0; i < extensions_read_max; ++i) {
      const Bytes rest = packet_.subspan(payload_offset_);
      if (rest.size() < 8) return;
      std::size_t length = 8;
      switch (protocol_) {
        case ip_protocol::hop_by_hop:
        case ip_protocol::routing:
        case ip_protocol::destination_options:
          length = (static_cast<std::size_t>(rest[1]) + 1) * 8;
          break;
        case ip_protocol::authentication:  // counted in 4-byte units, less 2 (RFC 4302 2.2)
          length = (static_cast<std::size_t>(rest[1]) + 2) * 4;
          break;
        case ip_protocol::fragment:
          read_fragment(rest);
          break;
        default:
          return;
      }
      if (length > rest.size()) return;
      protocol_ = rest[0];
      payload_offset_ += length;
      if (fragment_offset_ != 0) return;
    }
  }

  constexpr void read_fragment(Bytes header) noexcept {
    is_fragment_ = true;
    const std::uint16_t field = load_be16(header.data() + 2);
    fragment_offset_ = field & 0xfff8U;
    more_fragments_ = (field & 1) != 0;
  }

  Bytes packet_;
  std::size_t payload_offset_ = header_size;
  std::size_t fragment_offset_ = 0;
  std::uint8_t protocol_;
  bool is_fragment_ = false;
  bool more_fragments_ = false;
};

}  // namespace bondbox::wire

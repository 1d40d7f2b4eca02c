// Slow protocols (IEEE 802.3 Annex 57A): LACPDUs (802.1AX-2014 6.4.2.3) and marker PDUs (6.5.3.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hal/wire/bytes.hpp"
#include "hal/wire/frame_builder.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::wire {

inline constexpr MacAddress slow_protocols_mac{{0x01, 0x80, 0xc2, 0, 0, 0x02}};

namespace slow_subtype {
inline constexpr std::uint8_t lacp = 1;
inline constexpr std::uint8_t marker = 2;
}  // namespace slow_subtype

/// Of both kinds, without the Ethernet header.
inline constexpr std::size_t slow_pdu_size = 110;

/// One end of a link, as an LACPDU describes it.
struct LacpEnd {
  std::uint16_t system_priority = 0;
  MacAddress system;
  std::uint16_t key = 0;
  std::uint16_t port_priority = 0;
  std::uint16_t port = 0;
  std::uint8_t state = 0;
  template <class A>
  void archive(A& a) {
    a(system_priority, system, key, port_priority, port, state);
  }
  friend constexpr bool operator==(const LacpEnd&, const LacpEnd&) = default;
};

/// An LACPDU, from an Ethernet frame's payload. Refers to the bytes it was parsed from.
class LacpduView {
 public:
  /// None when it is cut off, of another subtype, or its Actor and Partner TLVs are not where they belong. The version
  /// is not looked at: a later one begins with the same fields (6.4.2.3 b).
  static constexpr std::optional<LacpduView> parse(Bytes payload) noexcept {
    if (payload.size() < slow_pdu_size || payload[0] != slow_subtype::lacp) return std::nullopt;
    if (payload[2] != 1 || payload[3] != 20 || payload[22] != 2 || payload[23] != 20) return std::nullopt;
    return LacpduView(payload.first<slow_pdu_size>());
  }

  constexpr std::uint8_t version() const noexcept { return bytes_[1]; }
  /// Whoever sent it.
  constexpr LacpEnd actor() const noexcept { return end_at(4); }
  /// What the sender has heard of us.
  constexpr LacpEnd partner() const noexcept { return end_at(24); }
  constexpr std::uint16_t collector_max_delay() const noexcept { return load_be16(bytes_.data() + 44); }

 private:
  constexpr explicit LacpduView(std::span<const std::uint8_t, slow_pdu_size> bytes) noexcept : bytes_(bytes) {}

  constexpr LacpEnd end_at(std::size_t offset) const noexcept {
    const std::uint8_t* const at = bytes_.data() + offset;
    return {load_be16(at), MacAddress::load(at + 2), load_be16(at + 8), load_be16(at + 10), load_be16(at + 12), at[14]};
  }

  std::span<const std::uint8_t, slow_pdu_size> bytes_;
};

/// A marker PDU, from an Ethernet frame's payload.
class MarkerView {
 public:
  static constexpr std::uint8_t information = 1;
  static constexpr std::uint8_t response = 2;

  /// None when it is cut off, of another subtype, or its TLV is neither an information nor a response.
  static constexpr std::optional<MarkerView> parse(Bytes payload) noexcept {
    if (payload.size() < slow_pdu_size || payload[0] != slow_subtype::marker) return std::nullopt;
    if ((payload[2] != information && payload[2] != response) || payload[3] != 16) return std::nullopt;
    return MarkerView(payload.first<slow_pdu_size>());
  }

  constexpr bool is_information() const noexcept { return bytes_[2] == information; }
  constexpr std::uint16_t requester_port() const noexcept { return load_be16(bytes_.data() + 4); }
  constexpr MacAddress requester_system() const noexcept { return MacAddress::load(bytes_.data() + 6); }
  constexpr std::uint32_t transaction() const noexcept { return load_be32(bytes_.data() + 12); }
  constexpr std::span<const std::uint8_t, slow_pdu_size> bytes() const noexcept { return bytes_; }

 private:
  constexpr explicit MarkerView(std::span<const std::uint8_t, slow_pdu_size> bytes) noexcept : bytes_(bytes) {}

  std::span<const std::uint8_t, slow_pdu_size> bytes_;
};

namespace slow_protocols_detail {

constexpr void put_zeros(FrameBuilder& builder, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) builder.put8(0);
}

constexpr void put_end(FrameBuilder& builder, std::uint8_t tlv, const LacpEnd& end) noexcept {
  builder.put8(tlv).put8(20).put16(end.system_priority).put(end.system).put16(end.key);
  builder.put16(end.port_priority).put16(end.port).put8(end.state);
  put_zeros(builder, 3);
}

}  // namespace slow_protocols_detail

/// An LACPDU of version 1 from `source`: 124 bytes.
constexpr SmallFrame build_lacpdu(const MacAddress& source, const LacpEnd& actor, const LacpEnd& partner) noexcept {
  namespace detail = slow_protocols_detail;
  FrameBuilder builder;
  builder.put_header(slow_protocols_mac, source, VlanId{}, ethertype::slow_protocols);
  builder.put8(slow_subtype::lacp).put8(1);
  detail::put_end(builder, 1, actor);
  detail::put_end(builder, 2, partner);
  builder.put8(3).put8(16).put16(0);  // CollectorMaxDelay 0, as the kernel driver sends it
  detail::put_zeros(builder, 12 + 2 + 50);
  return builder.frame();
}

/// The answer to a marker information (6.5.4.2): the same PDU with TLV type 2, from `source`: 124 bytes.
constexpr SmallFrame build_marker_response(const MacAddress& source, const MarkerView& marker) noexcept {
  FrameBuilder builder;
  builder.put_header(slow_protocols_mac, source, VlanId{}, ethertype::slow_protocols);
  const Bytes asked = marker.bytes();
  builder.put(asked.first(2)).put8(MarkerView::response).put(asked.subspan(3));
  return builder.frame();
}

}  // namespace bondbox::wire

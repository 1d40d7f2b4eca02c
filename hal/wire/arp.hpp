// ARP for IPv4 over Ethernet (RFC 826).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hal/wire/bytes.hpp"
#include "hal/wire/frame_builder.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::wire {

enum class ArpOperation : std::uint16_t { request = 1, reply = 2 };

/// An ARP packet, from an Ethernet frame's payload. Refers to the bytes it was parsed from.
class ArpView {
 public:
  static constexpr std::size_t size = 28;

  /// None when it is too short or not of IPv4 over Ethernet. Any operation is accepted.
  static constexpr std::optional<ArpView> parse(Bytes payload) noexcept {
    if (payload.size() < size) return std::nullopt;
    const std::uint8_t* const at = payload.data();
    const bool ipv4_over_ethernet =
        load_be16(at) == 1 && load_be16(at + 2) == ethertype::ipv4 && at[4] == 6 && at[5] == 4;
    if (!ipv4_over_ethernet) return std::nullopt;
    return ArpView(payload.first<size>());
  }

  constexpr std::uint16_t operation() const noexcept { return load_be16(bytes_.data() + 6); }
  constexpr bool is_request() const noexcept { return operation() == 1; }
  constexpr bool is_reply() const noexcept { return operation() == 2; }
  constexpr MacAddress sender_mac() const noexcept { return MacAddress::load(bytes_.data() + 8); }
  constexpr IpAddress sender_ip() const noexcept { return IpAddress::from_bytes(bytes_.subspan(14, 4)); }
  constexpr MacAddress target_mac() const noexcept { return MacAddress::load(bytes_.data() + 18); }
  constexpr IpAddress target_ip() const noexcept { return IpAddress::from_bytes(bytes_.subspan(24, 4)); }
  /// An announcement: the sender asks for, or answers with, its own address.
  constexpr bool is_gratuitous() const noexcept { return sender_ip() == target_ip(); }

 private:
  constexpr explicit ArpView(std::span<const std::uint8_t, size> bytes) noexcept : bytes_(bytes) {}

  std::span<const std::uint8_t, size> bytes_;
};

struct ArpFields {
  ArpOperation operation = ArpOperation::request;
  MacAddress sender_mac;
  IpAddress sender_ip;  ///< IPv4
  MacAddress target_mac;
  IpAddress target_ip;  ///< IPv4
};

/// From `fields.sender_mac` to `destination`; 42 bytes, 46 with a tag: padding is the NIC's work. Empty when an address
/// is not IPv4.
constexpr SmallFrame build_arp(const ArpFields& fields, const MacAddress& destination, VlanId vlan) noexcept {
  if (!fields.sender_ip.is_v4() || !fields.target_ip.is_v4()) return {};
  FrameBuilder builder;
  builder.put_header(destination, fields.sender_mac, vlan, ethertype::arp);
  builder.put16(1).put16(ethertype::ipv4).put8(6).put8(4).put16(static_cast<std::uint16_t>(fields.operation));
  builder.put(fields.sender_mac).put(fields.sender_ip.bytes());
  builder.put(fields.target_mac).put(fields.target_ip.bytes());
  return builder.frame();
}

/// The announcement of RFC 5227 section 3: a broadcast request for the sender's own address, target hardware address
/// zero as the kernel driver sends it. Empty when `address` is not IPv4.
constexpr SmallFrame build_gratuitous_arp(const MacAddress& sender, const IpAddress& address, VlanId vlan) noexcept {
  return build_arp({ArpOperation::request, sender, address, MacAddress{}, address}, broadcast_mac, vlan);
}

}  // namespace bondbox::wire

// Puts small frames together, byte by byte, into a FixedVector.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hal/wire/bytes.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::wire {

/// A frame that the program speaks by itself. 128 bytes hold any LACPDU, ARP or neighbour message with a tag.
using SmallFrame = FixedVector<std::uint8_t, 128>;

/// Bytes beyond the capacity are left out; a builder of a known format never comes that far.
class FrameBuilder {
 public:
  constexpr FrameBuilder& put8(std::uint8_t value) noexcept {
    frame_.push_back(value);
    return *this;
  }
  constexpr FrameBuilder& put16(std::uint16_t value) noexcept {
    return put8(static_cast<std::uint8_t>(value >> 8)).put8(static_cast<std::uint8_t>(value & 0xff));
  }
  constexpr FrameBuilder& put32(std::uint32_t value) noexcept {
    return put16(static_cast<std::uint16_t>(value >> 16)).put16(static_cast<std::uint16_t>(value & 0xffff));
  }
  constexpr FrameBuilder& put(Bytes bytes) noexcept {
    for (const std::uint8_t byte : bytes) put8(byte);
    return *this;
  }
  constexpr FrameBuilder& put(const MacAddress& mac) noexcept { return put(Bytes(mac.octets)); }

  /// Addresses, an 802.1Q tag of priority 0 where `vlan` is tagged, the type.
  constexpr FrameBuilder& put_header(const MacAddress& destination, const MacAddress& source, VlanId vlan,
                                     std::uint16_t type) noexcept {
    put(destination).put(source);
    if (vlan.tagged()) put16(ethertype::vlan).put16(static_cast<std::uint16_t>(vlan.value & 0x0fff));
    return put16(type);
  }

  constexpr std::size_t size() const noexcept { return frame_.size(); }
  /// From `offset` on.
  constexpr Bytes bytes(std::size_t offset = 0) const noexcept { return Bytes(frame_).subspan(offset); }
  /// Overwrites two bytes that were put before.
  constexpr void patch16(std::size_t offset, std::uint16_t value) noexcept { store_be16(&frame_[offset], value); }
  constexpr const SmallFrame& frame() const noexcept { return frame_; }

 private:
  SmallFrame frame_;
};

}  // namespace bondbox::wire

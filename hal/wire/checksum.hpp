// The Internet checksum (RFC 1071) and the pseudo-header that TCP, UDP and ICMPv6 put under it.
#pragma once

#include <cstdint>

#include "hal/wire/bytes.hpp"
#include "hal/wire/ip_address.hpp"

namespace bondbox::wire {

/// A running sum. Bytes may come in pieces of any length: an odd piece's last byte pairs with the next piece's first.
class InternetChecksum {
 public:
  constexpr void add(Bytes bytes) noexcept {
    for (const std::uint8_t byte : bytes) {
      sum_ += odd_ ? std::uint64_t{byte} : std::uint64_t{byte} << 8;
      odd_ = !odd_;
    }
  }
  /// Only at an even place.
  constexpr void add16(std::uint16_t value) noexcept { sum_ += value; }

  /// The pseudo-header of RFC 793 3.1 (v4) or RFC 8200 8.1 (v6); `length` is that of the upper-layer packet.
  constexpr void add_pseudo_header(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                   std::uint32_t length) noexcept {
    add(source.bytes());
    add(destination.bytes());
    add16(static_cast<std::uint16_t>(length >> 16));
    add16(static_cast<std::uint16_t>(length & 0xffff));
    add16(protocol);
  }

  /// The value for the header's checksum field; 0 when the field was summed too and was right.
  constexpr std::uint16_t value() const noexcept {
    std::uint64_t sum = sum_;
    while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum & 0xffff);
  }

 private:
  std::uint64_t sum_ = 0;
  bool odd_ = false;
};

constexpr std::uint16_t internet_checksum(Bytes bytes) noexcept {
  InternetChecksum sum;
  sum.add(bytes);
  return sum.value();
}

}  // namespace bondbox::wire

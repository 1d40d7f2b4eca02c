// Datagrams of one UDP flow that follow one another in a batch, handed on as one GSO frame (UDP_L4 of the Virtio 1.2
// specification, 5.1.6). They go through the kernel once instead of once each, and are cut up at the end, by the NIC,
// by the kernel's last step before it or before the socket that reads them, into what they were.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "hal/packet.hpp"

namespace bondbox::lnx {

class UdpRun {
 public:
  /// Linux cuts a GSO frame into 64 datagrams at most (UDP_MAX_SEGMENTS; more since 6.9).
  static constexpr std::size_t frames_max = 64;
  /// Two addresses, one VLAN tag, type, IPv6 and UDP headers.
  static constexpr std::size_t headers_max = 12 + 4 + 2 + 40 + 8;
  /// The offload header and the headers of the whole, as they are sent before the payloads.
  using Start = std::array<std::uint8_t, sizeof(OffloadHeader) + headers_max>;

  /// Begins with the first of `packets` and takes what may follow it: UDP with a checksum that is still to be made, or
  /// that whoever received it found right, in IPv4 without options or fragments or in IPv6 without further headers, at
  /// most one tag, no larger than an Ethernet frame of 1,500 bytes payload (a larger one may be too large for the port,
  /// which would not say so for a GSO frame). Those after the first have its headers, its length (the last one may be
  /// shorter) and, in IPv4, the next identifications.
  explicit UdpRun(std::span<const Packet* const> packets) noexcept;

  /// How many frames; 0 or 2 and more.
  std::size_t size() const noexcept { return size_; }
  /// How many bytes of each frame come before its payload.
  std::size_t headers() const noexcept { return transport_at_ + 8u; }
  /// Writes headers() bytes behind an offload header, from the first frame of the run: lengths and the IPv4 header
  /// checksum are those of the whole, whose UDP checksum is still to be made.
  void write_start(const Packet& first, Start& start) const noexcept;

 private:
  bool begin(const Packet& first) noexcept;
  bool is_checked(const Packet& packet) const noexcept;
  bool follows(const Packet& first, const Packet& packet) const noexcept;

  std::size_t size_ = 0;
  std::size_t network_at_ = 0;
  std::size_t transport_at_ = 0;
  std::size_t bytes_ = 0;  ///< of all payloads
  bool is_v4_ = false;
  bool partial_ = false;
};

}  // namespace bondbox::lnx

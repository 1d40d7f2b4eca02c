// Frames on their way through the program: one buffer each, filled by a receive, sent from where it lies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "hal/wire/bytes.hpp"

namespace bondbox {

/// What is still to be done to a frame by whoever finally sends it: segmentation, checksum. The layout is
/// struct virtio_net_hdr of the Virtio 1.1 specification, 5.1.6, legacy 10-byte form, in native byte order,
/// as TAP devices (IFF_VNET_HDR) and packet sockets (PACKET_VNET_HDR) read and write it.
struct OffloadHeader {
  std::uint8_t flags = 0;     ///< bit 0: the checksum is partial; bit 1: the checksum was verified
  std::uint8_t gso_type = 0;  ///< 0: none; 1 TCPv4, 3 UDP, 4 TCPv6, 5 UDP_L4; bit 7: ECN
  std::uint16_t header_length = 0;
  std::uint16_t segment_size = 0;
  std::uint16_t checksum_start = 0;   ///< from the frame's first byte
  std::uint16_t checksum_offset = 0;  ///< from checksum_start

  static constexpr std::uint8_t needs_checksum = 1;
  static constexpr std::uint8_t data_valid = 2;
  static constexpr std::uint8_t gso_tcp_v4 = 1;
  static constexpr std::uint8_t gso_tcp_v6 = 4;
  static constexpr std::uint8_t gso_udp_l4 = 5;
  static constexpr std::uint8_t gso_ecn = 0x80;
  friend constexpr bool operator==(const OffloadHeader&, const OffloadHeader&) = default;
};
static_assert(sizeof(OffloadHeader) == 10 && alignof(OffloadHeader) == 2);

/// One frame, its offload header right before it, room for two VLAN tags before that.
/// A Packet does not own its memory; the PacketBatch does.
class Packet {
 public:
  static constexpr std::size_t headroom = 32;  ///< bytes before the frame of a fresh packet
  static constexpr std::size_t frame_size_max =
      65'584;  ///< 64 KiB GSO payload, Ethernet header, two tags, to a multiple of 16
  static constexpr std::size_t storage_size = headroom + frame_size_max;

  Packet() = default;
  explicit Packet(std::uint8_t* storage) noexcept : storage_(storage) {}

  /// Makes it empty again: no frame, no offload, full headroom.
  void reset() noexcept {
    start_ = headroom;
    length_ = 0;
    queue_ = 0;
    set_offload({});
  }

  /// Where a receive writes: the offload header's 10 bytes, then frame_size_max bytes of frame. Valid after reset().
  std::uint8_t* offload_bytes() noexcept { return storage_ + start_ - sizeof(OffloadHeader); }
  const std::uint8_t* offload_bytes() const noexcept { return storage_ + start_ - sizeof(OffloadHeader); }
  std::uint8_t* frame_bytes() noexcept { return storage_ + start_; }
  /// Tells how long the received frame is; at most frame_size_max.
  void set_length(std::size_t length) noexcept { length_ = static_cast<std::uint32_t>(length); }

  wire::Bytes frame() const noexcept { return {storage_ + start_, length_}; }
  wire::MutableBytes frame() noexcept { return {storage_ + start_, length_}; }

  OffloadHeader offload() const noexcept {
    OffloadHeader header;
    std::memcpy(&header, offload_bytes(), sizeof header);
    return header;
  }
  void set_offload(const OffloadHeader& header) noexcept { std::memcpy(offload_bytes(), &header, sizeof header); }

  /// The number of the host's transmit queue that the frame came out of; 0: none in particular.
  std::uint16_t queue() const noexcept { return queue_; }
  void set_queue(std::uint16_t queue) noexcept { queue_ = queue; }

  /// Copies a frame in, with no offload. False, and left empty, when it is longer than frame_size_max.
  bool assign(wire::Bytes frame) noexcept;

  /// Puts back a tag that a NIC or kernel took off: `tpid` and `tci` after the two addresses, checksum_start and
  /// header_length moved by 4. False, and nothing changed, when the frame has no room for it (shorter than
  /// 12 bytes, or two tags inserted already).
  bool insert_vlan(std::uint16_t tpid, std::uint16_t tci) noexcept;

 private:
  std::uint8_t* storage_ = nullptr;
  std::uint32_t start_ = headroom;
  std::uint32_t length_ = 0;
  std::uint16_t queue_ = 0;
};

/// A bounded set of packets with their memory, allocated once. Pages are touched only as frames use them.
class PacketBatch {
 public:
  static constexpr std::size_t frames_max = 64;
  /// A receive SHOULD stop once a batch holds this many bytes, so that a burst of 64 kB frames cannot hold up the step.
  static constexpr std::size_t bytes_target = 512 * 1024;

  explicit PacketBatch(std::size_t capacity = frames_max);

  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t size() const noexcept { return size_; }
  bool full() const noexcept { return size_ == capacity_; }
  /// Whether a receive is to go on while frames wait: neither full nor with bytes_target bytes.
  bool has_room() const noexcept { return !full() && bytes() < bytes_target; }
  std::size_t bytes() const noexcept { return bytes_; }
  void clear() noexcept {
    size_ = 0;
    bytes_ = 0;
  }

  /// The packet that slot `size() + ahead` holds, reset and ready to be written; `size() + ahead < capacity()`.
  Packet& prepare(std::size_t ahead = 0) noexcept {
    Packet& packet = packets_[size_ + ahead];
    packet.reset();
    return packet;
  }
  /// Takes the next prepared packet into the batch.
  void commit() noexcept { bytes_ += packets_[size_++].frame().size(); }

  Packet& operator[](std::size_t index) noexcept { return packets_[index]; }
  const Packet& operator[](std::size_t index) const noexcept { return packets_[index]; }

 private:
  std::unique_ptr<std::uint8_t[]> storage_;
  std::array<Packet, frames_max> packets_{};
  std::size_t capacity_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace bondbox

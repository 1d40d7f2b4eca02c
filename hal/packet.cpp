#include "hal/packet.hpp"

#include <algorithm>

namespace bondbox {

bool Packet::assign(wire::Bytes frame) noexcept {
  reset();
  if (frame.size() > frame_size_max) return false;
  if (!frame.empty()) std::memcpy(frame_bytes(), frame.data(), frame.size());
  set_length(frame.size());
  return true;
}

bool Packet::insert_vlan(std::uint16_t tpid, std::uint16_t tci) noexcept {
  constexpr std::size_t addresses = 12;
  constexpr std::uint32_t tag = 4;
  static_assert(headroom >= 2 * tag + sizeof(OffloadHeader));
  if (length_ < addresses || length_ + tag > frame_size_max) return false;
  if (headroom - start_ >= 2 * tag) return false;
  OffloadHeader header = offload();
  std::uint8_t* const old_start = frame_bytes();
  start_ -= tag;
  length_ += tag;
  std::memmove(frame_bytes(), old_start, addresses);
  wire::store_be16(frame_bytes() + addresses, tpid);
  wire::store_be16(frame_bytes() + addresses + 2, tci);
  if ((header.flags & OffloadHeader::needs_checksum) != 0) {
    header.checksum_start = static_cast<std::uint16_t>(header.checksum_start + tag);
  }
  if (header.header_length != 0) header.header_length = static_cast<std::uint16_t>(header.header_length + tag);
  set_offload(header);
  return true;
}

PacketBatch::PacketBatch(std::size_t capacity)
    : storage_(std::make_unique_for_overwrite<std::uint8_t[]>(std::min(capacity, frames_max) * Packet::storage_size)),
      capacity_(std::min(capacity, frames_max)) {
  for (std::size_t i = 0; i < capacity_; ++i) packets_[i] = Packet(storage_.get() + i * Packet::storage_size);
}

}  // namespace bondbox

#include "hal/linux/udp_run.hpp"

#include <algorithm>
#include <cstring>

#include "hal/wire/checksum.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::size_t type_at = 12;
constexpr std::size_t tag_size = 4;
constexpr std::size_t v4_header = 20;
constexpr std::size_t v6_header = 40;
constexpr std::size_t udp_header = 8;
constexpr std::size_t v4_end = 14 + v4_header + udp_header;
constexpr std::size_t frame_max = 14 + tag_size + 1'500;
constexpr std::size_t datagram_max = 65'535;  // with the IP header
constexpr std::uint16_t udp_checksum_at = 6;
constexpr std::uint16_t more_or_offset = 0x3fff;

std::uint16_t word(const Packet& packet, std::size_t at) noexcept {
  return wire::load_be16(packet.frame().data() + at);
}

/// Whether the lengths in the headers are those of the frame.
bool has_own_lengths(const Packet& packet, std::size_t network_at, std::size_t transport_at, bool is_v4) noexcept {
  const std::size_t size = packet.frame().size();
  const std::size_t told =
      is_v4 ? word(packet, network_at + 2) + network_at : word(packet, network_at + 4) + transport_at;
  return told == size && word(packet, transport_at + 4) + transport_at == size;
}

}  // namespace

UdpRun::UdpRun(std::span<const Packet* const> packets) noexcept {
  if (packets.size() < 2 || !begin(*packets.front())) return;
  const Packet& first = *packets.front();
  const std::size_t payload = first.frame().size() - headers();
  const std::size_t most = std::min(packets.size(), frames_max);
  bytes_ = payload;
  for (size_ = 1; size_ < most && follows(first, *packets[size_]);) {
    const std::size_t more = packets[size_]->frame().size() - headers();
    bytes_ += more;
    ++size_;
    if (more < payload) break;
  }
  if (size_ < 2) size_ = 0;
}

bool UdpRun::begin(const Packet& first) noexcept {
  const OffloadHeader offload = first.offload();
  const wire::Bytes frame = first.frame();
  partial_ = offload.flags == OffloadHeader::needs_checksum;
  if ((!partial_ && offload.flags != OffloadHeader::data_valid) || offload.gso_type != 0) return false;
  if (frame.size() > frame_max || frame.size() < v4_end) return false;
  std::uint16_t type = word(first, type_at);
  network_at_ = wire::ethernet_header_size;
  if (type == wire::ethertype::vlan) {
    type = word(first, type_at + tag_size);
    network_at_ += tag_size;
  }
  is_v4_ = type == wire::ethertype::ipv4;
  if (!is_v4_ && type != wire::ethertype::ipv6) return false;
  transport_at_ = network_at_ + (is_v4_ ? v4_header : v6_header);
  if (frame.size() <= headers() || !is_checked(first)) return false;
  if (frame[network_at_ + (is_v4_ ? 9 : 6)] != wire::ip_protocol::udp) return false;
  if (is_v4_ && (frame[network_at_] != 0x45 || (word(first, network_at_ + 6) & more_or_offset) != 0)) return false;
  return has_own_lengths(first, network_at_, transport_at_, is_v4_);
}

/// Whether the whole may say that its checksum is still to be made: it is, or it was there and found right.
bool UdpRun::is_checked(const Packet& packet) const noexcept {
  const OffloadHeader offload = packet.offload();
  if (partial_) return offload.checksum_start == transport_at_ && offload.checksum_offset == udp_checksum_at;
  return word(packet, transport_at_ + udp_checksum_at) != 0;
}

bool UdpRun::follows(const Packet& first, const Packet& packet) const noexcept {
  const wire::Bytes head = first.frame();
  const wire::Bytes frame = packet.frame();
  if (!(packet.offload() == first.offload())) return false;
  if (frame.size() > head.size() || frame.size() <= headers()) return false;
  if (frame.size() - network_at_ + bytes_ > datagram_max) return false;
  const auto same = [&](std::size_t from, std::size_t to) {
    return std::equal(head.begin() + static_cast<std::ptrdiff_t>(from), head.begin() + static_cast<std::ptrdiff_t>(to),
                      frame.begin() + static_cast<std::ptrdiff_t>(from));
  };
  // All but lengths, identification and checksums.
  if (is_v4_) {
    const auto expected = static_cast<std::uint16_t>(word(first, network_at_ + 4) + size_);
    if (word(packet, network_at_ + 4) != expected) return false;
    if (!same(0, network_at_ + 2) || !same(network_at_ + 6, network_at_ + 10)) return false;
    if (!same(network_at_ + 12, transport_at_ + 4)) return false;
  } else if (!same(0, network_at_ + 4) || !same(network_at_ + 6, transport_at_ + 4)) {
    return false;
  }
  // Of the same length, so of the same sum over the pseudo-header.
  if (partial_ && frame.size() == head.size() && !same(transport_at_ + 4, headers())) return false;
  if (!is_checked(packet)) return false;
  return has_own_lengths(packet, network_at_, transport_at_, is_v4_);
}

void UdpRun::write_start(const Packet& first, Start& start) const noexcept {
  OffloadHeader offload;
  offload.flags = OffloadHeader::needs_checksum;
  offload.gso_type = OffloadHeader::gso_udp_l4;
  offload.header_length = static_cast<std::uint16_t>(headers());
  offload.segment_size = static_cast<std::uint16_t>(first.frame().size() - headers());
  offload.checksum_start = static_cast<std::uint16_t>(transport_at_);
  offload.checksum_offset = udp_checksum_at;
  std::memcpy(start.data(), &offload, sizeof offload);
  std::uint8_t* const frame = start.data() + sizeof offload;
  std::memcpy(frame, first.frame().data(), headers());
  std::uint8_t* const network = frame + network_at_;
  std::uint8_t* const transport = frame + transport_at_;
  const auto length = static_cast<std::uint16_t>(udp_header + bytes_);
  if (is_v4_) {
    wire::store_be16(network + 2, static_cast<std::uint16_t>(v4_header + length));
    wire::store_be16(network + 10, 0);
    wire::store_be16(network + 10, wire::internet_checksum({network, v4_header}));
  } else {
    wire::store_be16(network + 4, length);
  }
  wire::InternetChecksum pseudo_header;
  const std::size_t addresses = is_v4_ ? 8 : 32;
  pseudo_header.add({transport - addresses, addresses});
  pseudo_header.add16(wire::ip_protocol::udp);
  pseudo_header.add16(length);
  wire::store_be16(transport + 4, length);
  wire::store_be16(transport + udp_checksum_at, static_cast<std::uint16_t>(~pseudo_header.value()));
}

}  // namespace bondbox::lnx

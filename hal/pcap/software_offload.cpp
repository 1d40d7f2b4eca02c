#include "hal/pcap/software_offload.hpp"

#include <algorithm>
#include <cstring>

#include "hal/wire/checksum.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"

namespace bondbox::pcapio {

namespace {

constexpr std::uint8_t tcp_fin = 0x01;
constexpr std::uint8_t tcp_psh = 0x08;
constexpr std::uint8_t tcp_cwr = 0x80;

/// 0 means "no checksum" to UDP, and is the same number as 0xffff (RFC 768, RFC 1071).
std::uint16_t never_zero(std::uint16_t checksum) {
  return checksum == 0 ? 0xffff : checksum;
}

}  // namespace

bool complete_checksum(wire::MutableBytes frame, const OffloadHeader& offload) noexcept {
  const std::size_t start = offload.checksum_start;
  const std::size_t field = start + offload.checksum_offset;
  if (field + 2 > frame.size()) return false;
  wire::InternetChecksum sum;
  sum.add(frame.subspan(start));
  wire::store_be16(frame.data() + field, never_zero(sum.value()));
  return true;
}

Segmenter::Segmenter(wire::Bytes frame, const OffloadHeader& offload, wire::MutableBytes scratch) noexcept
    : frame_(frame), scratch_(scratch) {
  valid_ = parse(offload);
}

bool Segmenter::parse(const OffloadHeader& offload) noexcept {
  const auto ethernet = wire::EthernetView::parse(frame_);
  if (!ethernet) return false;
  network_at_ = ethernet->payload_offset();
  std::uint8_t protocol = 0;
  if (ethernet->ethertype() == wire::ethertype::ipv4) {
    const auto packet = wire::Ipv4View::parse(ethernet->payload());
    if (!packet || packet->is_fragment()) return false;
    is_v4_ = true;
    protocol = packet->protocol();
    transport_at_ = network_at_ + packet->header_length();
  } else if (ethernet->ethertype() == wire::ethertype::ipv6) {
    const auto packet = wire::Ipv6View::parse(ethernet->payload());
    if (!packet || packet->is_fragment()) return false;
    protocol = packet->protocol();
    transport_at_ = network_at_ + packet->payload_offset();
  } else {
    return false;
  }
  is_tcp_ = protocol == wire::ip_protocol::tcp;
  const std::uint8_t kind = offload.gso_type & static_cast<std::uint8_t>(~OffloadHeader::gso_ecn);
  const bool agrees = is_tcp_ ? kind == (is_v4_ ? OffloadHeader::gso_tcp_v4 : OffloadHeader::gso_tcp_v6)
                              : protocol == wire::ip_protocol::udp && kind == OffloadHeader::gso_udp_l4;
  if (!agrees) return false;
  const std::size_t fixed = is_tcp_ ? 20 : 8;
  if (frame_.size() < transport_at_ + fixed) return false;
  const std::size_t length = is_tcp_ ? static_cast<std::size_t>(frame_[transport_at_ + 12] >> 4) * 4 : fixed;
  headers_end_ = transport_at_ + length;
  segment_size_ = offload.segment_size;
  return length >= fixed && headers_end_ <= frame_.size() && segment_size_ != 0 &&
         headers_end_ + segment_size_ <= scratch_.size();
}

wire::Bytes Segmenter::next() noexcept {
  const std::size_t total = frame_.size() - headers_end_;
  // A frame of headers alone is one segment.
  if (!valid_ || (done_ == total && index_ != 0)) return {};
  const std::size_t chunk = std::min(segment_size_, total - done_);
  std::memcpy(scratch_.data(), frame_.data(), headers_end_);
  if (chunk != 0) std::memcpy(scratch_.data() + headers_end_, frame_.data() + headers_end_ + done_, chunk);
  fix_network_header(chunk);
  fix_transport_header(chunk, done_ + chunk == total);
  done_ += chunk;
  ++index_;
  return scratch_.first(headers_end_ + chunk);
}

void Segmenter::fix_network_header(std::size_t chunk) noexcept {
  std::uint8_t* const header = scratch_.data() + network_at_;
  const std::size_t length = headers_end_ - network_at_ + chunk;
  if (!is_v4_) {
    wire::store_be16(header + 4, static_cast<std::uint16_t>(length - wire::Ipv6View::header_size));
    return;
  }
  wire::store_be16(header + 2, static_cast<std::uint16_t>(length));
  wire::store_be16(header + 4, static_cast<std::uint16_t>(wire::load_be16(header + 4) + index_));
  wire::store_be16(header + 10, 0);
  wire::store_be16(header + 10,
                   wire::internet_checksum(wire::Bytes(scratch_).subspan(network_at_, transport_at_ - network_at_)));
}

void Segmenter::fix_transport_header(std::size_t chunk, bool last) noexcept {
  std::uint8_t* const header = scratch_.data() + transport_at_;
  const std::size_t length = headers_end_ - transport_at_ + chunk;
  if (is_tcp_) {
    wire::store_be32(header + 4, wire::load_be32(header + 4) + static_cast<std::uint32_t>(done_));
    // What ends the stream or a write belongs to its last segment, the congestion answer to the first (RFC 3168 6.1.2).
    if (!last) header[13] &= static_cast<std::uint8_t>(~(tcp_fin | tcp_psh));
    if (index_ != 0) header[13] &= static_cast<std::uint8_t>(~tcp_cwr);
  } else {
    wire::store_be16(header + 4, static_cast<std::uint16_t>(length));
  }
  const std::size_t field = is_tcp_ ? 16 : 6;
  wire::store_be16(header + field, 0);
  const std::size_t address_size = is_v4_ ? 4 : 16;
  const wire::Bytes addresses = wire::Bytes(scratch_).subspan(network_at_ + (is_v4_ ? 12 : 8), 2 * address_size);
  wire::InternetChecksum sum;
  sum.add_pseudo_header(IpAddress::from_bytes(addresses.first(address_size)),
                        IpAddress::from_bytes(addresses.last(address_size)),
                        is_tcp_ ? wire::ip_protocol::tcp : wire::ip_protocol::udp, static_cast<std::uint32_t>(length));
  sum.add(wire::Bytes(scratch_).subspan(transport_at_, length));
  wire::store_be16(header + field, never_zero(sum.value()));
}

}  // namespace bondbox::pcapio

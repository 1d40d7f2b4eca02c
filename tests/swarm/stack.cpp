#include "tests/swarm/stack.hpp"

#include "hal/wire/arp.hpp"
#include "hal/wire/checksum.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/nd.hpp"
#include "tests/support/na_frames.hpp"

namespace bondbox::swarm {
namespace {

constexpr std::uint32_t magic = 0x53574152;
constexpr std::size_t tail_size = 16;
constexpr std::uint16_t experiment = 0x88b5;  // IEEE 802 local experimental

std::uint32_t check_of(wire::Bytes bytes) {
  std::uint32_t sum = 0x811c9dc5U;
  for (const std::uint8_t byte : bytes) sum = (sum ^ byte) * 0x01000193U;
  return sum;
}

void put16(Frame& frame, std::size_t value) {
  frame.push_back(static_cast<std::uint8_t>(value >> 8 & 0xff));
  frame.push_back(static_cast<std::uint8_t>(value & 0xff));
}

void put32(Frame& frame, std::uint32_t value) {
  put16(frame, value >> 16);
  put16(frame, value & 0xffff);
}

void put(Frame& frame, wire::Bytes bytes) {
  frame.insert(frame.end(), bytes.begin(), bytes.end());
}

constexpr std::size_t udp_size = 8 + 14 + tail_size;

void put_udp(Frame& frame, std::uint32_t number) {
  put16(frame, 5000 + number % 32);
  put16(frame, 5001);
  put16(frame, udp_size);
  put16(frame, 0);
  frame.insert(frame.end(), 14, 0);
}

void put_ipv4(Frame& frame, const FrameEnds& ends, std::uint32_t number) {
  const std::size_t begin = frame.size();
  put16(frame, 0x4500);
  put16(frame, 20 + udp_size);
  put32(frame, number << 16);
  put16(frame, 0x4011);
  put16(frame, 0);
  put(frame, ends.from.bytes());
  put(frame, ends.to.bytes());
  wire::InternetChecksum sum;
  sum.add(wire::Bytes(frame).subspan(begin));
  wire::store_be16(frame.data() + begin + 10, sum.value());
  put_udp(frame, number);
}

void put_ipv6(Frame& frame, const FrameEnds& ends, std::uint32_t number) {
  put32(frame, 0x60000000);
  put16(frame, udp_size);
  put16(frame, 0x1140);
  put(frame, ends.from.bytes());
  put(frame, ends.to.bytes());
  put_udp(frame, number);
}

}  // namespace

std::optional<FrameKind> frame_kind(std::string_view name) {
  constexpr std::string_view names[] = {"udp", "udp6", "tagged", "raw", "broadcast"};
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (names[i] == name) return static_cast<FrameKind>(i);
  return std::nullopt;
}

Frame numbered_frame(FrameKind kind, const FrameEnds& ends, const FrameNumber& number) {
  Frame frame;
  frame.reserve(128);
  put(frame, kind == FrameKind::broadcast ? broadcast_mac.octets : ends.destination.octets);
  put(frame, ends.source.octets);
  switch (kind) {
    case FrameKind::tagged:
      put16(frame, wire::ethertype::vlan);
      put16(frame, tagged_frames_vlan.value);
      [[fallthrough]];
    case FrameKind::udp:
      put16(frame, wire::ethertype::ipv4);
      put_ipv4(frame, ends, number.number);
      break;
    case FrameKind::udp6:
      put16(frame, wire::ethertype::ipv6);
      put_ipv6(frame, ends, number.number);
      break;
    case FrameKind::raw:
    case FrameKind::broadcast:
      put16(frame, experiment);
      frame.insert(frame.end(), 40, 0);
      break;
  }
  const std::size_t tail = frame.size();
  put32(frame, magic);
  put16(frame, number.from);
  put16(frame, number.to);
  put32(frame, number.number);
  put32(frame, check_of(wire::Bytes(frame).subspan(tail)));
  return frame;
}

std::optional<FrameNumber> frame_number(wire::Bytes frame) {
  if (frame.size() < wire::ethernet_header_size + tail_size) return std::nullopt;
  const wire::Bytes tail = frame.last(tail_size);
  if (wire::load_be32(tail.data()) != magic) return std::nullopt;
  if (wire::load_be32(tail.data() + 12) != check_of(tail.first(12))) return std::nullopt;
  return FrameNumber{wire::load_be16(tail.data() + 4), wire::load_be16(tail.data() + 6),
                     wire::load_be32(tail.data() + 8)};
}

void Stack::hear(wire::Bytes frame) {
  const auto view = wire::EthernetView::parse(frame);
  if (!view || view->vlan().tagged()) return;
  if (!view->destination().is_multicast() && view->destination() != mac()) return;
  if (view->ethertype() == wire::ethertype::arp) hear_arp(view->payload());
  if (view->ethertype() == wire::ethertype::ipv6) hear_ipv6(view->payload(), view->source());
}

void Stack::hear_arp(wire::Bytes payload) {
  const auto arp = wire::ArpView::parse(payload);
  if (!arp || arp->sender_ip() == v4 || !arp->sender_mac().is_station()) return;
  const bool for_us = arp->target_ip() == v4;
  // RFC 826: who is known is brought up to date by whatever is heard, and who asks us becomes known.
  if (for_us || known_.contains(arp->sender_ip())) known_[arp->sender_ip()] = arp->sender_mac();
  if (!for_us || !arp->is_request() || !answers) return;
  send(wire::build_arp({wire::ArpOperation::reply, mac(), v4, arp->sender_mac(), arp->sender_ip()}, arp->sender_mac(),
                       VlanId{}));
}

void Stack::hear_ipv6(wire::Bytes payload, const MacAddress& source) {
  const auto packet = wire::Ipv6View::parse(payload);
  if (!packet) return;
  if (const auto heard = wire::NeighbourAdvertisementView::parse(*packet)) {
    const auto link = heard->target_link_address();
    const auto place = known_.find(heard->target());
    const bool unknown = place == known_.end();
    if (link && (heard->overrides() || unknown) && (heard->is_solicited() || !unknown)) known_[heard->target()] = *link;
    return;
  }
  const auto asked = wire::NeighbourSolicitationView::parse(*packet);
  if (!asked || asked->target() != v6 || asked->is_address_probe()) return;
  known_[asked->source()] = asked->source_link_address().value_or(source);
  if (!answers) return;
  test::NaFrame answer;
  answer.to_mac = known_[asked->source()];
  answer.from_mac = mac();
  answer.from = v6;
  answer.to = asked->source();
  answer.target = v6;
  answer.link = mac();
  send(test::write_na(answer));
}

void Stack::ask(const IpAddress& address) {
  if (address.is_v4()) {
    send(wire::build_arp({wire::ArpOperation::request, mac(), v4, MacAddress{}, address}, broadcast_mac, VlanId{}));
  } else {
    send(wire::build_neighbour_solicitation(mac(), v6, address, VlanId{}));
  }
}

void Stack::announce() {
  send(wire::build_gratuitous_arp(mac(), v4, VlanId{}));
  send(wire::build_unsolicited_na(mac(), v6, false, VlanId{}));
}

std::optional<MacAddress> Stack::find(const IpAddress& address) const {
  const auto place = known_.find(address);
  return place == known_.end() ? std::nullopt : std::optional(place->second);
}

}  // namespace bondbox::swarm

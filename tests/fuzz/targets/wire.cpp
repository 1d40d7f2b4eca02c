// Every parser of frames: none reads beyond a frame, what it hands out lies within, two readers of one thing agree, and
// what our builders build is what our parsers parse.
#include "hal/wire/arp.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/frame_class.hpp"
#include "hal/wire/igmp.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/nd.hpp"
#include "hal/wire/slow_protocols.hpp"
#include "hal/wire/span_reader.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

using namespace wire;

void read_ipv6(wire::MutableBytes frame, std::size_t offset) {
  const auto packet = Ipv6View::parse(Bytes(frame).subspan(offset));
  if (!packet) return;
  promise(lies_within(packet->payload(), frame), "an IPv6 payload lies within its frame");
  promise(packet->payload_offset() >= Ipv6View::header_size, "an IPv6 payload begins behind the header");
  const auto asked = NeighbourSolicitationView::parse(*packet);
  if (asked) promise(!asked->is_address_probe() || !asked->source_link_address(), "an address probe names no source");
  const auto told = NeighbourAdvertisementView::parse(*packet);
  promise(!asked || !told, "a message is a solicitation or an advertisement");
  constexpr MacAddress ours{{0x02, 0, 0, 0, 0x0a, 1}};
  const bool has_link = told && told->target_link_address();
  const bool replaced = replace_target_link(frame, offset, ours);
  promise(replaced == has_link, "the target's address is replaced where there is one");
  if (!replaced) return;
  const auto again = Ipv6View::parse(Bytes(frame).subspan(offset));
  const auto advertised = NeighbourAdvertisementView::parse(*again);
  promise(advertised && advertised->target_link_address() == ours, "a replaced address is read back");
}

void read_ipv4(Bytes frame, Bytes content) {
  const auto packet = Ipv4View::parse(content);
  if (!packet) return;
  promise(packet->header_length() >= 20 && packet->header_length() <= 60, "an IPv4 header has 20 to 60 bytes");
  promise(lies_within(packet->payload(), frame), "an IPv4 payload lies within its frame");
  promise(packet->is_fragment() == (packet->more_fragments() || packet->fragment_offset() != 0),
          "a fragment is one by its flags or its offset");
}

void read_arp(Bytes content) {
  const auto arp = ArpView::parse(content);
  if (!arp || arp->operation() < 1 || arp->operation() > 2) return;
  const auto frame = build_arp({static_cast<ArpOperation>(arp->operation()), arp->sender_mac(), arp->sender_ip(),
                                arp->target_mac(), arp->target_ip()},
                               broadcast_mac, VlanId{});
  promise(std::equal(content.begin(), content.begin() + ArpView::size, frame.begin() + ethernet_header_size),
          "an ARP packet is built again from its fields");
}

void read_slow(Bytes content) {
  if (const auto pdu = LacpduView::parse(content)) {
    const auto frame = build_lacpdu(slow_protocols_mac, pdu->actor(), pdu->partner());
    const auto again = LacpduView::parse(Bytes(frame).subspan(ethernet_header_size));
    promise(again && again->actor() == pdu->actor() && again->partner() == pdu->partner(),
            "an LACPDU's ends are built again");
  }
  if (const auto marker = MarkerView::parse(content)) {
    const auto frame = build_marker_response(slow_protocols_mac, *marker);
    const auto answer = MarkerView::parse(Bytes(frame).subspan(ethernet_header_size));
    promise(answer && !answer->is_information() && answer->transaction() == marker->transaction() &&
                answer->requester_port() == marker->requester_port(),
            "a marker's answer names what was asked");
  }
}

void classify(Bytes frame, const EthernetView& view) {
  const SpanReader reader(frame);
  const fast::Content content = fast::content_of(reader);
  promise(content.type == view.ethertype() && content.offset == view.payload_offset(),
          "both readers of a frame find the same content");
  const std::uint8_t received = fast::class_received(reader);
  const std::uint8_t sent = fast::class_sent(reader);
  promise((received & (received - 1)) == 0 && (sent & (sent - 1)) == 0, "a frame is of one class at most");
  promise((received & ~fast_classes_received) == 0 && (sent & ~fast_classes_sent) == 0, "each way has its classes");
  promise((received == fast_class_slow_protocols) == (view.ethertype() == ethertype::slow_protocols),
          "slow protocols are known by their type");
  const std::uint8_t destination = fast::destination_class(frame.data());
  const MacAddress mac = view.destination();
  promise((destination == fast_unicast) == !mac.is_multicast() &&
              (destination == fast_broadcast) == mac.is_broadcast() &&
              (destination == fast_link_local) == mac.is_link_local(),
          "a destination is of the class that its address says");
}

void build_neighbours(Input& input) {
  UnsolicitedNaFields fields;
  fields.sender = input.mac();
  fields.address = input.ip(IpAddress::Family::v6);
  fields.router = input.flag();
  fields.vlan = VlanId{static_cast<std::uint16_t>(input.word() & 0x0fff)};
  if (fields.address.octets[0] == 0xff) return;
  const auto told = build_unsolicited_na(fields);
  const auto view = EthernetView::parse(told);
  promise(view && view->vlan() == fields.vlan, "an advertisement is on its VLAN");
  const auto packet = Ipv6View::parse(view->payload());
  const auto advert = packet ? NeighbourAdvertisementView::parse(*packet) : std::nullopt;
  promise(advert && advert->target() == fields.address && advert->target_link_address() == fields.sender &&
              advert->is_router() == fields.router && advert->overrides(),
          "an advertisement says what it was built from");
  const IpAddress source = input.flag() ? fields.address : IpAddress{IpAddress::Family::v6, {}};
  const auto asking = build_neighbour_solicitation(fields.sender, source, fields.address, fields.vlan);
  const auto question = Ipv6View::parse(EthernetView::parse(asking)->payload());
  const auto asked = question ? NeighbourSolicitationView::parse(*question) : std::nullopt;
  promise(asked && asked->target() == fields.address && asked->source() == source,
          "a solicitation asks what it was told");
}

void build_report(Input& input) {
  const MacAddress sender = input.mac();
  const IpAddress source = input.ip(IpAddress::Family::v4);
  const IpAddress group = input.ip(IpAddress::Family::v4);
  const auto frame = build_igmp_report(sender, source, group, input.byte(), VlanId{});
  const Bytes content = Bytes(frame).subspan(ethernet_header_size);
  const auto packet = Ipv4View::parse(content);
  promise(packet && packet->protocol() == ip_protocol::igmp && packet->source() == source, "a report is IGMP");
  promise(internet_checksum(content.first(packet->header_length())) == 0, "a report's header has its checksum");
  promise(internet_checksum(packet->payload()) == 0, "a report has its checksum");
  promise(fast::is_igmp(SpanReader(frame), fast::content_of(SpanReader(frame))), "a report is known as one");
}

void run(Bytes bytes) {
  Exact frame(bytes);
  const auto view = EthernetView::parse(frame.bytes());
  promise(view.has_value() == (bytes.size() >= ethernet_header_size), "a frame has a header");
  if (view) {
    promise(lies_within(view->payload(), frame.bytes()), "a payload lies within its frame");
    classify(frame.bytes(), *view);
    read_arp(view->payload());
    read_ipv4(frame.bytes(), view->payload());
    read_slow(view->payload());
    read_ipv6(frame.writable(), view->payload_offset());
  }
  Input input(bytes);
  build_neighbours(input);
  build_report(input);
}

const Known known("wire", &run);

}  // namespace
}  // namespace bondbox::fuzz

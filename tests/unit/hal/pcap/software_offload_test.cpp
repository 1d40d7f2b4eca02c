#include "hal/pcap/software_offload.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "hal/wire/checksum.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"

using bondbox::OffloadHeader;
using bondbox::pcapio::complete_checksum;
using bondbox::pcapio::Segmenter;
namespace wire = bondbox::wire;

namespace {

using FrameBytes = std::vector<std::uint8_t>;

void put16(FrameBytes& frame, std::size_t value) {
  frame.push_back(static_cast<std::uint8_t>(value >> 8));
  frame.push_back(static_cast<std::uint8_t>(value & 0xff));
}

struct Gso {
  FrameBytes frame;
  OffloadHeader offload;
  std::size_t transport_at = 0;
  std::size_t payload_at = 0;
};

enum class Kind { tcp_v4, tcp_v6, udp_v4, udp_v6 };

bool is_v4(Kind kind) {
  return kind == Kind::tcp_v4 || kind == Kind::udp_v4;
}
bool is_tcp(Kind kind) {
  return kind == Kind::tcp_v4 || kind == Kind::tcp_v6;
}

/// One with `tag` or without, its payload numbered, its checksum as a kernel leaves it: the pseudo-header's.
Gso make_gso(Kind kind, std::size_t payload, std::uint16_t segment, bool tag) {
  Gso gso;
  FrameBytes& frame = gso.frame;
  frame = {2, 0, 0, 0, 0, 0xd1, 2, 0, 0, 0, 0, 0x51};
  if (tag) frame.insert(frame.end(), {0x81, 0x00, 0x00, 0x64});
  put16(frame, is_v4(kind) ? 0x0800 : 0x86dd);
  const std::size_t transport_header = is_tcp(kind) ? 32 : 8;
  const std::uint8_t protocol = is_tcp(kind) ? 6 : 17;
  if (is_v4(kind)) {
    frame.insert(frame.end(), {0x45, 0});
    put16(frame, 20 + transport_header + payload);
    frame.insert(frame.end(), {0xff, 0xff, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2});
  } else {
    frame.insert(frame.end(), {0x60, 0, 0, 0});
    put16(frame, transport_header + payload);
    frame.insert(frame.end(), {protocol, 64});
    for (unsigned i = 0; i < 32; ++i) frame.push_back(static_cast<std::uint8_t>(i));
  }
  gso.transport_at = frame.size();
  frame.insert(frame.end(), {0x12, 0x34, 0x00, 0x50});
  if (is_tcp(kind)) {
    frame.insert(frame.end(), {0xff, 0xff, 0xff, 0x00, 0, 0, 0, 1, 0x80, 0x99, 0x10, 0x00, 0, 0, 0, 0});
    frame.insert(frame.end(), {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2});  // time stamps
  } else {
    put16(frame, 8 + payload);
    put16(frame, 0);
  }
  gso.payload_at = frame.size();
  for (std::size_t i = 0; i < payload; ++i) frame.push_back(static_cast<std::uint8_t>(i * 7));
  gso.offload = {OffloadHeader::needs_checksum,
                 static_cast<std::uint8_t>(kind == Kind::tcp_v4   ? 0x81
                                           : kind == Kind::tcp_v6 ? 4
                                                                  : 5),
                 static_cast<std::uint16_t>(gso.payload_at),
                 segment,
                 static_cast<std::uint16_t>(gso.transport_at),
                 static_cast<std::uint16_t>(is_tcp(kind) ? 16 : 6)};
  return gso;
}

/// The payload of a segment whose headers and checksums are right.
FrameBytes checked_payload(wire::Bytes segment, const Gso& gso) {
  const auto ethernet = wire::EthernetView::parse(segment);
  BOOST_REQUIRE(ethernet.has_value());
  wire::InternetChecksum sum;
  const std::size_t length = segment.size() - gso.transport_at;
  if (ethernet->ethertype() == 0x0800) {
    const auto packet = wire::Ipv4View::parse(ethernet->payload());
    BOOST_REQUIRE(packet.has_value());
    BOOST_TEST(packet->total_length() == ethernet->payload().size());
    BOOST_TEST(wire::internet_checksum(ethernet->payload().first(20)) == 0);
    sum.add_pseudo_header(packet->source(), packet->destination(), packet->protocol(),
                          static_cast<std::uint32_t>(length));
  } else {
    const auto packet = wire::Ipv6View::parse(ethernet->payload());
    BOOST_REQUIRE(packet.has_value());
    BOOST_TEST(packet->payload_length() + 40U == ethernet->payload().size());
    sum.add_pseudo_header(packet->source(), packet->destination(), packet->protocol(),
                          static_cast<std::uint32_t>(length));
  }
  sum.add(segment.subspan(gso.transport_at));
  BOOST_TEST(sum.value() == 0);
  const wire::Bytes payload = segment.subspan(gso.payload_at);
  return {payload.begin(), payload.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pcap_software_offload)

BOOST_AUTO_TEST_CASE(a_partial_checksum_is_finished) {
  for (const Kind kind : {Kind::tcp_v4, Kind::tcp_v6, Kind::udp_v4, Kind::udp_v6}) {
    Gso gso = make_gso(kind, 333, 0, true);
    gso.offload.gso_type = 0;
    wire::InternetChecksum pseudo;
    const std::size_t length = gso.frame.size() - gso.transport_at;
    const auto addresses =
        wire::Bytes(gso.frame).subspan(gso.transport_at - (is_v4(kind) ? 8 : 32), is_v4(kind) ? 8 : 32);
    pseudo.add(addresses);
    pseudo.add16(static_cast<std::uint16_t>(length));
    pseudo.add16(is_tcp(kind) ? 6 : 17);
    const std::size_t field = gso.transport_at + gso.offload.checksum_offset;
    wire::store_be16(&gso.frame[field], static_cast<std::uint16_t>(~pseudo.value() & 0xffff));
    BOOST_REQUIRE(complete_checksum(gso.frame, gso.offload));
    wire::InternetChecksum whole;
    whole.add(addresses);
    whole.add16(static_cast<std::uint16_t>(length));
    whole.add16(is_tcp(kind) ? 6 : 17);
    whole.add(wire::Bytes(gso.frame).subspan(gso.transport_at));
    BOOST_TEST(whole.value() == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_checksum_of_zero_is_written_as_all_ones) {
  FrameBytes frame(20, 0);
  wire::store_be16(&frame[18], 0xffff);
  BOOST_REQUIRE(complete_checksum(frame, {OffloadHeader::needs_checksum, 0, 0, 0, 14, 2}));
  BOOST_TEST(wire::load_be16(&frame[16]) == 0xffff);
}

BOOST_AUTO_TEST_CASE(a_checksum_outside_the_frame_is_refused_and_nothing_changes) {
  const FrameBytes original(40, 0x5a);
  for (const auto& [start, offset] : {std::pair{0, 39}, std::pair{39, 0}, std::pair{65535, 65535}, std::pair{41, 0}}) {
    FrameBytes frame = original;
    BOOST_TEST(!complete_checksum(frame, {OffloadHeader::needs_checksum, 0, 0, 0, static_cast<std::uint16_t>(start),
                                          static_cast<std::uint16_t>(offset)}));
    BOOST_TEST(frame == original);
  }
}

BOOST_AUTO_TEST_CASE(segments_have_right_headers_and_together_the_payload) {
  for (const Kind kind : {Kind::tcp_v4, Kind::tcp_v6, Kind::udp_v4, Kind::udp_v6}) {
    for (const std::size_t payload : {1U, 999U, 1000U, 1001U, 60'000U}) {
      const Gso gso = make_gso(kind, payload, 1000, payload % 2 == 0);
      FrameBytes scratch(2'000);
      Segmenter segmenter(gso.frame, gso.offload, scratch);
      BOOST_REQUIRE(segmenter.valid());
      FrameBytes together;
      std::size_t count = 0;
      for (wire::Bytes segment = segmenter.next(); !segment.empty(); segment = segmenter.next(), ++count) {
        const FrameBytes part = checked_payload(segment, gso);
        together.insert(together.end(), part.begin(), part.end());
      }
      BOOST_TEST(count == (payload + 999) / 1000);
      BOOST_TEST(
          (together == FrameBytes(gso.frame.begin() + static_cast<std::ptrdiff_t>(gso.payload_at), gso.frame.end())));
    }
  }
}

BOOST_AUTO_TEST_CASE(sequence_numbers_identifications_and_flags_run_through_the_segments) {
  const Gso gso = make_gso(Kind::tcp_v4, 2'500, 1000, false);
  FrameBytes scratch(2'000);
  Segmenter segmenter(gso.frame, gso.offload, scratch);
  // The frame has CWR, ACK, PSH and FIN.
  const std::uint8_t flags[] = {0x90, 0x10, 0x19};
  for (std::uint32_t i = 0; i < 3; ++i) {
    const wire::Bytes segment = segmenter.next();
    BOOST_REQUIRE(!segment.empty());
    BOOST_TEST(wire::load_be16(&segment[18]) == static_cast<std::uint16_t>(0xffff + i));
    BOOST_TEST(wire::load_be32(&segment[gso.transport_at + 4]) == 0xffffff00U + i * 1000);
    BOOST_TEST(segment[gso.transport_at + 13] == flags[i]);
  }
  BOOST_TEST(segmenter.next().empty());
}

BOOST_AUTO_TEST_CASE(a_frame_of_headers_alone_is_one_segment) {
  const Gso gso = make_gso(Kind::tcp_v6, 0, 1000, false);
  FrameBytes scratch(2'000);
  Segmenter segmenter(gso.frame, gso.offload, scratch);
  BOOST_TEST(checked_payload(segmenter.next(), gso).empty());
  BOOST_TEST(segmenter.next().empty());
}

BOOST_AUTO_TEST_CASE(frames_that_are_not_what_their_header_says_are_refused) {
  FrameBytes scratch(2'000);
  const Gso good = make_gso(Kind::tcp_v4, 2'000, 1000, false);
  const auto refused = [&scratch](const Gso& gso) { return !Segmenter(gso.frame, gso.offload, scratch).valid(); };
  BOOST_TEST(!refused(good));
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0, 3, 4, 5, 9}) {
    Gso gso = good;
    gso.offload.gso_type = type;
    BOOST_TEST(refused(gso), "type " << int{type});
  }
  Gso gso = good;
  gso.offload.segment_size = 0;
  BOOST_TEST(refused(gso));
  gso.offload.segment_size = 1'950;  // with its headers longer than the scratch memory
  BOOST_TEST(refused(gso));
  gso = good;
  gso.frame[20] = 0x20;  // a fragment
  BOOST_TEST(refused(gso));
  gso = good;
  gso.frame[gso.transport_at + 12] = 0x40;  // a TCP header of 16 bytes
  BOOST_TEST(refused(gso));
  gso = good;
  gso.frame[12] = 0x08;
  gso.frame[13] = 0x06;
  BOOST_TEST(refused(gso));
}

BOOST_AUTO_TEST_CASE(a_frame_cut_within_its_headers_is_refused_at_every_length) {
  for (const Kind kind : {Kind::tcp_v4, Kind::tcp_v6, Kind::udp_v4, Kind::udp_v6}) {
    const Gso gso = make_gso(kind, 100, 50, true);
    for (std::size_t length = 0; length <= gso.payload_at; ++length) {
      const FrameBytes cut(gso.frame.begin(), gso.frame.begin() + static_cast<std::ptrdiff_t>(length));
      FrameBytes scratch(2'000);
      BOOST_TEST(Segmenter(cut, gso.offload, scratch).valid() == (length == gso.payload_at), "length " << length);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

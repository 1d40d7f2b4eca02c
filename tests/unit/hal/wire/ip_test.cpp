#include "hal/wire/ip.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace wire = bondbox::wire;

namespace {

std::vector<std::uint8_t> ipv4_packet() {
  return {0x46, 0,   0,  28,  0x12, 0x34, 0x40, 0, 63, 17,   0,    0,    192,  0,    2,
          1,    198, 51, 100, 7,    1,    1,    1, 0,  0xde, 0xad, 0xbe, 0xef, 0x99, 0x99};  // the last two are padding
}

std::vector<std::uint8_t> ipv6_packet(std::uint8_t next, std::initializer_list<std::uint8_t> rest) {
  std::vector<std::uint8_t> packet{0x60, 0x01, 0x23, 0x45, 0, static_cast<std::uint8_t>(rest.size()), next, 64};
  for (unsigned i = 0; i < 32; ++i) packet.push_back(static_cast<std::uint8_t>(i));
  packet.insert(packet.end(), rest);
  return packet;
}

std::vector<std::uint8_t> cut(const std::vector<std::uint8_t>& whole, std::size_t length) {
  return {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wire_ip)

BOOST_AUTO_TEST_CASE(an_ipv4_header_with_options_is_read) {
  const auto packet = ipv4_packet();
  const auto view = wire::Ipv4View::parse(packet);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->header_length() == 24U);
  BOOST_TEST(view->total_length() == 28);
  BOOST_TEST(view->identification() == 0x1234);
  BOOST_TEST(view->dont_fragment());
  BOOST_TEST(!view->is_fragment());
  BOOST_TEST(view->ttl() == 63);
  BOOST_TEST(view->protocol() == wire::ip_protocol::udp);
  BOOST_TEST(view->source().text() == "192.0.2.1");
  BOOST_TEST(view->destination().text() == "198.51.100.7");
  BOOST_REQUIRE(view->payload().size() == 4U);
  BOOST_TEST(view->payload()[0] == 0xde);
}

BOOST_AUTO_TEST_CASE(ipv4_fragments_are_told_by_offset_or_flag) {
  auto packet = ipv4_packet();
  packet[6] = 0x20;
  BOOST_TEST(wire::Ipv4View::parse(packet)->is_fragment());
  BOOST_TEST(wire::Ipv4View::parse(packet)->more_fragments());
  packet[6] = 0x00;
  packet[7] = 185;
  BOOST_TEST(wire::Ipv4View::parse(packet)->is_fragment());
  BOOST_TEST(wire::Ipv4View::parse(packet)->fragment_offset() == 1480U);
}

BOOST_AUTO_TEST_CASE(an_impossible_total_length_does_not_hide_the_payload) {
  for (const std::uint8_t total : std::initializer_list<std::uint8_t>{0, 23, 200}) {
    auto packet = ipv4_packet();
    packet[3] = total;
    BOOST_TEST(wire::Ipv4View::parse(packet)->payload().size() == 6U);
  }
}

BOOST_AUTO_TEST_CASE(bad_ipv4_headers_are_refused_at_every_length) {
  const auto whole = ipv4_packet();
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const auto packet = cut(whole, length);
    const auto view = wire::Ipv4View::parse(packet);
    BOOST_REQUIRE(view.has_value() == (length >= 24));
    if (view) BOOST_TEST(view->header_length() + view->payload().size() == std::min<std::size_t>(length, 28));
  }
  for (const std::uint8_t first : std::initializer_list<std::uint8_t>{0x44, 0x4f, 0x65, 0x00}) {
    auto packet = whole;
    packet[0] = first;
    BOOST_TEST(!wire::Ipv4View::parse(packet).has_value(), "first byte " << int{first});
  }
}

BOOST_AUTO_TEST_CASE(an_ipv6_header_is_read) {
  auto packet = ipv6_packet(58, {1, 2, 3});
  packet.push_back(0x99);  // padding
  const auto view = wire::Ipv6View::parse(packet);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->flow_label() == 0x12345U);
  BOOST_TEST(view->payload_length() == 3);
  BOOST_TEST(view->hop_limit() == 64);
  BOOST_TEST(view->next_header() == 58);
  BOOST_TEST(view->protocol() == 58);
  BOOST_TEST(view->source().text() == "1:203:405:607:809:a0b:c0d:e0f");
  BOOST_TEST(view->destination().octets[0] == 16);
  BOOST_TEST(view->payload().size() == 3U);
  BOOST_TEST(!view->is_fragment());
}

BOOST_AUTO_TEST_CASE(extension_headers_are_passed_over) {
  const auto packet = ipv6_packet(0, {43,   0,   0, 0, 0, 0, 0, 0,              // hop by hop
                                      60,   0,   0, 0, 0, 0, 0, 0,              // routing
                                      51,   0,   0, 0, 0, 0, 0, 0,              // destination options
                                      44,   1,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // authentication, 12 bytes
                                      6,    0,   0, 1, 0, 0, 0, 9,              // fragment, the first
                                      0xaa, 0xbb});
  const auto view = wire::Ipv6View::parse(packet);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->protocol() == wire::ip_protocol::tcp);
  BOOST_REQUIRE(view->payload().size() == 2U);
  BOOST_TEST(view->payload()[0] == 0xaa);
  BOOST_TEST(view->payload_offset() == 84U);
  BOOST_TEST(view->is_fragment());
  BOOST_TEST(view->more_fragments());
  BOOST_TEST(view->fragment_offset() == 0U);
}

BOOST_AUTO_TEST_CASE(reading_ends_behind_the_header_of_a_later_fragment) {
  const auto packet = ipv6_packet(44, {60, 0, 0x05, 0xc8, 0, 0, 0, 9, 6, 0, 0, 0, 0, 0, 0, 0});
  const auto view = wire::Ipv6View::parse(packet);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->protocol() == 60);
  BOOST_TEST(view->fragment_offset() == 1480U);
  BOOST_TEST(!view->more_fragments());
  BOOST_TEST(view->payload().size() == 8U);
}

BOOST_AUTO_TEST_CASE(a_chain_of_extension_headers_is_read_only_so_far) {
  auto packet = ipv6_packet(60, {});
  for (int i = 0; i < 20; ++i) packet.insert(packet.end(), {60, 0, 0, 0, 0, 0, 0, 0});
  packet[5] = 160;
  const auto view = wire::Ipv6View::parse(packet);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->protocol() == 60);
  BOOST_TEST(view->payload_offset() == 40 + 8 * wire::Ipv6View::extensions_read_max);
}

BOOST_AUTO_TEST_CASE(bad_ipv6_headers_are_refused_at_every_length) {
  const auto whole = ipv6_packet(0, {43, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 1, 2});
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const auto packet = cut(whole, length);
    const auto view = wire::Ipv6View::parse(packet);
    BOOST_REQUIRE(view.has_value() == (length >= 40));
    if (!view) continue;
    BOOST_TEST(view->payload_offset() + view->payload().size() == length);
    BOOST_TEST(view->protocol() == (length < 56 ? 0 : length < 64 ? 43 : 17));
  }
  auto packet = whole;
  packet[0] = 0x45;
  BOOST_TEST(!wire::Ipv6View::parse(packet).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

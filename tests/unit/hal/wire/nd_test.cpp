#include "hal/wire/nd.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "hal/wire/ethernet.hpp"

namespace wire = bondbox::wire;
using bondbox::IpAddress;
using bondbox::MacAddress;
using bondbox::VlanId;

namespace {

std::vector<std::uint8_t> from_hex(std::string_view hex) {
  const auto digit = [](char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  return bytes;
}

// ab.p0.pcap: the kernel driver's advertisement, and its duplicate address probe.
const std::vector<std::uint8_t> recorded_na = from_hex(
    "333300000001020000000a0086dd6000000000203afffe80000000000000000000fffe000a00ff02000000000000000000000000000188003b"
    "9e20000000fe80000000000000000000fffe000a000201020000000a00");
const std::vector<std::uint8_t> recorded_probe = from_hex(
    "3333ff000b00020000000b0086dd6000000000203aff00000000000000000000000000000000ff0200000000000000000001ff000b00870069"
    "2200000000fe80000000000000000000fffe000b000e01e44e18f6f2b6");

const MacAddress bond_mac{{0x02, 0, 0, 0, 0x0a, 0}};
const IpAddress bond_ip = IpAddress::parse("fe80::ff:fe00:a00").value();

std::vector<std::uint8_t> bytes_of(const wire::SmallFrame& frame) {
  return {frame.begin(), frame.end()};
}

/// Writes a right checksum into the ICMPv6 message of an untagged frame without extension headers.
void mend_checksum(std::vector<std::uint8_t>& frame) {
  const wire::Ipv6View packet = wire::Ipv6View::parse(wire::Bytes(frame).subspan(14)).value();
  wire::store_be16(&frame[56], 0);
  wire::InternetChecksum sum;
  sum.add_pseudo_header(packet.source(), packet.destination(), 58, static_cast<std::uint32_t>(packet.payload().size()));
  sum.add(packet.payload());
  wire::store_be16(&frame[56], sum.value());
}

template <class View>
std::optional<View> view_of(const std::vector<std::uint8_t>& frame) {
  const auto packet = wire::Ipv6View::parse(wire::Bytes(frame).subspan(14));
  if (!packet) return std::nullopt;
  return View::parse(*packet);
}

using Advertisement = wire::NeighbourAdvertisementView;
using Solicitation = wire::NeighbourSolicitationView;

}  // namespace

BOOST_AUTO_TEST_SUITE(wire_nd)

BOOST_AUTO_TEST_CASE(an_unsolicited_advertisement_is_byte_for_byte_the_recorded_one) {
  const auto frame = wire::build_unsolicited_na(bond_mac, bond_ip, false, VlanId{});
  BOOST_TEST(bytes_of(frame) == recorded_na, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_router_and_a_vlan_show_in_the_advertisement) {
  const auto frame = wire::build_unsolicited_na(bond_mac, bond_ip, true, VlanId{100});
  BOOST_TEST(frame.size() == 90U);
  const auto ethernet = wire::EthernetView::parse(frame);
  BOOST_REQUIRE(ethernet.has_value());
  BOOST_TEST((ethernet->vlan() == VlanId{100}));
  const auto packet = wire::Ipv6View::parse(ethernet->payload());
  BOOST_REQUIRE(packet.has_value());
  const auto view = Advertisement::parse(*packet);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->is_router());
  BOOST_TEST(view->overrides());
  BOOST_TEST(!view->is_solicited());
}

BOOST_AUTO_TEST_CASE(an_ipv4_address_cannot_be_advertised) {
  BOOST_TEST(wire::build_unsolicited_na(bond_mac, IpAddress::parse("10.0.0.1").value(), false, VlanId{}).empty());
}

BOOST_AUTO_TEST_CASE(a_recorded_advertisement_is_read) {
  const auto view = view_of<Advertisement>(recorded_na);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST((view->target() == bond_ip));
  BOOST_TEST((view->source() == bond_ip));
  BOOST_TEST((view->target_link_address() == bond_mac));
  BOOST_TEST(!view->is_router());
  BOOST_TEST(!view_of<Solicitation>(recorded_na).has_value());
}

BOOST_AUTO_TEST_CASE(a_recorded_address_probe_is_read) {
  const auto view = view_of<Solicitation>(recorded_probe);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->is_address_probe());
  BOOST_TEST(view->target().text() == "fe80::ff:fe00:b00");
  BOOST_TEST(!view->source_link_address().has_value());  // its only option is a nonce (RFC 7527)
  BOOST_TEST(!view_of<Advertisement>(recorded_probe).has_value());
}

BOOST_AUTO_TEST_CASE(a_probe_to_another_group_or_with_a_source_address_is_refused) {
  auto frame = recorded_probe;
  frame[14 + 24 + 12] = 0;  // no solicited-node group any more
  mend_checksum(frame);
  BOOST_TEST(!view_of<Solicitation>(frame).has_value());
  frame = recorded_probe;
  frame[78] = 1;  // the nonce becomes a source link-layer address
  mend_checksum(frame);
  BOOST_TEST(!view_of<Solicitation>(frame).has_value());
}

BOOST_AUTO_TEST_CASE(messages_that_rfc_4861_forbids_are_refused) {
  const std::pair<std::size_t, std::uint8_t> changes[] = {
      {14 + 7, 254},   // hop limit
      {54 + 1, 1},     // code
      {54 + 8, 0xff},  // a multicast target
      {54 + 4, 0x60},  // solicited, but to all nodes
      {54 + 25, 0},    // an option of length 0
      {54 + 25, 2},    // an option that runs over the end
  };
  for (const auto& [at, value] : changes) {
    auto frame = recorded_na;
    frame[at] = value;
    mend_checksum(frame);
    BOOST_TEST(!view_of<Advertisement>(frame).has_value(), "byte " << at);
  }
  auto frame = recorded_na;
  frame[70] ^= 1;  // a wrong checksum
  BOOST_TEST(!view_of<Advertisement>(frame).has_value());
  mend_checksum(frame);
  BOOST_TEST(view_of<Advertisement>(frame).has_value());
}

BOOST_AUTO_TEST_CASE(a_frame_cut_at_any_length_is_refused) {
  for (std::size_t length = 14; length < recorded_na.size(); ++length) {
    std::vector<std::uint8_t> cut(recorded_na.begin(), recorded_na.begin() + static_cast<std::ptrdiff_t>(length));
    BOOST_TEST(!view_of<Advertisement>(cut).has_value());
    if (length < 58) continue;
    // The same with a length and a checksum that agree with what is left.
    wire::store_be16(&cut[18], static_cast<std::uint16_t>(length - 54));
    mend_checksum(cut);
    BOOST_TEST(view_of<Advertisement>(cut).has_value() == (length == 54 + 24));
  }
}

BOOST_AUTO_TEST_SUITE_END()

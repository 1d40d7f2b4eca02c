#include "hal/wire/arp.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace wire = bondbox::wire;
using bondbox::IpAddress;
using bondbox::MacAddress;
using bondbox::VlanId;

namespace {

const MacAddress bond_mac{{0x02, 0, 0, 0, 0x0a, 0}};

// ab.p0.pcap, the announcement that the kernel driver sends.
const std::vector<std::uint8_t> recorded{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x0a,
                                         0x00, 0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01,
                                         0x02, 0x00, 0x00, 0x00, 0x0a, 0x00, 0xc0, 0x00, 0x02, 0x01, 0x00,
                                         0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x02, 0x01};

std::vector<std::uint8_t> bytes_of(const wire::SmallFrame& frame) {
  return {frame.begin(), frame.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wire_arp)

BOOST_AUTO_TEST_CASE(an_announcement_is_byte_for_byte_the_recorded_one) {
  const auto frame = wire::build_gratuitous_arp(bond_mac, IpAddress::parse("192.0.2.1").value(), VlanId{});
  BOOST_TEST(bytes_of(frame) == recorded, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_announcement_on_a_vlan_differs_by_the_tag_only) {
  const auto frame = bytes_of(wire::build_gratuitous_arp(bond_mac, IpAddress::parse("192.0.2.1").value(), VlanId{100}));
  std::vector<std::uint8_t> expected = recorded;
  const std::uint8_t tag[] = {0x81, 0x00, 0x00, 0x64};
  expected.insert(expected.begin() + 12, std::begin(tag), std::end(tag));
  BOOST_TEST(frame == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_ipv6_address_cannot_be_announced_by_arp) {
  BOOST_TEST(wire::build_gratuitous_arp(bond_mac, IpAddress::parse("fe80::1").value(), VlanId{}).empty());
}

BOOST_AUTO_TEST_CASE(every_field_is_read_back) {
  const wire::ArpFields fields{wire::ArpOperation::reply, bond_mac, IpAddress::parse("10.0.0.1").value(),
                               MacAddress{{2, 0, 0, 0, 0, 0xbb}}, IpAddress::parse("10.0.0.2").value()};
  const auto frame = wire::build_arp(fields, fields.target_mac, VlanId{7});
  const auto ethernet = wire::EthernetView::parse(frame);
  BOOST_REQUIRE(ethernet.has_value());
  BOOST_TEST(ethernet->ethertype() == wire::ethertype::arp);
  BOOST_TEST((ethernet->vlan() == VlanId{7}));
  BOOST_TEST((ethernet->destination() == fields.target_mac));
  const auto arp = wire::ArpView::parse(ethernet->payload());
  BOOST_REQUIRE(arp.has_value());
  BOOST_TEST(arp->is_reply());
  BOOST_TEST(!arp->is_request());
  BOOST_TEST((arp->sender_mac() == fields.sender_mac));
  BOOST_TEST((arp->sender_ip() == fields.sender_ip));
  BOOST_TEST((arp->target_mac() == fields.target_mac));
  BOOST_TEST((arp->target_ip() == fields.target_ip));
  BOOST_TEST(!arp->is_gratuitous());
}

BOOST_AUTO_TEST_CASE(a_truncated_packet_is_refused_at_every_length) {
  for (std::size_t length = 0; length < wire::ArpView::size; ++length) {
    const std::vector<std::uint8_t> cut(recorded.begin() + 14,
                                        recorded.begin() + 14 + static_cast<std::ptrdiff_t>(length));
    BOOST_TEST(!wire::ArpView::parse(cut).has_value());
  }
  const std::vector<std::uint8_t> whole(recorded.begin() + 14, recorded.end());
  BOOST_REQUIRE(wire::ArpView::parse(whole).has_value());
  BOOST_TEST(wire::ArpView::parse(whole)->is_gratuitous());
}

BOOST_AUTO_TEST_CASE(arp_of_other_hardware_or_protocols_is_refused) {
  for (const std::size_t at : {0U, 1U, 2U, 3U, 4U, 5U}) {
    std::vector<std::uint8_t> packet(recorded.begin() + 14, recorded.end());
    packet[at] = static_cast<std::uint8_t>(packet[at] + 1);
    BOOST_TEST(!wire::ArpView::parse(packet).has_value(), "byte " << at);
  }
}

BOOST_AUTO_TEST_SUITE_END()

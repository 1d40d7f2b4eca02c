#include "hal/wire/slow_protocols.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "hal/wire/ethernet.hpp"

namespace {

using namespace bondbox;
using Frame = std::vector<std::uint8_t>;

constexpr MacAddress port_mac{{0x02, 0, 0, 0, 0x0a, 0x01}};
constexpr wire::LacpEnd actor{0xffff, {{0x02, 0, 0, 0, 0x0a, 0}}, 15, 255, 2, 0x07};
constexpr wire::LacpEnd partner{0x8001, {{0x02, 0, 0, 0, 0x0b, 0}}, 0x1234, 0x0102, 0x0304, 0xc7};

Frame bytes_of(const wire::SmallFrame& frame) {
  return {frame.begin(), frame.end()};
}

/// Without the Ethernet header.
Frame pdu_of(const wire::SmallFrame& frame) {
  return {frame.begin() + wire::ethernet_header_size, frame.end()};
}

Frame lacpdu() {
  return pdu_of(wire::build_lacpdu(port_mac, actor, partner));
}

/// A marker information as in marker.pcap.
Frame marker(std::uint8_t type) {
  Frame pdu(wire::slow_pdu_size);
  const std::uint8_t start[] = {2, 1, type, 16, 0x12, 0x34, 2, 0, 0, 0, 0, 0xb0, 0, 0, 0, 0x2a};
  std::copy(std::begin(start), std::end(start), pdu.begin());
  return pdu;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wire_slow_protocols)

BOOST_AUTO_TEST_CASE(an_lacpdu_stands_on_the_wire_as_the_standard_draws_it) {
  Frame expected = {0x01, 0x80, 0xc2, 0, 0,    2, 2,    0,    0, 0,   0x0a, 1, 0x88, 0x09, 1, 1, 1, 20, 0xff, 0xff,
                    2,    0,    0,    0, 0x0a, 0, 0,    15,   0, 255, 0,    2, 7,    0,    0, 0, 2, 20, 0x80, 0x01,
                    2,    0,    0,    0, 0x0b, 0, 0x12, 0x34, 1, 2,   3,    4, 0xc7, 0,    0, 0, 3, 16, 0,    0};
  expected.resize(124);
  BOOST_TEST(bytes_of(wire::build_lacpdu(port_mac, actor, partner)) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_was_built_is_read_back) {
  const Frame pdu = lacpdu();
  const auto view = wire::LacpduView::parse(pdu);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST((view->actor() == actor));
  BOOST_TEST((view->partner() == partner));
  BOOST_TEST(view->version() == 1U);
  BOOST_TEST(view->collector_max_delay() == 0U);
}

BOOST_AUTO_TEST_CASE(a_later_version_and_padding_are_read_as_the_first) {
  Frame pdu = lacpdu();
  pdu[1] = 2;
  pdu.resize(120, 0xaa);
  const auto view = wire::LacpduView::parse(pdu);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST((view->actor() == actor));
}

BOOST_AUTO_TEST_CASE(a_pdu_that_is_cut_off_anywhere_is_none) {
  for (std::size_t size = 0; size < wire::slow_pdu_size; ++size) {
    // Of exactly this size, so that a sanitizer sees any read beyond.
    const Frame whole = lacpdu();
    const Frame cut_lacpdu(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const Frame all = marker(1);
    const Frame cut_marker(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    BOOST_TEST(!wire::LacpduView::parse(cut_lacpdu));
    BOOST_TEST(!wire::MarkerView::parse(cut_marker));
  }
}

BOOST_AUTO_TEST_CASE(another_subtype_and_tlvs_out_of_place_are_refused) {
  for (const std::size_t at : {0U, 2U, 3U, 22U, 23U}) {
    Frame pdu = lacpdu();
    pdu[at] ^= 0x40;
    BOOST_TEST(!wire::LacpduView::parse(pdu), at);
  }
  for (const std::size_t at : {0U, 2U, 3U}) {
    Frame pdu = marker(1);
    pdu[at] ^= 0x40;
    BOOST_TEST(!wire::MarkerView::parse(pdu), at);
  }
  BOOST_TEST(!wire::MarkerView::parse(lacpdu()));
  BOOST_TEST(!wire::LacpduView::parse(marker(1)));
}

BOOST_AUTO_TEST_CASE(a_marker_tells_who_asks_and_its_answer_differs_by_type_and_source_alone) {
  const Frame pdu = marker(1);
  const auto view = wire::MarkerView::parse(pdu);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->is_information());
  BOOST_TEST(view->requester_port() == 0x1234U);
  BOOST_TEST(view->requester_system().text() == "02:00:00:00:00:b0");
  BOOST_TEST(view->transaction() == 42U);
  const wire::SmallFrame answer = wire::build_marker_response(port_mac, *view);
  BOOST_TEST(pdu_of(answer) == marker(2), boost::test_tools::per_element());
  const auto header = wire::EthernetView::parse(answer);
  BOOST_TEST(header->source().text() == port_mac.text());
  BOOST_TEST(header->destination().text() == "01:80:c2:00:00:02");
  BOOST_TEST(!wire::MarkerView::parse(marker(2))->is_information());
}

BOOST_AUTO_TEST_SUITE_END()

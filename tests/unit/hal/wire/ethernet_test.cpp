#include "hal/wire/ethernet.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace wire = bondbox::wire;
using bondbox::MacAddress;
using bondbox::VlanId;

namespace {

std::vector<std::uint8_t> frame_of_types(std::initializer_list<std::uint16_t> words) {
  std::vector<std::uint8_t> frame{0x02, 0, 0, 0, 0, 0xd1, 0x02, 0, 0, 0, 0, 0x51};
  for (const std::uint16_t word : words) {
    frame.push_back(static_cast<std::uint8_t>(word >> 8));
    frame.push_back(static_cast<std::uint8_t>(word & 0xff));
  }
  return frame;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wire_ethernet)

BOOST_AUTO_TEST_CASE(an_untagged_frame_is_read) {
  const auto frame = frame_of_types({0x0800, 0xabcd});
  const auto view = wire::EthernetView::parse(frame);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST((view->destination() == MacAddress{{2, 0, 0, 0, 0, 0xd1}}));
  BOOST_TEST((view->source() == MacAddress{{2, 0, 0, 0, 0, 0x51}}));
  BOOST_TEST(view->ethertype() == 0x0800);
  BOOST_TEST(view->tags().empty());
  BOOST_TEST(!view->vlan().tagged());
  BOOST_TEST(view->payload_offset() == 14U);
  BOOST_TEST(view->payload().size() == 2U);
  BOOST_TEST(view->payload()[0] == 0xab);
}

BOOST_AUTO_TEST_CASE(the_type_stands_after_all_tags) {
  const auto frame = frame_of_types({0x88a8, 0x6064, 0x8100, 0x000a, 0x0806, 0x1111});
  const auto view = wire::EthernetView::parse(frame);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->ethertype() == 0x0806);
  BOOST_REQUIRE(view->tags().size() == 2U);
  BOOST_TEST((view->tags()[0] == wire::VlanTag{0x88a8, 0x6064}));
  BOOST_TEST((view->tags()[1] == wire::VlanTag{0x8100, 0x000a}));
  BOOST_TEST((view->vlan() == VlanId{100}));
  BOOST_TEST(view->tags()[0].priority() == 3);
  BOOST_TEST(view->payload_offset() == 22U);
}

BOOST_AUTO_TEST_CASE(a_third_tag_is_passed_over) {
  const auto frame = frame_of_types({0x8100, 1, 0x8100, 2, 0x8100, 3, 0x0800});
  const auto view = wire::EthernetView::parse(frame);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->ethertype() == 0x0800);
  BOOST_TEST(view->tags().size() == 2U);
  BOOST_TEST(view->payload().empty());
}

BOOST_AUTO_TEST_CASE(a_frame_of_nothing_but_tags_is_read_only_so_far) {
  std::vector<std::uint8_t> frame = frame_of_types({});
  while (frame.size() < 4'000) frame.insert(frame.end(), {0x81, 0x00, 0x00, 0x07});
  const auto view = wire::EthernetView::parse(frame);
  BOOST_REQUIRE(view.has_value());
  BOOST_TEST(view->ethertype() == 0x8100);
  BOOST_TEST(view->payload_offset() == 14 + 4 * wire::EthernetView::tags_read_max);
}

BOOST_AUTO_TEST_CASE(a_frame_cut_at_any_length_is_refused_or_read_as_far_as_it_goes) {
  const auto whole = frame_of_types({0x88a8, 0x0064, 0x8100, 0x000a, 0x0800, 0x4500});
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    const auto view = wire::EthernetView::parse(cut);
    BOOST_REQUIRE(view.has_value() == (length >= 14));
    if (!view) continue;
    const std::uint16_t expected = length < 18 ? 0x88a8 : length < 22 ? 0x8100 : 0x0800;
    BOOST_TEST(view->ethertype() == expected);
    BOOST_TEST(view->tags().size() == (length < 18 ? 0U : length < 22 ? 1U : 2U));
    BOOST_TEST(view->payload_offset() + view->payload().size() == length);
  }
}

BOOST_AUTO_TEST_SUITE_END()

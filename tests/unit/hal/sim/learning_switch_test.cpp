#include "hal/sim/learning_switch.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/hal/nic_fixture.hpp"

using bondbox::MacAddress;
using bondbox::VlanId;
using bondbox::sim::LearningSwitch;
using bondbox::test::contract::make_frame;
using Kind = LearningSwitch::Verdict::Kind;

namespace {

constexpr MacAddress alice{{2, 0, 0, 0, 0, 0xa1}};
constexpr MacAddress bob{{2, 0, 0, 0, 0, 0xb0}};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_learning_switch)

BOOST_AUTO_TEST_CASE(unknown_destinations_are_flooded_and_known_ones_are_not) {
  LearningSwitch box;
  BOOST_TEST((box.handle(1, make_frame(bob, alice, 0)).kind == Kind::flood));
  const auto verdict = box.handle(2, make_frame(alice, bob, 0));
  BOOST_TEST((verdict.kind == Kind::to_port));
  BOOST_TEST(verdict.port == 1U);
}

BOOST_AUTO_TEST_CASE(groups_are_flooded_but_never_the_link_local_ones) {
  LearningSwitch box;
  BOOST_TEST((box.handle(0, make_frame(bondbox::broadcast_mac, alice, 0)).kind == Kind::flood));
  BOOST_TEST((box.handle(0, make_frame(MacAddress{{1, 0, 0x5e, 0, 0, 1}}, alice, 0)).kind == Kind::flood));
  for (std::uint8_t last = 0; last < 16; ++last) {
    BOOST_TEST((box.handle(0, make_frame(MacAddress{{1, 0x80, 0xc2, 0, 0, last}}, bob, 0)).kind == Kind::drop));
  }
  BOOST_TEST((box.handle(0, make_frame(MacAddress{{1, 0x80, 0xc2, 0, 0, 16}}, alice, 0)).kind == Kind::flood));
}

BOOST_AUTO_TEST_CASE(a_frame_never_goes_back_where_it_came_from) {
  LearningSwitch box;
  box.handle(1, make_frame(bob, alice, 0));
  BOOST_TEST((box.handle(1, make_frame(alice, bob, 0)).kind == Kind::drop));
}

BOOST_AUTO_TEST_CASE(a_station_that_moves_is_found_at_its_new_port) {
  LearningSwitch box;
  box.handle(1, make_frame(bob, alice, 0));
  box.handle(3, make_frame(bondbox::broadcast_mac, alice, 0));
  BOOST_TEST((box.port_of(VlanId{}, alice) == std::size_t{3}));
}

BOOST_AUTO_TEST_CASE(vlans_are_kept_apart) {
  LearningSwitch box;
  box.handle(1, make_frame(bob, alice, 0, 80, {0x8100, 10}));
  box.handle(2, make_frame(bob, alice, 0, 80, {0x8100, 20}));
  BOOST_TEST((box.port_of(VlanId{10}, alice) == std::size_t{1}));
  BOOST_TEST((box.port_of(VlanId{20}, alice) == std::size_t{2}));
  BOOST_TEST(!box.port_of(VlanId{}, alice).has_value());
}

BOOST_AUTO_TEST_CASE(a_port_without_link_is_forgotten) {
  LearningSwitch box;
  box.handle(1, make_frame(bob, alice, 0));
  box.handle(2, make_frame(alice, bob, 0));
  box.forget(1);
  BOOST_TEST(!box.port_of(VlanId{}, alice).has_value());
  BOOST_TEST((box.port_of(VlanId{}, bob) == std::size_t{2}));
}

BOOST_AUTO_TEST_CASE(group_sources_are_not_learnt_and_runts_are_dropped) {
  LearningSwitch box;
  const MacAddress group{{1, 0, 0x5e, 0, 0, 1}};
  box.handle(1, make_frame(bob, group, 0));
  BOOST_TEST(!box.port_of(VlanId{}, group).has_value());
  const std::vector<std::uint8_t> runt(13, 0xff);
  BOOST_TEST((box.handle(1, runt).kind == Kind::drop));
}

BOOST_AUTO_TEST_CASE(a_full_database_floods_rather_than_grows) {
  LearningSwitch box;
  MacAddress mac = alice;
  for (std::size_t i = 0; i < LearningSwitch::addresses_max + 10; ++i) {
    bondbox::wire::store_be32(&mac.octets[2], static_cast<std::uint32_t>(i));
    box.handle(1, make_frame(bob, mac, 0));
  }
  BOOST_TEST(!box.port_of(VlanId{}, mac).has_value());
  BOOST_TEST((box.handle(2, make_frame(mac, bob, 0)).kind == Kind::flood));
}

BOOST_AUTO_TEST_SUITE_END()

#include "policies/selection.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/unit/policies/paper_facts.hpp"

namespace {

using namespace bondbox;
using test::name_of;
using test::PaperFacts;

std::string chosen(const BondFacts& facts, std::optional<PortId> current, bool force = false) {
  return name_of(facts, choose_active(facts, current, force));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(selection)

BOOST_AUTO_TEST_CASE(the_first_port_with_link_is_chosen_when_nothing_is_active) {
  PaperFacts bond(3);
  BOOST_TEST(chosen(bond, {}) == "eth0");
  bond[0].link = LinkState::down;
  BOOST_TEST(chosen(bond, {}) == "eth1");
  bond[1].link = LinkState::fail;
  BOOST_TEST(chosen(bond, {}) == "eth2");
  bond[2].link = LinkState::down;
  BOOST_TEST(chosen(bond, {}) == "none");
}

BOOST_AUTO_TEST_CASE(no_ports_give_no_active_port) {
  PaperFacts bond(0);
  BOOST_TEST(chosen(bond, {}) == "none");
  BOOST_TEST(chosen(bond, PortId{3}) == "none");
}

// The kernel's selftest drivers/net/bonding "option_prio": primary eth1, priorities 0, 10 and 11, each
// primary_reselect.
BOOST_AUTO_TEST_CASE(the_priorities_of_the_kernels_selftest_choose_as_there) {
  for (const PrimaryReselect reselect : {PrimaryReselect::always, PrimaryReselect::better, PrimaryReselect::failure}) {
    BOOST_TEST_CONTEXT("primary_reselect " << static_cast<int>(reselect)) {
      const bool always = reselect == PrimaryReselect::always;
      PaperFacts bond(3);
      bond.options.primary = "eth1";
      bond.options.primary_reselect = reselect;
      bond[1].options.prio = 10;
      bond[2].options.prio = 11;
      std::optional<PortId> active = choose_active(bond, {}, true);
      const auto now = [&](std::size_t port, LinkState link) {
        bond[port].link = link;
        active = choose_active(bond, active, false);
        return name_of(bond, active);
      };
      BOOST_TEST(name_of(bond, active) == "eth1");
      BOOST_TEST(now(1, LinkState::down) == "eth2");
      BOOST_TEST(now(2, LinkState::down) == "eth0");
      BOOST_TEST(now(2, LinkState::up) == (always ? "eth2" : "eth0"));
      const std::string before = name_of(bond, active);
      BOOST_TEST(now(1, LinkState::up) == (always ? "eth1" : before));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_primary_stands_above_any_priority) {
  PaperFacts bond(3);
  bond.options.primary = "eth1";
  bond[0].options.prio = 1'000'000;
  bond[2].options.prio = -50;
  BOOST_TEST(chosen(bond, PortId{1}) == "eth1");
  BOOST_TEST(chosen(bond, PortId{0}) == "eth1");
  bond[1].link = LinkState::down;
  BOOST_TEST(chosen(bond, PortId{1}) == "eth0");
}

BOOST_AUTO_TEST_CASE(priorities_may_be_negative) {
  PaperFacts bond(3);
  bond[0].options.prio = -2'147'483'648;
  bond[1].options.prio = -7;
  bond[2].options.prio = -8;
  BOOST_TEST(chosen(bond, {}) == "eth1");
}

BOOST_AUTO_TEST_CASE(an_equal_priority_never_takes_over) {
  PaperFacts bond(3);
  for (const PrimaryReselect reselect : {PrimaryReselect::always, PrimaryReselect::better, PrimaryReselect::failure}) {
    bond.options.primary_reselect = reselect;
    for (std::uint8_t current = 0; current < 3; ++current)
      BOOST_TEST(choose_active(bond, PortId{current}, false).value().index == current);
  }
}

BOOST_AUTO_TEST_CASE(a_port_that_loses_its_link_gives_way_whatever_primary_reselect_says) {
  PaperFacts bond(2);
  for (const PrimaryReselect reselect : {PrimaryReselect::always, PrimaryReselect::better, PrimaryReselect::failure}) {
    bond.options.primary_reselect = reselect;
    bond[1].link = LinkState::down;
    BOOST_TEST(chosen(bond, PortId{1}) == "eth0");
    bond[1].link = LinkState::fail;
    BOOST_TEST(chosen(bond, PortId{1}) == "eth0");
  }
}

BOOST_AUTO_TEST_CASE(better_means_faster_or_as_fast_with_full_duplex) {
  struct Row {
    std::uint32_t speed, speed_now;
    Duplex duplex, duplex_now;
    bool taken;
  };
  constexpr Row rows[] = {
      {1000, 100, Duplex::full, Duplex::full, true},     {100, 1000, Duplex::full, Duplex::full, false},
      {1000, 1000, Duplex::full, Duplex::full, false},   {1000, 1000, Duplex::full, Duplex::half, true},
      {1000, 1000, Duplex::half, Duplex::full, false},   {1000, 1000, Duplex::half, Duplex::half, false},
      {1000, 1000, Duplex::full, Duplex::unknown, true}, {1000, 1000, Duplex::unknown, Duplex::full, false},
      {1000, 100, Duplex::half, Duplex::full, true},     {100, 1000, Duplex::full, Duplex::half, false},
      {0, 1000, Duplex::unknown, Duplex::full, false},   {1000, 0, Duplex::full, Duplex::unknown, true},
      {0, 0, Duplex::unknown, Duplex::unknown, false},
  };
  for (const Row& row : rows) {
    PaperFacts bond(2);
    bond.options.primary = "eth0";
    bond.options.primary_reselect = PrimaryReselect::better;
    bond[0].speed_mbps = row.speed;
    bond[0].duplex = row.duplex;
    bond[1].speed_mbps = row.speed_now;
    bond[1].duplex = row.duplex_now;
    BOOST_TEST_CONTEXT(row.speed << " against " << row.speed_now << " Mbit/s, duplex " << static_cast<int>(row.duplex)
                                 << " against " << static_cast<int>(row.duplex_now)) {
      BOOST_TEST(chosen(bond, PortId{1}) == (row.taken ? "eth0" : "eth1"));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_forced_primary_wins_over_better_and_failure_but_only_with_link) {
  PaperFacts bond(2);
  bond.options.primary = "eth1";
  for (const PrimaryReselect reselect : {PrimaryReselect::better, PrimaryReselect::failure}) {
    bond.options.primary_reselect = reselect;
    bond[1].link = LinkState::up;
    BOOST_TEST(chosen(bond, PortId{0}, false) == "eth0");
    BOOST_TEST(chosen(bond, PortId{0}, true) == "eth1");
    bond[1].link = LinkState::back;
    BOOST_TEST(chosen(bond, PortId{0}, true) == "eth0");
  }
}

BOOST_AUTO_TEST_CASE(a_primary_that_is_no_port_changes_nothing) {
  PaperFacts bond(2);
  bond.options.primary = "eth7";
  BOOST_TEST(find_primary(bond) == nullptr);
  BOOST_TEST(chosen(bond, PortId{1}, true) == "eth1");
  bond.options.primary = "eth1";
  BOOST_TEST(name_of(bond, find_primary(bond)->id) == "eth1");
}

BOOST_AUTO_TEST_CASE(without_a_port_that_is_up_the_one_that_is_back_soonest_is_chosen) {
  PaperFacts bond(3);
  bond.options.updelay_ms = 500;
  bond[0].link = LinkState::down;
  bond[1].link = LinkState::back;
  bond[1].back_left = Ticks{300};
  bond[2].link = LinkState::back;
  bond[2].back_left = Ticks{200};
  BOOST_TEST(chosen(bond, {}) == "eth2");
  bond[1].back_left = Ticks{200};
  BOOST_TEST(chosen(bond, {}) == "eth1");
  bond[0].link = LinkState::up;
  BOOST_TEST(chosen(bond, {}) == "eth0");
}

BOOST_AUTO_TEST_CASE(a_port_whose_updelay_has_just_begun_is_better_than_none) {
  PaperFacts bond(1);
  bond.options.updelay_ms = 500;
  bond[0].link = LinkState::back;
  bond[0].back_left = Ticks{500};
  BOOST_TEST(chosen(bond, {}) == "eth0");
}

BOOST_AUTO_TEST_CASE(a_port_that_was_only_just_added_waits_for_the_first_pass) {
  PaperFacts bond(2);
  bond.options.updelay_ms = 500;
  bond[0].link = LinkState::back;
  bond[0].back_left = Ticks{500};
  bond[0].monitored = false;
  bond[1].link = LinkState::down;
  BOOST_TEST(chosen(bond, {}) == "none");
}

BOOST_AUTO_TEST_CASE(revert_delay_holds_up_a_better_port_while_the_active_one_is_up) {
  PaperFacts bond(3);
  bond.options.primary = "eth0";
  bond.options.revert_delay_ms = 5'000;
  bond[0].up_for = Ticks{4'999};
  bond[1].up_for = Ticks{60'000};
  const PortId eth1{1};
  BOOST_TEST(chosen(bond, eth1) == "eth1");
  BOOST_TEST(waits_to_revert(bond, eth1, false));
  // What was asked for by the primary's coming waits as well, a person does not.
  BOOST_TEST(chosen(bond, eth1, true) == "eth1");
  BOOST_TEST(name_of(bond, choose_active(bond, eth1, true, Revert::at_once)) == "eth0");
  bond[0].up_for = Ticks{5'000};
  BOOST_TEST(chosen(bond, eth1) == "eth0");
  BOOST_TEST(!waits_to_revert(bond, eth1, false));
  bond[0].up_for = Ticks{};
  for (const LinkState lost : {LinkState::fail, LinkState::down, LinkState::back}) {
    bond[1].link = lost;
    BOOST_TEST(chosen(bond, eth1) == "eth0");
  }
}

BOOST_AUTO_TEST_CASE(what_would_not_take_over_anyway_does_not_wait_for_revert_delay) {
  PaperFacts bond(2);
  bond.options.primary = "eth0";
  bond.options.primary_reselect = PrimaryReselect::failure;
  bond.options.revert_delay_ms = 5'000;
  BOOST_TEST(chosen(bond, PortId{1}) == "eth1");
  BOOST_TEST(!waits_to_revert(bond, PortId{1}, false));
  bond.options.primary.clear();
  bond.options.primary_reselect = PrimaryReselect::always;
  BOOST_TEST(!waits_to_revert(bond, PortId{1}, false));
}

BOOST_AUTO_TEST_SUITE_END()

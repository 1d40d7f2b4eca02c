#include "policies/group_rejoiner.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "tests/unit/policies/paper_facts.hpp"

namespace {

using namespace bondbox;
using test::PaperFacts;
using Times = std::vector<std::int64_t>;

/// When groups are joined again up to this tick, if the rejoiner is called when it asks for it.
Times rejoins(GroupRejoiner& rejoiner, const BondFacts& facts, std::int64_t until) {
  Times times;
  for (auto due = rejoiner.next_deadline(); due && due->number <= until; due = rejoiner.next_deadline()) {
    ActionList actions;
    rejoiner.handle(TimerDue{}, facts, *due, actions);
    for (const Action& action : actions)
      if (std::holds_alternative<RejoinGroups>(action)) times.push_back(due->number);
    if (rejoiner.next_deadline() == due) BOOST_FAIL("the deadline does not pass");
  }
  return times;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(group_rejoiner)

BOOST_AUTO_TEST_CASE(groups_are_joined_again_as_often_as_resend_igmp_says) {
  PaperFacts bond(2);
  bond.options.resend_igmp = 3;
  GroupRejoiner rejoiner;
  BOOST_TEST(!rejoiner.next_deadline().has_value());
  rejoiner.start(bond, Tick{1000});
  BOOST_TEST(rejoins(rejoiner, bond, 100'000) == (Times{1010, 1210, 1410}), boost::test_tools::per_element());
  BOOST_TEST(!rejoiner.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(resend_igmp_zero_asks_for_nothing) {
  PaperFacts bond(2);
  bond.options.resend_igmp = 0;
  GroupRejoiner rejoiner;
  rejoiner.start(bond, Tick{1000});
  BOOST_TEST(!rejoiner.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(a_further_change_begins_anew) {
  PaperFacts bond(2);
  bond.options.resend_igmp = 2;
  GroupRejoiner rejoiner;
  rejoiner.start(bond, Tick{0});
  BOOST_TEST(rejoins(rejoiner, bond, 100) == Times{10}, boost::test_tools::per_element());
  rejoiner.start(bond, Tick{150});
  BOOST_TEST(rejoins(rejoiner, bond, 10'000) == (Times{160, 360}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_bond_that_is_down_joins_nothing_and_nothing_is_made_up_for) {
  PaperFacts bond(2);
  bond.options.resend_igmp = 5;
  GroupRejoiner rejoiner;
  bond.facts.bond_up = false;
  rejoiner.start(bond, Tick{0});
  BOOST_TEST(!rejoiner.next_deadline().has_value());
  bond.facts.bond_up = true;
  rejoiner.start(bond, Tick{0});
  bond.facts.bond_up = false;
  ActionList actions;
  rejoiner.handle(Reconfigured{}, bond, Tick{5}, actions);
  bond.facts.bond_up = true;
  rejoiner.handle(Reconfigured{}, bond, Tick{6}, actions);
  BOOST_TEST(actions.empty());
  BOOST_TEST(!rejoiner.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(another_events_timer_is_not_taken_for_its_own) {
  PaperFacts bond(2);
  GroupRejoiner rejoiner;
  rejoiner.start(bond, Tick{0});
  ActionList actions;
  rejoiner.handle(TimerDue{}, bond, Tick{9}, actions);
  rejoiner.handle(MonitorPass{}, bond, Tick{20}, actions);
  BOOST_TEST(actions.empty());
  rejoiner.handle(TimerDue{}, bond, Tick{20}, actions);
  BOOST_TEST(actions.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_full_list_of_actions_costs_no_rejoin) {
  PaperFacts bond(2);
  GroupRejoiner rejoiner;
  rejoiner.start(bond, Tick{0});
  ActionList actions;
  while (actions.push_back(AnnouncePeers{})) {
  }
  rejoiner.handle(TimerDue{}, bond, Tick{10}, actions);
  actions.clear();
  rejoiner.handle(TimerDue{}, bond, Tick{11}, actions);
  BOOST_TEST(actions.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

#include "policies/peer_notifier.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "tests/unit/policies/paper_facts.hpp"

namespace {

using namespace bondbox;
using test::PaperFacts;

std::size_t announcements(const ActionList& actions) {
  std::size_t count = 0;
  for (const Action& action : actions) count += std::holds_alternative<AnnouncePeers>(action) ? 1 : 0;
  return count;
}

/// In how many passes after the start each announcement leaves; 0 is the start itself.
std::vector<int> offsets(PeerNotifier& notifier, const BondFacts& facts, bool in_scheduled_pass, int passes) {
  std::vector<int> found;
  ActionList actions;
  notifier.start(facts, in_scheduled_pass, actions);
  if (in_scheduled_pass) notifier.pass(facts, true, actions);  // the same pass ends
  for (std::size_t i = 0; i < announcements(actions); ++i) found.push_back(0);
  for (int pass = 1; pass <= passes; ++pass) {
    actions.clear();
    notifier.pass(facts, true, actions);
    for (std::size_t i = 0; i < announcements(actions); ++i) found.push_back(pass);
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(peer_notifier)

BOOST_AUTO_TEST_CASE(repeats_follow_a_failover_by_the_passes_observed_on_the_kernel_driver) {
  PaperFacts bond(2);
  bond.options.num_peer_notif = 3;
  bond.options.peer_notif_delay_ms = 300;
  PeerNotifier found_by_monitor, written;
  BOOST_TEST(offsets(found_by_monitor, bond, true, 40) == (std::vector<int>{0, 2, 5}),
             boost::test_tools::per_element());
  BOOST_TEST(offsets(written, bond, false, 40) == (std::vector<int>{0, 3, 6}), boost::test_tools::per_element());
  BOOST_TEST(found_by_monitor.left() == 0U);
}

BOOST_AUTO_TEST_CASE(without_a_delay_there_is_one_announcement_a_pass) {
  PaperFacts bond(2);
  bond.options.num_peer_notif = 4;
  for (const bool scheduled : {true, false}) {
    PeerNotifier notifier;
    BOOST_TEST(offsets(notifier, bond, scheduled, 20) == (std::vector<int>{0, 1, 2, 3}),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(every_number_and_delay_gives_exactly_as_many_announcements) {
  for (const int number : {0, 1, 2, 3, 10, 255}) {
    for (const std::uint32_t delay : {0U, 100U, 200U, 500U}) {
      for (const bool scheduled : {true, false}) {
        PaperFacts bond(2);
        bond.options.num_peer_notif = static_cast<std::uint8_t>(number);
        bond.options.peer_notif_delay_ms = delay;
        PeerNotifier notifier;
        const std::vector<int> found = offsets(notifier, bond, scheduled, 255 * 5 + 10);
        BOOST_TEST_CONTEXT(number << " announcements, " << delay << " ms apart") {
          BOOST_REQUIRE_EQUAL(found.size(), static_cast<std::size_t>(number));
          const int gap = delay == 0 ? 1 : static_cast<int>(delay / 100);
          for (std::size_t i = 2; i < found.size(); ++i) BOOST_REQUIRE_EQUAL(found[i] - found[i - 1], gap);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_delay_shorter_than_miimon_is_one_pass) {
  PaperFacts bond(1);
  bond.options.num_peer_notif = 2;
  bond.options.miimon_ms = 100;
  bond.options.peer_notif_delay_ms = 50;
  PeerNotifier notifier;
  BOOST_TEST(offsets(notifier, bond, false, 5) == (std::vector<int>{0, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_unmonitored_bond_still_announces) {
  PaperFacts bond(1);
  bond.options.miimon_ms = 0;
  bond.options.num_peer_notif = 1;
  PeerNotifier notifier;
  BOOST_TEST(offsets(notifier, bond, false, 3) == (std::vector<int>{0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing_is_counted_while_there_is_no_carrier) {
  PaperFacts bond(2);
  bond.options.num_peer_notif = 2;
  bond[0].link = LinkState::down;
  bond[1].link = LinkState::fail;
  PeerNotifier notifier;
  ActionList actions;
  notifier.start(bond, true, actions);
  for (int pass = 0; pass < 50; ++pass) notifier.pass(bond, false, actions);
  BOOST_TEST(announcements(actions) == 0U);
  BOOST_TEST(notifier.left() == 2U);
  bond[0].link = LinkState::up;
  notifier.pass(bond, true, actions);
  BOOST_TEST(announcements(actions) == 1U);
  notifier.pass(bond, true, actions);
  BOOST_TEST(announcements(actions) == 2U);
  notifier.pass(bond, true, actions);
  BOOST_TEST(announcements(actions) == 2U);
}

BOOST_AUTO_TEST_CASE(a_carrier_lost_between_two_announcements_holds_the_second_back) {
  PaperFacts bond(2);
  bond.options.num_peer_notif = 2;
  bond.options.peer_notif_delay_ms = 300;
  PeerNotifier notifier;
  ActionList actions;
  notifier.start(bond, false, actions);
  for (int pass = 0; pass < 10; ++pass) notifier.pass(bond, false, actions);
  BOOST_TEST(announcements(actions) == 1U);
  notifier.pass(bond, true, actions);
  BOOST_TEST(announcements(actions) == 2U);
}

BOOST_AUTO_TEST_CASE(a_second_failover_begins_anew) {
  PaperFacts bond(2);
  bond.options.num_peer_notif = 3;
  bond.options.peer_notif_delay_ms = 300;
  PeerNotifier notifier;
  BOOST_TEST(offsets(notifier, bond, false, 4) == (std::vector<int>{0, 3}), boost::test_tools::per_element());
  BOOST_TEST(offsets(notifier, bond, false, 20) == (std::vector<int>{0, 3, 6}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(stopping_forgets_what_was_left) {
  PaperFacts bond(2);
  bond.options.num_peer_notif = 5;
  PeerNotifier notifier;
  ActionList actions;
  notifier.start(bond, false, actions);
  notifier.stop();
  actions.clear();
  for (int pass = 0; pass < 10; ++pass) notifier.pass(bond, true, actions);
  BOOST_TEST(actions.empty());
}

BOOST_AUTO_TEST_SUITE_END()

#include "firmware/event_log.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/allocation_counter.hpp"

namespace {

using namespace bondbox;

Event event(std::int64_t tick, const char* text = "carrier on", const char* port = "") {
  Event made;
  made.at = Tick{tick};
  made.bond.assign("bond0");
  made.port.assign(port);
  made.text.assign(text);
  return made;
}

std::vector<std::uint64_t> kept_after(const EventLog& log, std::uint64_t after) {
  std::vector<std::uint64_t> sequences;
  log.for_each_after(after, [&](const Event& kept) { sequences.push_back(kept.sequence); });
  return sequences;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_log)

BOOST_AUTO_TEST_CASE(events_are_numbered_from_one_and_kept_in_order) {
  const auto log = std::make_unique<EventLog>();
  BOOST_TEST(log->last_sequence() == 0U);
  BOOST_TEST(kept_after(*log, 0).empty());
  for (int i = 0; i < 3; ++i) log->record(event(i));
  BOOST_TEST(log->last_sequence() == 3U);
  BOOST_TEST(kept_after(*log, 0) == (std::vector<std::uint64_t>{1, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(kept_after(*log, 2) == (std::vector<std::uint64_t>{3}), boost::test_tools::per_element());
  BOOST_TEST(kept_after(*log, 3).empty());
  BOOST_TEST(kept_after(*log, 99).empty());
}

BOOST_AUTO_TEST_CASE(the_oldest_make_room_for_the_newest) {
  const auto log = std::make_unique<EventLog>();
  const std::uint64_t all = EventLog::capacity + 10;
  for (std::uint64_t i = 1; i <= all; ++i) log->record(event(static_cast<std::int64_t>(i)));
  const auto kept = kept_after(*log, 0);
  BOOST_REQUIRE_EQUAL(kept.size(), EventLog::capacity);
  BOOST_TEST(kept.front() == 11U);
  BOOST_TEST(kept.back() == all);
  log->for_each_after(
      0, [](const Event& one) { BOOST_REQUIRE_EQUAL(static_cast<std::uint64_t>(one.at.number), one.sequence); });
}

BOOST_AUTO_TEST_CASE(a_listener_hears_each_event_as_it_is_recorded) {
  const auto log = std::make_unique<EventLog>();
  std::vector<std::string> heard;
  log->record(event(0));
  log->set_listener([&](const Event& one) { heard.push_back(std::to_string(one.sequence) + " " + event_line(one)); });
  log->record(event(1));
  const std::vector<std::string> wanted = {"2 bond0: carrier on"};
  BOOST_TEST(heard == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(recording_allocates_nothing) {
  const auto log = std::make_unique<EventLog>();
  const Event one = event(1, "link status definitely down, disabling slave", "e0");
  const test::AllocationCounter counter;
  for (std::size_t i = 0; i < 3 * EventLog::capacity; ++i) log->record(one);
  const std::uint64_t made = counter.count();
  BOOST_TEST(made == 0U);
}

BOOST_AUTO_TEST_CASE(lines_have_the_form_of_the_kernels_log) {
  BOOST_TEST(event_line(event(0, "carrier on")) == "bond0: carrier on");
  BOOST_TEST(event_line(event(0, "making interface the new active one", "e1")) ==
             "bond0: (slave e1): making interface the new active one");
}

BOOST_AUTO_TEST_CASE(every_kind_has_a_name_of_its_own) {
  std::vector<std::string> names;
  for (int kind = 0; kind <= static_cast<int>(EventKind::fault); ++kind)
    names.emplace_back(event_kind_name(static_cast<EventKind>(kind)));
  const std::vector<std::string> wanted = {"bond", "port", "link", "active", "announce", "protocol", "option", "fault"};
  BOOST_TEST(names == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

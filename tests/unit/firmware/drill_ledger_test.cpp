#include "firmware/drill_ledger.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace bondbox;

constexpr Ticks every{10};

/// Sends a probe each 10 ms from `from` on; those before `answered_until` and from `answered_from` on are answered.
void play(DrillLedger& ledger, std::int64_t from, int count, std::int64_t answered_until, std::int64_t answered_from,
          std::int64_t round_trip, DrillPart part = DrillPart::away) {
  const std::int64_t end = from + count * every.count + 500;
  for (std::int64_t now = from; now < end; ++now) {
    if ((now - from) % every.count == 0 && now < from + count * every.count) ledger.sent(part, true, Tick{now});
    const std::int64_t asked = now - round_trip;
    const bool is_probe = asked >= from && (asked - from) % every.count == 0 && asked < from + count * every.count;
    if (is_probe && (asked < answered_until || asked >= answered_from)) ledger.answered(true, Tick{now});
    ledger.settle(Tick{now});
  }
  ledger.finish(Tick{end});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drill_ledger)

BOOST_AUTO_TEST_CASE(probes_that_are_all_answered_are_no_outage) {
  DrillLedger ledger(every);
  ledger.expect(Ticks{1}, false);
  play(ledger, 1'000, 20, 5'000, 5'000, 1);
  BOOST_TEST((ledger.part(DrillPart::away) == ProbeCount{20, 0, 0, 0, 0}));
  BOOST_TEST(ledger.strays() == 0U);
}

BOOST_AUTO_TEST_CASE(an_outage_is_from_the_first_lost_probe_to_the_next_answered_one) {
  for (const std::int64_t round_trip : {0, 1, 9, 25}) {
    DrillLedger ledger(every);
    ledger.expect(Ticks{round_trip}, false);
    // Probes of 1100 to 1190 have no answer.
    play(ledger, 1'000, 40, 1'100, 1'200, round_trip);
    BOOST_TEST((ledger.part(DrillPart::away) == ProbeCount{40, 10, 0, 0, 100}), "round trip " << round_trip);
  }
}

BOOST_AUTO_TEST_CASE(an_outage_without_end_lasts_to_the_last_probe) {
  DrillLedger ledger(every);
  ledger.expect(Ticks{1}, false);
  play(ledger, 1'000, 30, 1'200, 9'000, 1);
  BOOST_TEST(ledger.part(DrillPart::away).lost == 10U);
  // The books were closed half a second later, and nothing had come until then.
  BOOST_TEST(ledger.part(DrillPart::away).outage_ms == 600);
}

BOOST_AUTO_TEST_CASE(a_run_of_losses_belongs_to_the_part_in_which_it_began) {
  DrillLedger ledger(every);
  ledger.expect(Ticks{0}, false);
  ledger.sent(DrillPart::away, true, Tick{0});
  ledger.answered(true, Tick{0});
  ledger.sent(DrillPart::away, true, Tick{10});
  ledger.sent(DrillPart::back, true, Tick{20});
  ledger.sent(DrillPart::back, true, Tick{30});
  ledger.answered(true, Tick{30});
  ledger.finish(Tick{40});
  BOOST_TEST((ledger.part(DrillPart::away) == ProbeCount{2, 1, 0, 0, 20}));
  BOOST_TEST((ledger.part(DrillPart::back) == ProbeCount{2, 1, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(a_silence_that_began_before_a_port_was_taken_is_an_outage_of_its_absence) {
  DrillLedger ledger(every);
  ledger.expect(Ticks{2}, false);
  ledger.sent(DrillPart::before, true, Tick{0});
  for (const std::int64_t at : {10, 20, 30}) ledger.sent(DrillPart::away, false, Tick{at});
  ledger.sent(DrillPart::back, true, Tick{40});
  ledger.answered(true, Tick{42});
  ledger.finish(Tick{50});
  BOOST_TEST((ledger.part(DrillPart::before) == ProbeCount{1, 1, 0, 0, 10}));
  BOOST_TEST((ledger.part(DrillPart::away) == ProbeCount{3, 3, 3, 0, 30}));
}

BOOST_AUTO_TEST_CASE(what_was_not_taken_is_lost_out_and_what_got_around_is_lost_in) {
  DrillLedger ledger(every);
  ledger.expect(Ticks{2}, false);
  ledger.sent(DrillPart::away, false, Tick{0});
  ledger.sent(DrillPart::away, true, Tick{10});
  ledger.seen_around(Tick{10});
  ledger.sent(DrillPart::away, true, Tick{20});
  ledger.answered(false, Tick{22});  // by a port that does not deliver it
  ledger.sent(DrillPart::away, true, Tick{30});
  ledger.finish(Tick{40});
  BOOST_TEST((ledger.part(DrillPart::away) == ProbeCount{4, 4, 1, 2, 40}));
}

BOOST_AUTO_TEST_CASE(a_second_answer_to_a_doubled_probe_answers_no_other) {
  DrillLedger ledger(every);
  ledger.expect(Ticks{1}, true);
  ledger.sent(DrillPart::away, true, Tick{0});  // lost
  ledger.sent(DrillPart::away, true, Tick{10});
  ledger.answered(true, Tick{11});
  ledger.answered(true, Tick{11});
  ledger.finish(Tick{20});
  BOOST_TEST((ledger.part(DrillPart::away) == ProbeCount{2, 1, 0, 0, 10}));
}

BOOST_AUTO_TEST_CASE(an_answer_to_nothing_is_a_stray) {
  DrillLedger ledger(every);
  ledger.expect(Ticks{1}, false);
  ledger.answered(true, Tick{5});
  BOOST_TEST(ledger.strays() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

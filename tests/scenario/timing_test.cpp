// When the program wakes, what it does late, and how bounded a step is.
#include <boost/test/unit_test.hpp>

#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::SimBench;
using test::station_mac;

std::int64_t next_wake(SimBench& bench) {
  const auto due = bench.scheduler.next_deadline();
  return due ? due->number : -1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timing)

BOOST_AUTO_TEST_CASE(an_idle_bond_wakes_for_each_poll_and_for_nothing_else) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  for (std::int64_t poll = 100; poll <= 10'000; poll += 100) {
    BOOST_REQUIRE_EQUAL(next_wake(bench), poll);
    bench.run_to(poll);
  }
  const std::uint64_t before = bench.scheduler.status().steps;
  bench.run_to(110'000);
  BOOST_TEST(bench.scheduler.status().steps - before == 1'000U);
}

BOOST_AUTO_TEST_CASE(events_leave_the_grid_of_polls_where_it_is) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.resend_igmp = 0;  // it has times of its own
  bench.add(config);
  for (std::int64_t tick = 137; tick < 2'000; tick += 137) {
    bench.link(tick, "e0", tick % 2 == 0);
    BOOST_REQUIRE_EQUAL(next_wake(bench) % 100, 0);
    BOOST_REQUIRE_LT(tick, next_wake(bench));
    BOOST_REQUIRE_LE(next_wake(bench), tick + 100);
  }
}

BOOST_AUTO_TEST_CASE(frames_do_not_move_the_polls_either) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  for (std::int64_t tick = 1; tick < 500; ++tick) {
    bench.run_to(tick);
    bench.host_sends(data_frame(station_mac(0), card_mac(0)));
    BOOST_REQUIRE_EQUAL(next_wake(bench), tick / 100 * 100 + 100);
  }
}

BOOST_AUTO_TEST_CASE(a_new_interval_begins_with_the_write) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(130);
  BOOST_REQUIRE(bench.set("miimon", "20").ok());
  BOOST_TEST(next_wake(bench) == 150);
  bench.run_to(1'005);
  BOOST_REQUIRE(bench.set("miimon", "1000").ok());
  BOOST_TEST(next_wake(bench) == 2'005);
}

BOOST_AUTO_TEST_CASE(a_write_alone_makes_sure_that_the_next_poll_comes) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(130);
  // One step, in which the write comes after the look at the links.
  bench.scheduler.step([&](Tick) { BOOST_REQUIRE(bench.bond().write("miimon", "20").ok()); });
  BOOST_REQUIRE(bench.scheduler.next_deadline().has_value());
  BOOST_TEST(next_wake(bench) <= 150);
}

BOOST_AUTO_TEST_CASE(several_bonds_wake_at_the_soonest_of_their_polls) {
  SimBench bench({"e0", "e1"});
  BondConfig fast = SimBench::config({"e0"}, "bond0");
  BondConfig slow = SimBench::config({"e1"}, "bond1");
  fast.options.miimon_ms = 30;
  slow.options.miimon_ms = 70;
  bench.add(fast);
  bench.add(slow);
  std::vector<std::int64_t> wakes;
  while (next_wake(bench) <= 210) {
    wakes.push_back(next_wake(bench));
    bench.run_to(wakes.back());
  }
  const std::vector<std::int64_t> wanted = {30, 60, 70, 90, 120, 140, 150, 180, 210};
  BOOST_TEST(wakes == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ticks_by_which_a_poll_is_late_are_counted_and_polls_slept_through_are_not_made_up) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(1'000);
  BOOST_TEST(bench.scheduler.status().overruns == 0U);
  bench.clock.advance_to(Tick{1'107});  // due at 1100
  bench.settle();
  BOOST_TEST(bench.scheduler.status().overruns == 1U);
  BOOST_TEST(bench.scheduler.status().overrun_ticks == 7U);
  BOOST_TEST(next_wake(bench) == 1'200);
  bench.clock.advance_to(Tick{5'555});  // due at 1200
  bench.settle();
  BOOST_TEST(bench.scheduler.status().overruns == 2U);
  BOOST_TEST(bench.scheduler.status().overrun_ticks == 7U + 4'355U);
  BOOST_TEST(bench.scheduler.status().worst_overrun_ms == 4'355);
  BOOST_TEST(next_wake(bench) == 5'655);
  bench.run_to(20'000);
  BOOST_TEST(bench.scheduler.status().overruns == 2U);
}

BOOST_AUTO_TEST_CASE(a_clock_that_stands_still_does_no_harm) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(500);
  for (int i = 0; i < 1'000; ++i) BOOST_REQUIRE(!bench.scheduler.step());
  BOOST_TEST(next_wake(bench) == 600);
  BOOST_TEST(bench.port("e0").failures == 0U);
}

BOOST_AUTO_TEST_CASE(a_step_moves_a_bounded_number_of_frames_and_asks_for_another) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  constexpr std::uint64_t waiting = 1'000;
  for (std::uint32_t i = 0; i < waiting; ++i)
    BOOST_REQUIRE(bench.host().inject(data_frame(station_mac(0), card_mac(0), i)));
  BOOST_TEST(bench.scheduler.step());
  const std::uint64_t first = bench.port("e0").counters.tx_frames;
  BOOST_TEST(first > 0U);
  BOOST_TEST(first < waiting);
  int steps = 1;
  while (bench.scheduler.step()) ++steps;
  BOOST_TEST(bench.port("e0").counters.tx_frames == waiting);
  BOOST_TEST(static_cast<std::uint64_t>(steps) * first <= waiting + first);
}

BOOST_AUTO_TEST_CASE(an_hour_with_a_flap_a_minute_ends_as_it_began) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  constexpr std::int64_t minute = 60'000;
  for (std::int64_t i = 0; i < 60; ++i) {
    bench.link(i * minute + 10'000, "e0", false);
    bench.link(i * minute + 20'000, "e0", true);
    bench.link(i * minute + 30'000, "e1", false);
    bench.link(i * minute + 40'000, "e1", true);
  }
  bench.run_to(60 * minute);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.port("e0").failures == 60U);
  BOOST_TEST(bench.port("e1").failures == 60U);
  BOOST_TEST(bench.status().failovers == 120U);
  BOOST_TEST(bench.scheduler.status().overruns == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

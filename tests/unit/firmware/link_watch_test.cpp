// How often links are looked at between polls, by what ports carry.
#include "firmware/link_watch.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace bondbox;

constexpr Ticks interval = ticks_from_ms(100);

/// A watch over one or two ports that have carried nothing yet, at tick 0.
struct Watched {
  LinkWatch watch;
  LinkWatch::TrafficList traffic;
  Tick now{};

  explicit Watched(std::uint8_t ports = 1) {
    for (std::uint8_t i = 0; i < ports; ++i) traffic.push_back({PortId{i}, true, 0, 0});
    pass(Ticks{0});
  }
  /// A step after so many ticks.
  void pass(Ticks ticks) {
    now = now + ticks;
    watch.note(traffic, interval, now);
  }
  /// How many ticks until the next look; 0: none before the next poll.
  std::int64_t wait() const { return watch.due() ? (*watch.due() - now).count : 0; }
  /// The same after an interval in which a port received so many frames, and a poll.
  std::int64_t after(std::uint64_t received, std::size_t port = 0) {
    traffic[port].received += received;
    pass(interval);
    watch.looked(now);
    return wait();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(link_watch)

BOOST_AUTO_TEST_CASE(an_idle_port_and_one_with_a_few_frames_are_left_to_the_polls) {
  Watched bench;
  BOOST_TEST(bench.after(0) == 0);
  BOOST_TEST(bench.after(7) == 0);
}

BOOST_AUTO_TEST_CASE(a_port_that_only_receives_is_looked_at_once_in_the_time_of_four_frames_but_not_within_a_tick) {
  Watched bench;
  BOOST_TEST(bench.after(8) == 50);
  BOOST_TEST(bench.after(40) == 10);
  BOOST_TEST(bench.after(400) == 1);
  BOOST_TEST(bench.after(1'000'000) == 1);
}

BOOST_AUTO_TEST_CASE(a_flow_that_has_just_come_to_a_port_is_looked_after_from_its_first_frames_on) {
  Watched bench;
  for (int tick = 0; tick < 4; ++tick) {
    bench.traffic[0].received += 10;
    bench.pass(Ticks{1});
  }
  BOOST_TEST(bench.wait() == 1);
  bench.traffic[0].received += 32;
  bench.pass(Ticks{16});
  BOOST_TEST(bench.wait() == 2 - 16);  // since it was found to need looks: one is due
  bench.watch.looked(bench.now);
  BOOST_TEST(bench.wait() == 2);
}

BOOST_AUTO_TEST_CASE(each_frame_that_a_port_sends_puts_its_look_off) {
  Watched bench;
  BOOST_REQUIRE_EQUAL(bench.after(40), 10);
  for (int frame = 0; frame < 5; ++frame) {
    ++bench.traffic[0].sent;
    bench.pass(Ticks{9});
    BOOST_TEST(bench.wait() == 10);
  }
  bench.pass(Ticks{9});
  BOOST_TEST(bench.wait() == 1);
}

BOOST_AUTO_TEST_CASE(a_flow_out_that_leaves_the_port_of_a_flow_in_leaves_it_to_the_looks_at_once) {
  Watched bench(2);
  for (int tick = 0; tick < 50; ++tick) {
    bench.traffic[0].received += 10;
    bench.traffic[0].sent += 10;
    bench.pass(Ticks{1});
    BOOST_REQUIRE(bench.wait() >= 0);
  }
  bench.traffic[0].received += 10;
  bench.traffic[1].sent += 10;
  bench.pass(Ticks{1});
  BOOST_TEST(bench.wait() == 0);
  BOOST_TEST((bench.watch.due() == bench.now));
}

BOOST_AUTO_TEST_CASE(what_a_port_receives_without_delivering_it_asks_for_no_looks) {
  Watched bench;
  bench.traffic[0].delivers = false;
  BOOST_TEST(bench.after(1'000) == 0);
  // Nor is it taken for traffic of the first interval in which it does deliver.
  bench.traffic[0].delivers = true;
  BOOST_TEST(bench.after(0) == 0);
}

BOOST_AUTO_TEST_CASE(the_port_that_needs_most_looks_decides) {
  Watched bench(2);
  bench.traffic[0].received += 40;
  BOOST_TEST(bench.after(400, 1) == 1);
  bench.traffic[1].received += 8;
  BOOST_TEST(bench.after(80, 0) == 5);
}

BOOST_AUTO_TEST_CASE(looks_follow_each_other_at_the_same_pace_until_an_interval_has_passed) {
  Watched bench;
  BOOST_REQUIRE_EQUAL(bench.after(40), 10);
  bench.watch.looked(bench.now + Ticks{13});
  BOOST_TEST(bench.wait() == 23);
  BOOST_TEST(bench.after(0) == 0);
}

BOOST_AUTO_TEST_CASE(counters_that_begin_anew_are_no_traffic) {
  Watched bench;
  BOOST_REQUIRE_EQUAL(bench.after(4'000), 1);
  bench.traffic[0] = {PortId{0}, true, 0, 0};
  BOOST_TEST(bench.after(3) == 0);
}

BOOST_AUTO_TEST_CASE(a_port_that_has_left_asks_for_nothing) {
  Watched bench(2);
  BOOST_REQUIRE_EQUAL(bench.after(4'000, 1), 1);
  bench.traffic.erase_at(1);
  bench.pass(Ticks{1});
  BOOST_TEST(!bench.watch.due().has_value());
}

BOOST_AUTO_TEST_CASE(a_stopped_watch_asks_for_nothing) {
  Watched bench;
  BOOST_REQUIRE_EQUAL(bench.after(4'000), 1);
  bench.watch.stop();
  BOOST_TEST(!bench.watch.due().has_value());
  bench.watch.looked(bench.now);
  BOOST_TEST(!bench.watch.due().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

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
    watch.poll(traffic, interval, now);
  }
  /// An interval later: how many ticks until the first look; 0: none before the next poll.
  std::int64_t after(std::uint64_t received, std::uint64_t sent, std::size_t port = 0) {
    traffic[port].received += received;
    traffic[port].sent += sent;
    now = now + interval;
    watch.poll(traffic, interval, now);
    return watch.due() ? (*watch.due() - now).count : 0;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(link_watch)

BOOST_AUTO_TEST_CASE(an_idle_port_and_one_with_a_few_frames_are_left_to_the_polls) {
  Watched bench;
  BOOST_TEST(bench.after(0, 0) == 0);
  BOOST_TEST(bench.after(7, 0) == 0);
}

BOOST_AUTO_TEST_CASE(a_port_that_only_receives_is_looked_at_once_in_the_time_of_four_frames_but_not_within_a_tick) {
  Watched bench;
  BOOST_TEST(bench.after(8, 0) == 50);
  BOOST_TEST(bench.after(40, 0) == 10);
  BOOST_TEST(bench.after(400, 0) == 1);
  BOOST_TEST(bench.after(1'000'000, 0) == 1);
}

BOOST_AUTO_TEST_CASE(a_port_that_sends_as_often_as_it_would_be_looked_at_needs_no_looks) {
  Watched bench;
  BOOST_TEST(bench.after(40, 9) == 10);
  BOOST_TEST(bench.after(40, 10) == 0);
  BOOST_TEST(bench.after(1'000'000, 99) == 1);
  BOOST_TEST(bench.after(1'000'000, 100) == 0);
}

BOOST_AUTO_TEST_CASE(what_a_port_receives_without_delivering_it_asks_for_no_looks) {
  Watched bench;
  bench.traffic[0].delivers = false;
  BOOST_TEST(bench.after(1'000, 0) == 0);
  // Nor is it taken for traffic of the first interval in which it does deliver.
  bench.traffic[0].delivers = true;
  BOOST_TEST(bench.after(0, 0) == 0);
}

BOOST_AUTO_TEST_CASE(the_port_that_needs_most_looks_decides) {
  Watched bench(2);
  bench.traffic[0].received += 40;
  BOOST_TEST(bench.after(400, 0, 1) == 1);
  bench.traffic[1].sent += 1'000;
  BOOST_TEST(bench.after(80, 0, 0) == 5);
}

BOOST_AUTO_TEST_CASE(looks_follow_each_other_at_the_same_pace_until_a_poll_says_otherwise) {
  Watched bench;
  BOOST_REQUIRE_EQUAL(bench.after(40, 0), 10);
  bench.watch.looked(bench.now + Ticks{13});
  BOOST_REQUIRE(bench.watch.due().has_value());
  BOOST_TEST((*bench.watch.due() - bench.now).count == 23);
  BOOST_TEST(bench.after(0, 0) == 0);
}

BOOST_AUTO_TEST_CASE(counters_that_begin_anew_are_no_traffic) {
  Watched bench;
  BOOST_REQUIRE_EQUAL(bench.after(4'000, 0), 1);
  bench.traffic[0] = {PortId{0}, true, 0, 0};
  BOOST_TEST(bench.after(3, 0) == 0);
}

BOOST_AUTO_TEST_CASE(a_stopped_watch_asks_for_nothing) {
  Watched bench;
  BOOST_REQUIRE_EQUAL(bench.after(4'000, 0), 1);
  bench.watch.stop();
  BOOST_TEST(!bench.watch.due().has_value());
  bench.watch.looked(bench.now);
  BOOST_TEST(!bench.watch.due().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

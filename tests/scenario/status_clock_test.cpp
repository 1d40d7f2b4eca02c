// Status with a clock: since when something is wrong, and what happened last.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "firmware/render.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;

/// 2026-11-23T12:00:00Z at tick 0.
constexpr WallClock noon{1'795'435'200'000};

struct Pulled : test::SimBench {
  Pulled() : SimBench({"e0", "e1"}) {
    add({"e0", "e1"});
    link(69'000, "e0", false);
  }
  std::string trouble(const WallClock* wall) {
    const std::string text = render_text(status(), wall);
    const std::size_t at = text.find("  DEGRADED: ");
    return at == std::string::npos ? std::string() : text.substr(at, text.find('\n', at) - at);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(status_clock)

BOOST_AUTO_TEST_CASE(a_dead_link_is_told_with_the_time_it_died_at) {
  Pulled bench;
  bench.run_to(200'000);
  BOOST_TEST(bench.trouble(&noon) == "  DEGRADED: e0 has had no link since 12:01:09 UTC (2 m 11 s)");
  BOOST_TEST(bench.trouble(nullptr) == "  DEGRADED: e0 has had no link for 2 m 11 s");
}

BOOST_AUTO_TEST_CASE(a_link_that_died_on_another_day_is_told_with_its_date) {
  Pulled bench;
  bench.run_to(13LL * 3'600'000);
  BOOST_TEST(bench.trouble(&noon) == "  DEGRADED: e0 has had no link since 2026-11-23 12:01 UTC (12 h 58 m)");
}

BOOST_AUTO_TEST_CASE(the_latest_events_of_each_bond_stand_in_its_json_oldest_first) {
  Pulled bench;
  bench.link(70'000, "e0", true);
  bench.run_to(71'000);
  const BondStatus status = bench.status();
  const auto json = boost::json::parse(render_json({&status, 1}, {}, noon, nullptr, &bench.events));
  const auto& events = json.at_pointer("/bonds/0/events").as_array();
  BOOST_REQUIRE(events.size() > 3U);
  BOOST_TEST(events.size() <= 16U);
  std::string down;
  std::uint64_t before = 0;
  for (const auto& event : events) {
    BOOST_TEST(event.at("sequence").to_number<std::uint64_t>() > before);
    before = event.at("sequence").to_number<std::uint64_t>();
    const std::string text(event.at("text").as_string());
    if (text.find("link status definitely down") == std::string::npos) continue;
    BOOST_TEST(event.at("port").as_string() == "e0");
    BOOST_TEST(event.at("tick").as_int64() == 69'000);
    BOOST_TEST(event.at("wall_time_ms").as_int64() == noon.tick_zero_ms + 69'000);
    down = text;
  }
  BOOST_TEST(!down.empty());
  BOOST_TEST(before == bench.events.last_sequence());
}

BOOST_AUTO_TEST_SUITE_END()

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "tests/bench/results.hpp"

namespace bondbox::bench {
namespace {

constexpr double failed = std::numeric_limits<double>::quiet_NaN();

Results some_results() {
  Results results;
  results.machine = "2 CPUs <of a & b>";
  results.rounds = 3;
  results.seconds = 1;
  Contestant bare{.key = "bare", .title = "a cable"};
  bare.values[Measure::tcp_tx] = {40, 50, 20};
  bare.values[Measure::rtt] = {6, 6, 6};
  Contestant packet{.key = "packet", .title = "packet path"};
  packet.values[Measure::tcp_tx] = {20, 30, failed};
  packet.values[Measure::rtt] = {12, 18, 24};
  packet.values[Measure::cpu_tx] = {0.1, 0.2, 0.3};
  packet.lost_out = {0, 4, 1};
  packet.lost_in = {2, 2, 9};
  packet.notes = {"a round failed"};
  Contestant ovs{.key = "ovs", .title = "Open vSwitch", .skipped = "it is not here"};
  results.contestants = {bare, packet, ovs};
  results.tables.push_back({.key = "micro",
                            .title = "cost",
                            .columns = {{"ns", "ns"}, {"instructions", "instr"}},
                            .rows = {{"hash", "a hash", {12.5, failed}}},
                            .note = {}});
  return results;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

BOOST_AUTO_TEST_SUITE(bench_report)

BOOST_AUTO_TEST_CASE(the_json_has_ratios_by_contestant_and_absolute_figures_of_all) {
  const boost::json::value document = boost::json::parse(as_json(some_results()));
  BOOST_TEST(document.at_pointer("/ratios/packet/tcp_tx").to_number<double>() == 0.55);
  BOOST_TEST(document.at_pointer("/ratios/packet/rtt").to_number<double>() == 3.0);
  BOOST_TEST(document.at_pointer("/absolute/bare/tcp_tx").to_number<double>() == 40.0);
  BOOST_TEST(document.at_pointer("/absolute/packet/tcp_tx").to_number<double>() == 25.0);
  BOOST_TEST(document.at_pointer("/loss/packet/in/worst").to_number<double>() == 9.0);
  BOOST_TEST(document.at_pointer("/loss/packet/out/median").to_number<double>() == 1.0);
  BOOST_TEST(document.at_pointer("/tables/micro/hash/ns").to_number<double>() == 12.5);
  BOOST_TEST(document.at_pointer("/tables/micro/hash/instructions").is_null());
}

BOOST_AUTO_TEST_CASE(the_json_says_why_a_contestant_is_skipped_and_has_no_figures_of_it) {
  const boost::json::value document = boost::json::parse(as_json(some_results()));
  BOOST_TEST(document.at_pointer("/skipped/ovs").as_string() == "it is not here");
  BOOST_TEST(!document.at("ratios").as_object().contains("ovs"));
  BOOST_TEST(!document.at("ratios").as_object().contains("bare"));
  BOOST_TEST(!document.at_pointer("/ratios/packet").as_object().contains("cpu_tx"));
  BOOST_TEST(document.at_pointer("/absolute/packet").as_object().contains("cpu_tx"));
}

BOOST_AUTO_TEST_CASE(the_text_names_every_contestant_and_what_was_skipped) {
  const std::string text = as_text(some_results());
  BOOST_TEST(text.find("packet") != std::string::npos);
  BOOST_TEST(text.find("25.00 [20.0-30.0] 0.55") != std::string::npos);
  BOOST_TEST(text.find("skipped: ovs: it is not here\n") != std::string::npos);
  BOOST_TEST(text.find("note: packet: a round failed\n") != std::string::npos);
  BOOST_TEST(text.find("1, worst 4") != std::string::npos);
  BOOST_TEST(text.find("nan") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_picture_has_a_bar_for_each_measured_ratio) {
  const Results results = some_results();
  const std::string svg = as_svg(results);
  // One of the legend, two of the figures.
  BOOST_TEST(count_of(svg, "<rect ") == 3U);
  BOOST_TEST(count_of(svg, "<svg ") == 1U);
  BOOST_TEST(svg.ends_with("</svg>\n"));
  BOOST_TEST(count_of(svg, "nan") == 0U);
}

BOOST_AUTO_TEST_CASE(the_pictures_words_cannot_break_its_markup) {
  const std::string svg = as_svg(some_results());
  BOOST_TEST(svg.find("2 CPUs &lt;of a &amp; b&gt;") != std::string::npos);
  BOOST_TEST(svg.find("<of") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_round_trip_with_polling_is_compared_with_the_cable_that_does_not_poll) {
  Results results = some_results();
  results.contestants[1].values[Measure::rtt_polling] = {9, 12, 15};
  BOOST_TEST(ratio(results, results.contestants[1], Measure::rtt_polling).median == 2.0);
}

BOOST_AUTO_TEST_CASE(every_measure_has_a_name_of_its_own) {
  for (const MeasureInfo& one : all_measures()) {
    BOOST_TEST(&info(one.measure) == &one);
    for (const MeasureInfo& other : all_measures()) BOOST_TEST((&one == &other || one.key != other.key));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace bondbox::bench

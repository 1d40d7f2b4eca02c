#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "tests/bench/statistics.hpp"

namespace bondbox::bench {
namespace {

constexpr double failed = std::numeric_limits<double>::quiet_NaN();

BOOST_AUTO_TEST_SUITE(bench_statistics)

BOOST_AUTO_TEST_CASE(the_median_is_the_middle_value_or_the_mean_of_the_two) {
  BOOST_TEST(median({3, 1, 2}) == 2.0);
  BOOST_TEST(median({4, 1, 3, 2}) == 2.5);
  BOOST_TEST(median({7}) == 7.0);
  BOOST_TEST(std::isnan(median({})));
}

BOOST_AUTO_TEST_CASE(a_percentile_is_a_value_that_was_measured) {
  std::vector<double> values;
  for (int i = 100; i >= 1; --i) values.push_back(i);
  BOOST_TEST(percentile(values, 0.99) == 99.0);
  BOOST_TEST(percentile(values, 0.5) == 50.0);
  BOOST_TEST(percentile(values, 1) == 100.0);
  BOOST_TEST(percentile(values, 0) == 1.0);
  BOOST_TEST(std::isnan(percentile({}, 0.5)));
}

BOOST_AUTO_TEST_CASE(a_failed_round_is_left_out_of_the_summary) {
  const Summary summary = summarise({5, failed, 1, 3});
  BOOST_TEST(summary.count == 3U);
  BOOST_TEST(summary.median == 3.0);
  BOOST_TEST(summary.low == 1.0);
  BOOST_TEST(summary.high == 5.0);
  BOOST_TEST(summarise({failed}).count == 0U);
}

BOOST_AUTO_TEST_CASE(a_ratio_is_taken_within_a_round) {
  const std::vector<double> found = ratios({10, 30, failed, 4}, {20, 20, 20, 0});
  BOOST_REQUIRE(found.size() == 4U);
  BOOST_TEST(found[0] == 0.5);
  BOOST_TEST(found[1] == 1.5);
  BOOST_TEST(std::isnan(found[2]));
  BOOST_TEST(std::isnan(found[3]));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace bondbox::bench

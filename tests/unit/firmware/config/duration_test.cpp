#include "firmware/config/duration.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using bondbox::parse_duration;

std::int64_t milliseconds(std::string_view text) {
  const auto span = parse_duration(text);
  return span ? span->count : -1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(duration)

BOOST_AUTO_TEST_CASE(spans_are_numbers_with_a_unit) {
  BOOST_CHECK_EQUAL(milliseconds("500ms"), 500);
  BOOST_CHECK_EQUAL(milliseconds("1s"), 1000);
  BOOST_CHECK_EQUAL(milliseconds("1.5s"), 1500);
  BOOST_CHECK_EQUAL(milliseconds("0.001s"), 1);
  BOOST_CHECK_EQUAL(milliseconds("2m"), 120'000);
  BOOST_CHECK_EQUAL(milliseconds("1000h"), 3'600'000'000);
  BOOST_CHECK_EQUAL(milliseconds("0ms"), 0);
  BOOST_CHECK_EQUAL(milliseconds("0.1m"), 6000);
}

BOOST_AUTO_TEST_CASE(what_is_no_whole_number_of_milliseconds_is_refused) {
  for (const char* text : {"", "5", "ms", "s", "-1s", "+1s", "1 s", "1.5ms", "0.0001s", ".5s", "1.s", "1.2.3s", "1us",
                           "1sec", "1001h", "99999999999999999999s", "1e3s", "1s "})
    BOOST_CHECK_MESSAGE(!parse_duration(text), text);
}

BOOST_AUTO_TEST_CASE(spans_are_written_as_short_as_they_can_be) {
  BOOST_CHECK_EQUAL(bondbox::duration_text({500}), "500ms");
  BOOST_CHECK_EQUAL(bondbox::duration_text({1500}), "1.5s");
  BOOST_CHECK_EQUAL(bondbox::duration_text({12'000}), "12s");
  BOOST_CHECK_EQUAL(bondbox::duration_text({1001}), "1.001s");
  BOOST_CHECK_EQUAL(bondbox::duration_text({0}), "0s");
}

BOOST_AUTO_TEST_SUITE_END()

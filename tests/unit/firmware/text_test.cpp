#include "firmware/text.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

using namespace bondbox;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(format_is_printf_into_a_string_of_any_length) {
  BOOST_TEST(format("%s: %u ms", "e0", 100U) == "e0: 100 ms");
  BOOST_TEST(format("%s", "") == "");
  const std::string longer(10'000, 'x');
  BOOST_TEST(format("%s!", longer.c_str()) == longer + "!");
}

BOOST_AUTO_TEST_CASE(append_format_keeps_what_was_there) {
  std::string text = "a";
  append_format(text, "%d", 1);
  append_format(text, "%s", "");
  append_format(text, "%c", 'b');
  BOOST_TEST(text == "a1b");
}

BOOST_AUTO_TEST_CASE(fixed_text_cuts_off_what_does_not_fit) {
  FixedText<4> text("abcdef");
  BOOST_TEST(text.view() == "abcd");
  BOOST_TEST((text == "abcd"));
  text.assign("");
  BOOST_TEST(text.empty());
  text.assign("xy");
  BOOST_TEST(text.str() == "xy");
  BOOST_TEST(!text.empty());
}

BOOST_AUTO_TEST_SUITE_END()

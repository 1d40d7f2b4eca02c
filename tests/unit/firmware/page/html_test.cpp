#include "firmware/page/html.hpp"

#include <boost/test/unit_test.hpp>

namespace bondbox::page {

BOOST_AUTO_TEST_SUITE(page_html)

BOOST_AUTO_TEST_CASE(what_means_something_to_html_becomes_a_reference) {
  BOOST_TEST(escaped("<b a=\"1\" c='2'>&amp;</b>") == "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;");
  BOOST_TEST(escaped("eth0.12-a_b") == "eth0.12-a_b");
  BOOST_TEST(escaped("").empty());
}

BOOST_AUTO_TEST_CASE(characters_beyond_ascii_stay) {
  BOOST_TEST(escaped("k\u00e4se \u5b57 \U0001f600") == "k\u00e4se \u5b57 \U0001f600");
}

BOOST_AUTO_TEST_CASE(control_characters_and_those_that_turn_the_direction_are_replaced) {
  BOOST_TEST(escaped("a\nb\r\x7f") == "a\nb\ufffd\ufffd");
  BOOST_TEST(escaped(std::string_view("\0x", 2)) == "\ufffdx");
  BOOST_TEST(escaped("\u0085") == "\ufffd");
  BOOST_TEST(escaped("a\u202eb\u2066c\u200f") == "a\ufffdb\ufffdc\ufffd");
}

BOOST_AUTO_TEST_CASE(what_is_not_utf_8_is_replaced_byte_by_byte) {
  BOOST_TEST(escaped("\xff<") == "\ufffd&lt;");
  BOOST_TEST(escaped("\xc0\xbc") == "\ufffd\ufffd");            // '<', longer than need be
  BOOST_TEST(escaped("\xe0\x80\xbc") == "\ufffd\ufffd\ufffd");  // the same
  BOOST_TEST(escaped("\xed\xa0\x80") == "\ufffd\ufffd\ufffd");  // half of a surrogate pair
  BOOST_TEST(escaped("\xf4\x90\x80\x80") == "\ufffd\ufffd\ufffd\ufffd");
  BOOST_TEST(escaped("\xe5\xad") == "\ufffd\ufffd");  // cut off
  BOOST_TEST(escaped("\xe5<a>") == "\ufffd&lt;a&gt;");
}

BOOST_AUTO_TEST_CASE(a_pattern_is_filled_in_order_and_what_was_filled_in_is_not_looked_at_again) {
  BOOST_TEST(Html().add("<b>%</b>@%", {"a%@<", "<i>%</i>", "z"}).take() == "<b>a%@&lt;</b><i>%</i>z");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::page

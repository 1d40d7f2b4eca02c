#include "firmware/control_protocol.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

namespace {

using namespace bondbox;
using Words = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(control_protocol)

BOOST_AUTO_TEST_CASE(words_come_out_as_they_went_in) {
  const Words all[] = {{"status"}, {"set", "bond0", "primary", ""}, {"", "", ""}, {"a b", "\n", "\xff"}};
  for (const Words& words : all) {
    const auto back = control::decode_request(control::encode_request(words));
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST(*back == words, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(requests_that_are_empty_unended_or_too_long_are_refused) {
  using std::string_view_literals::operator""sv;
  BOOST_TEST(!control::decode_request("").has_value());
  BOOST_TEST(!control::decode_request("status").has_value());
  BOOST_TEST(!control::decode_request("status\0bond0"sv).has_value());
  std::string longest(control::request_size_max, 'x');
  longest.back() = '\0';
  BOOST_TEST(control::decode_request(longest).has_value());
  BOOST_TEST(!control::decode_request("x" + longest).has_value());
}

BOOST_AUTO_TEST_CASE(replies_come_out_as_they_went_in) {
  for (const Reply& reply : {Reply{0, ""}, Reply{1, "EINVAL: no\n"}, Reply{2, "usage: set\n\nmore\n"}}) {
    const auto back = control::decode_reply(control::encode_reply(reply));
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST(back->exit_status == reply.exit_status);
    BOOST_TEST(back->text == reply.text);
  }
}

BOOST_AUTO_TEST_CASE(what_does_not_begin_with_an_exit_status_is_no_reply) {
  for (const char* bytes : {"", "\n", "0", "x\n", "1x\n", " 1\n", "99999999999999\n"})
    BOOST_TEST(!control::decode_reply(bytes).has_value(), bytes);
}

BOOST_AUTO_TEST_SUITE_END()

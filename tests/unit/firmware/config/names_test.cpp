#include "firmware/config/names.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <string>

namespace {

constexpr std::array<std::string_view, 4> known = {"miimon", "mode", "primary", "fail_over_mac"};

}  // namespace

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(typing_errors_find_the_name_that_was_meant) {
  for (const char* typed : {"mimon", "miiimon", "mimion", "MIIMON", "miiman"})
    BOOST_CHECK_EQUAL(bondbox::nearest_name(typed, known), "miimon");
  BOOST_CHECK_EQUAL(bondbox::nearest_name("moed", known), "mode");
  BOOST_CHECK_EQUAL(bondbox::nearest_name("fail-over_mac", known), "fail_over_mac");
  BOOST_CHECK_EQUAL(bondbox::nearest_name("failovermac", known), "fail_over_mac");
}

BOOST_AUTO_TEST_CASE(what_is_far_from_every_name_gets_no_suggestion) {
  BOOST_CHECK_EQUAL(bondbox::nearest_name("zzzzzz", known), "");
  BOOST_CHECK_EQUAL(bondbox::nearest_name("", known), "");
  BOOST_CHECK_EQUAL(bondbox::nearest_name(std::string(1000, 'm'), known), "");
}

BOOST_AUTO_TEST_CASE(interface_names_follow_the_kernels_rules) {
  for (const char* name : {"eth0", "bond0", "a", "fifteen_letters", "eth0.100", "en-p3", "..."})
    BOOST_CHECK_EQUAL(bondbox::bad_interface_name(name), "");
  for (const char* name : {"", ".", "..", "sixteen_letters_", "a/b", "a b", "a\tb", "a\n", "eth0:1", "a\x01", "\x7f"})
    BOOST_CHECK_NE(bondbox::bad_interface_name(name), "");
}

BOOST_AUTO_TEST_SUITE_END()

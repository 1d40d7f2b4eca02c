#include "hal/linux/joined_groups.hpp"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/own_kernel.hpp"

namespace bondbox::lnx {
namespace {

std::vector<JoinedGroup> groups_in(const std::string& text) {
  std::vector<JoinedGroup> found;
  JoinedGroupsParser parser;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (const auto joined = parser.take(line)) found.push_back(*joined);
  return found;
}

/// As this machine prints the word that holds a.b.c.d.
std::string word(unsigned a, unsigned b, unsigned c, unsigned d) {
  const bool little = std::endian::native == std::endian::little;
  char text[9];
  std::snprintf(text, sizeof text, "%02X%02X%02X%02X", little ? d : a, little ? c : b, little ? b : c, little ? a : d);
  return text;
}

std::string table() {
  return "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
         "1\tlo        :     1      V3\n"
         "\t\t\t\t" +
         word(224, 0, 0, 1) +
         "     1 0:00000000\t\t0\n"
         "12\tbond0     :     2      V2\n"
         "\t\t\t\t" +
         word(239, 1, 2, 4) +
         "     1 1:00000130\t\t1\n"
         "\t\t\t\t" +
         word(224, 0, 0, 251) +
         "     1 0:00000000\t\t0\n"
         "13\tbond0.7   :     1      V1\n"
         "\t\t\t\t" +
         word(239, 7, 7, 7) + "     1 0:00000000\t\t0\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(joined_groups)

BOOST_AUTO_TEST_CASE(the_kernels_table_is_read_with_interface_and_version) {
  const std::vector<JoinedGroup> expected{{1, *IpAddress::parse("224.0.0.1"), 3},
                                          {12, *IpAddress::parse("239.1.2.4"), 2},
                                          {12, *IpAddress::parse("224.0.0.251"), 2},
                                          {13, *IpAddress::parse("239.7.7.7"), 1}};
  BOOST_TEST((groups_in(table()) == expected));
}

BOOST_AUTO_TEST_CASE(what_is_not_in_the_tables_form_is_passed_over) {
  const std::string group = "\t\t\t\t" + word(239, 1, 1, 1) + "     1 0:00000000\t\t0\n";
  BOOST_TEST(groups_in("").empty());
  BOOST_TEST(groups_in(group).empty());
  BOOST_TEST(groups_in("x\tbond0 : 1 V3\n" + group).empty());
  BOOST_TEST(groups_in("-4\tbond0 : 1 V3\n" + group).empty());
  BOOST_TEST(groups_in("99999999999\tbond0 : 1 V3\n" + group).empty());
  BOOST_TEST(groups_in("4\tbond0 : 1 V9\n" + group).empty());
  BOOST_TEST(groups_in("4\tbond0 : 1 NONE\n" + group).empty());
  BOOST_TEST(groups_in("4\n" + group).empty());
  BOOST_TEST(
      groups_in("4\tbond0 : 1 V3\n\t\t\t\tEF\n\t\t\t\tXYZXYZXY 1\n\t\n\t\t\t\t" + word(10, 0, 0, 1) + " 1\n").empty());
  // An interface line that cannot be read ends the one before it.
  BOOST_TEST(groups_in("4\tbond0 : 1 V3\n5 nonsense\n" + group).empty());
  BOOST_TEST(groups_in("4\tbond0 : 1 V3\n\tnonsense\n" + group).size() == 1u);
}

BOOST_AUTO_TEST_CASE(groups_of_the_local_network_are_told_from_others) {
  BOOST_TEST(is_all_hosts(*IpAddress::parse("224.0.0.1")));
  BOOST_TEST(!is_all_hosts(*IpAddress::parse("224.0.0.2")));
  BOOST_TEST(is_local_network_group(*IpAddress::parse("224.0.0.251")));
  BOOST_TEST(!is_local_network_group(*IpAddress::parse("224.0.1.1")));
  BOOST_TEST(!is_local_network_group(*IpAddress::parse("239.0.0.1")));
}

BOOST_AUTO_TEST_CASE(this_machines_own_table_can_be_read, *test::needs_kernel_of_own_byte_order()) {
  bool loopback_is_in_all_hosts = false;
  const int error = read_joined_groups([&](const JoinedGroup& joined) {
    BOOST_TEST(joined.index > 0);
    loopback_is_in_all_hosts = loopback_is_in_all_hosts || is_all_hosts(joined.group);
  });
  if (error == ENOENT) {
    BOOST_TEST_MESSAGE("not tried: this machine has no /proc/net/igmp");
    return;
  }
  BOOST_TEST(error == 0);
  BOOST_TEST(loopback_is_in_all_hosts);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lnx

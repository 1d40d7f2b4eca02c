// The whole program on real NICs: after a failover the switch behind the new port hears which groups the host is in.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "hal/wire/igmp.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {
namespace {

constexpr const char* group = "239.1.2.3";

std::vector<std::uint8_t> report(const House& house, std::uint8_t version) {
  const auto frame = wire::build_igmp_report(house.mac(house.box, "bond0"), IpAddress::parse(House::box_v4).value(),
                                             IpAddress::parse(group).value(), version, VlanId{});
  return {frame.begin(), frame.end()};
}

/// How many frames with exactly these bytes the far end of a cable receives until none comes for a second.
int count(Wiretap& tap, const std::vector<std::uint8_t>& wanted, int at_most) {
  int seen = 0;
  const auto is_wanted = [&](std::span<const std::uint8_t> frame) { return std::ranges::equal(frame, wanted); };
  while (seen < at_most && !tap.expect(is_wanted, seen == 0 ? 5'000 : 1'000).empty()) ++seen;
  return seen;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_groups)

BOOST_AUTO_TEST_CASE(groups_are_joined_again_on_the_port_that_takes_over_as_often_as_resend_igmp_says) {
  const House house;
  const Daemon daemon(house.box, std::string(House::words) + " resend_igmp=3");
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const Namespace::Stay inside(house.box);
  const GroupMember member(group, House::box_v4);
  Wiretap tap(house.town, "port1");
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  // The host's own report is another one (it says that the mode changes, not what it is).
  BOOST_TEST(count(tap, report(house, 3), 10) == 3);
  const std::string events = daemon.events();
  BOOST_TEST(events.find("joined 1 multicast group") != std::string::npos, events);
}

BOOST_AUTO_TEST_CASE(an_interface_that_speaks_version_2_is_reported_in_version_2) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  const Namespace::Stay inside(house.box);
  house.box.must("echo 2 > /proc/sys/net/ipv4/conf/bond0/force_igmp_version");
  const GroupMember member(group, House::box_v4);
  Wiretap tap(house.town, "port1");
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  // The host repeats its own report once by itself, so there may be more.
  BOOST_TEST(count(tap, report(house, 2), 1) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// bond0 and a third cable into the same switch in one bridge, where nobody speaks spanning tree: the storm is the
// bridge's, and slow here, so that other tests are left their CPU. What the bond makes of it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

constexpr const char* told = "frames of our own come back";

/// What leaves the interface is as slow as an old modem line: some 2,000 small frames a second.
void slow_down(const Namespace& space, const std::string& interface) {
  space.must("tc qdisc add dev " + interface + " root tbf rate 1mbit burst 4kb limit 16kb");
}

/// A bridge under the bond's address, so that what the host says in it has that address, too.
void bridge(const Namespace& space, const std::string& address) {
  space.must(
      "ip link add br0 address $(cat /sys/class/net/bond0/address) type bridge stp_state 0 forward_delay 0"
      " mcast_snooping 0; ip link set bond0 master br0; ip link set br0 up; ip addr add " +
      address + "/24 dev br0; ip link set eth2 up");
}

std::uint64_t looped(const Daemon& daemon) {
  std::uint64_t sum = 0;
  for (const char* port : {"0", "1"})
    sum += std::stoull("0" + daemon.status(std::string("/bonds/0/ports/") + port + "/rx/looped"));
  return sum;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_bridge_loop)

BOOST_DATA_TEST_CASE(a_loop_is_named_and_links_are_looked_after_in_it,
                     boost::unit_test::data::make({"mode=1 primary=eth0", "mode=0", "mode=6"}) *
                         boost::unit_test::data::make({"off", "auto"}),
                     mode, offload) {
  const House house;
  house.lay(2);
  const Daemon daemon(house.box, std::string("bond0 eth0 eth1 miimon=20 ") + mode + " offload=" + offload);
  bridge(house.box, House::box_v4);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  slow_down(house.box, "eth2");
  slow_down(house.town, "port2");
  house.box.must("ip link set eth2 master br0");
  const auto cry = [&] { (void)house.box.run("ping -n -c 1 -W 1 192.168.10.77"); };
  cry();
  const auto is_told = [&] { return contains(daemon.events(), told); };
  if (!wait_until(is_told, 5'000)) cry();
  BOOST_TEST(wait_until(is_told, 10'000), daemon.events());
  BOOST_TEST(looped(daemon) >= 5U);
  BOOST_TEST(contains(daemon.ask("explain bond0").out, "hears itself"), daemon.ask("explain bond0").out);
  // In the midst of it.
  house.pull(0);
  BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/ports/0/link") == "down"; }, 5'000));
  house.put_back(0);
  BOOST_TEST(wait_until([&] { return daemon.status("/bonds/0/ports/0/link") == "up"; }, 5'000));
  house.box.must("ip link set eth2 nomaster");
  BOOST_TEST(reaches(house.box, House::town_v4));
  BOOST_TEST(daemon.status("/bonds/0/degraded") == "false");
}

BOOST_AUTO_TEST_CASE(a_partner_stays_through_a_loop_past_the_aggregation) {
  Namespace left;
  Namespace right;
  for (int cable = 0; cable < 3; ++cable) {
    const std::string name = "eth" + std::to_string(cable);
    lay_cable(left, name, right, name, 10 + cable);
  }
  const Daemon near(left, "bond0 eth0 eth1 mode=4 lacp_rate=fast miimon=20");
  const Daemon far(right, "bond0 eth0 eth1 mode=4 lacp_rate=fast miimon=20");
  bridge(left, "192.168.11.1");
  bridge(right, "192.168.11.2");
  for (const Namespace* house : {&left, &right}) slow_down(*house, "eth2");
  const auto carry = [&](const Daemon& daemon) {
    return daemon.status("/bonds/0/ports/0/carries") == "true" && daemon.status("/bonds/0/ports/1/carries") == "true";
  };
  BOOST_REQUIRE(wait_until([&] { return carry(near) && carry(far); }, 15'000));
  BOOST_REQUIRE(reaches(left, "192.168.11.2"));
  const std::string partner = near.status("/bonds/0/lacp");
  for (const Namespace* house : {&left, &right}) house->must("ip link set eth2 master br0");
  (void)left.run("ping -n -c 1 -W 1 192.168.11.77");
  BOOST_TEST(wait_until([&] { return contains(near.events(), told) || contains(far.events(), told); }, 10'000));
  // Longer than a partner that asks for an LACPDU each second waits for one.
  std::this_thread::sleep_for(std::chrono::seconds(4));
  BOOST_TEST(carry(near));
  BOOST_TEST(carry(far));
  BOOST_TEST(near.status("/bonds/0/lacp") == partner);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

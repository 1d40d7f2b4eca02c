// Modes 0, 2 and 3 between two bondboxes, one at each end of two cables.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {
namespace {

constexpr const char* right_v6 = "fd11::2";

std::string words(const std::string& mode, int end) {
  return TwoHouses::words(end, "miimon=20 mode=" + mode) + ",fd11::" + std::to_string(end) + "/64";
}

void check_mode(const std::string& mode, bool copies) {
  const TwoHouses houses;
  const Daemon left(houses.left, words(mode, 1));
  const Daemon right(houses.right, words(mode, 2));
  BOOST_REQUIRE(reaches(houses.left, TwoHouses::right_v4));
  BOOST_TEST(reaches(houses.left, right_v6));
  BOOST_TEST(contains(left.proc_file(), "MII Status: up\n"), left.proc_file());
  BOOST_TEST(left.ask("get bond0 active_slave").out == "");

  Ping ping(houses.right, TwoHouses::left_v4);
  TcpStream stream(houses.left, houses.right, TwoHouses::right_v4);
  BOOST_TEST(stream.goes_on());
  houses.right.must("ip link set eth0 down");
  BOOST_TEST(wait_until([&] { return left.status("/bonds/0/ports/0/link") == "down"; }, 5'000));
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(reaches(houses.left, TwoHouses::right_v4));
  houses.right.must("ip link set eth0 up");
  BOOST_TEST(wait_until([&] { return left.status("/bonds/0/ports/0/link") == "up"; }, 5'000));
  BOOST_TEST(wait_until([&] { return right.status("/bonds/0/ports/0/link") == "up"; }, 5'000));
  BOOST_TEST(stream.goes_on());
  BOOST_TEST(stream.finish());
  const Ping::Report report = ping.stop();
  BOOST_TEST(report.received > 0, report.text);
  BOOST_TEST(report.duplicates == copies, report.text);
  BOOST_TEST(left.status("/bonds/0/ports/1/tx/frames") != "0");
  BOOST_TEST(left.status("/bonds/0/failovers") == "0");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_trunk_modes)

BOOST_AUTO_TEST_CASE(balance_rr_carries_over_two_cables_and_over_one) {
  check_mode("balance-rr", false);
}

BOOST_AUTO_TEST_CASE(balance_xor_carries_over_two_cables_and_over_one) {
  check_mode("2 xmit_hash_policy=layer3+4 xmit_hash_resilient=1", false);
}

BOOST_AUTO_TEST_CASE(broadcast_carries_over_two_cables_and_over_one_and_each_copy_arrives) {
  check_mode("3", true);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

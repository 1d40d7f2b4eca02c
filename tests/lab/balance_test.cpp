// The whole program on real NICs in modes 5 and 6: two clients behind a real bridge, a cable pulled and put back.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

/// Two clients of their own at the town's switch.
struct Village : House {
  Namespace clients[2];

  Village() {
    for (int i = 0; i < 2; ++i) {
      const std::string cable = "client" + std::to_string(i);
      lay_cable(town, cable, clients[i], "eth0");
      town.must("ip link set " + cable + " master switch up");
      clients[i].must("ip link set eth0 up; ip addr add " + address_of(i) + "/24 dev eth0");
    }
  }
  static std::string address_of(int client) { return "192.168.10.10" + std::to_string(client); }
  /// Where a client believes the appliance to be.
  std::string believed_by(int client) const {
    const std::string line = clients[client].must(std::string("ip neigh show ") + box_v4);
    const std::size_t at = line.find("lladdr ");
    return at == std::string::npos ? line : line.substr(at + 7, 17);
  }
};

std::string words_of(int mode) {
  return "bond0 eth0 eth1 mode=" + std::to_string(mode) +
         " miimon=20 primary=eth0 address=192.168.10.52/24,fd10::52/64";
}

void check_failover(int mode) {
  const Village house;
  const Daemon daemon(house.box, words_of(mode));
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  BOOST_TEST(reaches(house.box, House::town_v6));
  for (const Namespace& client : house.clients) BOOST_TEST(reaches(client, House::box_v4));
  BOOST_TEST((house.mac(house.box, "eth0") != house.mac(house.box, "eth1")));
  const MacAddress bond = house.mac(house.box, "bond0");
  Ping ping(house.clients[0], House::box_v4);
  TcpStream out(house.box, house.town, House::town_v4);
  TcpStream in(house.clients[1], house.box, House::box_v4);
  BOOST_TEST(out.goes_on());
  BOOST_TEST(in.goes_on());
  house.pull(0);
  BOOST_REQUIRE(daemon.comes_to("eth1"));
  BOOST_TEST((house.mac(house.box, "eth1") == bond));
  BOOST_TEST(out.goes_on());
  BOOST_TEST(in.goes_on());
  house.put_back(0);
  BOOST_REQUIRE(daemon.comes_to("eth0"));
  BOOST_TEST((house.mac(house.box, "eth0") == bond));
  BOOST_TEST(out.goes_on());
  BOOST_TEST(in.goes_on());
  BOOST_TEST(out.finish());
  BOOST_TEST(in.finish());
  const Ping::Report report = ping.stop();
  BOOST_TEST(!report.duplicates, report.text);
  BOOST_TEST(report.received > 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_balance)

BOOST_AUTO_TEST_CASE(mode_5_carries_traffic_through_a_pulled_cable) {
  check_failover(5);
}

BOOST_AUTO_TEST_CASE(mode_6_carries_traffic_through_a_pulled_cable) {
  check_failover(6);
}

BOOST_AUTO_TEST_CASE(in_mode_6_clients_are_told_of_both_ports_and_of_the_one_that_is_left) {
  const Village house;
  const Daemon daemon(house.box, words_of(6));
  for (const Namespace& client : house.clients) BOOST_REQUIRE(reaches(client, House::box_v4));
  // A port that got its link a moment later is told of then.
  BOOST_TEST(wait_until([&] { return house.believed_by(0) != house.believed_by(1); }, 8'000), house.believed_by(0));
  house.pull(1);
  const std::string bond = house.mac(house.box, "bond0").text();
  for (const int client : {0, 1})
    BOOST_TEST(wait_until([&] { return house.believed_by(client) == bond; }, 8'000), house.believed_by(client));
  for (const Namespace& client : house.clients) BOOST_TEST(reaches(client, House::box_v4));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// The whole program on real NICs: every frame arrives once, and a port's own stack keeps silent.
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "hal/wire/arp.hpp"
#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

namespace {

constexpr MacAddress asker{{0x02, 0, 0, 0, 0x0d, 0x01}};

/// "Who has `address`? Tell `teller`", to everybody (RFC 826).
std::vector<std::uint8_t> question(const char* address, const char* teller) {
  std::vector<std::uint8_t> frame(60, 0);
  broadcast_mac.store(frame.data());
  asker.store(&frame[6]);
  const std::vector<std::uint8_t> head{0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1};
  std::copy(head.begin(), head.end(), frame.begin() + 12);
  asker.store(&frame[22]);
  const IpAddress from = *IpAddress::parse(teller);
  const IpAddress wanted = *IpAddress::parse(address);
  std::copy_n(from.octets.begin(), 4, frame.begin() + 28);
  std::copy_n(wanted.octets.begin(), 4, frame.begin() + 38);
  return frame;
}

/// How many ARP replies to the asker come within half a second.
int answers(Wiretap& tap) {
  int count = 0;
  const auto is_answer = [](std::span<const std::uint8_t> frame) {
    return frame.size() >= 42 && frame[12] == 0x08 && frame[13] == 0x06 && frame[21] == 2 &&
           MacAddress::load(frame.data()) == asker;
  };
  while (!tap.expect(is_answer, 500).empty()) ++count;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_duplicates)

BOOST_AUTO_TEST_CASE(a_broadcast_that_comes_over_both_cables_reaches_the_host_once) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.box, House::town_v4));
  Wiretap far(house.town, "switch");
  Wiretap bond0(house.box, "bond0");
  constexpr int count = 100;
  std::vector<std::uint8_t> frame(100, 0);
  asker.store(&frame[6]);
  frame[12] = 0x88;
  frame[13] = 0xb5;
  // Broadcast and multicast: the switch sends both to every cable.
  for (const MacAddress& to : {broadcast_mac, MacAddress{{0x33, 0x33, 0, 0, 0, 0x77}}}) {
    to.store(frame.data());
    for (int i = 0; i < count; ++i) {
      frame[20] = static_cast<std::uint8_t>(i);
      BOOST_REQUIRE(far.send(frame) == 0);
    }
    std::map<int, int> seen;
    const auto is_ours = [&](std::span<const std::uint8_t> got) {
      return got.size() == frame.size() && MacAddress::load(&got[6]) == asker && MacAddress::load(got.data()) == to;
    };
    for (auto got = bond0.expect(is_ours, 1'000); !got.empty(); got = bond0.expect(is_ours, 300)) ++seen[got[20]];
    BOOST_TEST(seen.size() == static_cast<std::size_t>(count), to.text());
    for (const auto& [number, times] : seen)
      BOOST_TEST(times == 1, "frame " << number << " came " << times << " times");
  }
  const std::string kept_off = daemon.status("/bonds/0/ports/1/rx/suppressed_duplicates");
  BOOST_TEST(std::stol(kept_off) >= 2 * count);
}

BOOST_AUTO_TEST_CASE(pings_to_the_bond_are_answered_once) {
  const House house;
  const Daemon daemon(house.box, House::words);
  for (const char* address : {House::box_v4, House::box_v6}) {
    BOOST_REQUIRE(reaches(house.town, address));
    // A neighbour that has to ask first, and one that knows.
    house.town.must("ip neigh flush dev switch");
    for (int i = 0; i < 2; ++i) {
      const CommandResult ping = house.town.run(std::string("ping -n -c 5 -i 0.05 -W 1 ") + address);
      BOOST_TEST(contains(ping.output, " 5 received"), ping.output);
      BOOST_TEST(!contains(ping.output, "DUP"), ping.output);
    }
  }
  // To every host of the link: one answer a ping.
  house.box.must("echo 0 > /proc/sys/net/ipv4/icmp_echo_ignore_broadcasts");
  const CommandResult all = house.town.run("ping -n -b -c 5 -i 0.05 -W 1 -I switch 192.168.10.255");
  BOOST_TEST(contains(all.output, " 5 received"), all.output);
  BOOST_TEST(!contains(all.output, "DUP"), all.output);
}

BOOST_AUTO_TEST_CASE(an_address_on_a_port_itself_is_silent_while_the_port_is_in_the_bond) {
  const House house;
  const char* const own = "10.77.0.77";
  house.box.must(std::string("ip link set eth1 up; ip addr add ") + own + "/24 dev eth1");
  // bond0 must not answer in its place, as a host otherwise does for all its addresses.
  house.box.must("echo 1 > /proc/sys/net/ipv4/conf/default/arp_ignore");
  const MacAddress eth1 = house.mac(house.box, "eth1");
  // The town knows where it is, so that only the answers themselves are at stake.
  house.town.must(std::string("ip addr add 10.77.0.1/24 dev switch; ip neigh replace ") + own + " lladdr " +
                  eth1.text() + " dev switch; bridge fdb replace " + eth1.text() + " dev port1 master static");
  Wiretap port1(house.town, "port1");
  const auto arp_answers = [&] {
    BOOST_REQUIRE(port1.send(question(own, "10.77.0.9")) == 0);
    return answers(port1);
  };
  const std::string ping = std::string("ping -n -c 3 -i 0.1 -W 1 ") + own;

  // Without a bond the kernel answers, or what follows would prove nothing.
  BOOST_TEST(wait_until([&] { return arp_answers() == 1; }, 3'000));
  BOOST_TEST(reaches(house.town, own));

  // Its own MAC, so that frames to it come in on this cable.
  Daemon daemon(house.box, std::string(House::words) + " fail_over_mac=active");
  BOOST_REQUIRE(reaches(house.town, House::box_v4));
  BOOST_TEST((house.mac(house.box, "eth1") == eth1));
  BOOST_TEST(arp_answers() == 0);
  const CommandResult silent = house.town.run(ping);
  BOOST_TEST(contains(silent.output, " 0 received"), silent.output);

  BOOST_TEST(daemon.stop() == 0);
  BOOST_TEST(wait_until([&] { return arp_answers() == 1; }, 3'000));
  BOOST_TEST(reaches(house.town, own));
}

BOOST_AUTO_TEST_CASE(arp_for_the_bond_is_answered_on_the_active_cable_only_and_once) {
  const House house;
  const Daemon daemon(house.box, House::words);
  BOOST_REQUIRE(reaches(house.town, House::box_v4));
  Wiretap port0(house.town, "port0");
  Wiretap port1(house.town, "port1");
  // Sent into one cable each; the switch is not asked.
  BOOST_REQUIRE(port1.send(question(House::box_v4, "192.168.10.9")) == 0);
  BOOST_TEST(answers(port1) == 0);
  BOOST_REQUIRE(port0.send(question(House::box_v4, "192.168.10.9")) == 0);
  BOOST_TEST(answers(port0) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

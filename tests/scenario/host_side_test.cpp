// What the host does to bond0 reaches the ports: address, MTU, promiscuity, up and down.
#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::is_gratuitous_arp;
using test::SimBench;
using test::station_mac;

constexpr MacAddress chosen_mac{{0x02, 0, 0, 0, 0x77, 0x01}};

IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

std::string macs(SimBench& bench) {
  return "bond " + bench.host().mac().text().substr(12) + ", e0 " + bench.card("e0").mac.text().substr(12) + ", e1 " +
         bench.card("e1").mac.text().substr(12);
}

BondConfig with_rule(FailOverMac rule) {
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.fail_over_mac = rule;
  return config;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(host_side)

BOOST_AUTO_TEST_CASE(a_new_address_of_bond0_is_given_to_every_port) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_TEST(macs(bench) == "bond 0a:00, e0 0a:00, e1 0a:00");
  BOOST_REQUIRE(bench.host().set_mac(chosen_mac).ok());
  bench.settle();
  BOOST_TEST(macs(bench) == "bond 77:01, e0 77:01, e1 77:01");
  BOOST_TEST(bench.status().mac.text() == chosen_mac.text());
  BOOST_TEST(bench.port("e1").permanent_mac.text() == card_mac(1).text());
}

BOOST_AUTO_TEST_CASE(a_configured_address_stays_whatever_the_first_port_has) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.mac = chosen_mac;
  bench.add(config);
  BOOST_TEST(macs(bench) == "bond 77:01, e0 77:01, e1 77:01");
}

BOOST_AUTO_TEST_CASE(with_fail_over_mac_active_the_bond_has_the_active_ports_address) {
  SimBench bench({"e0", "e1"});
  bench.add(with_rule(FailOverMac::active));
  BOOST_TEST(macs(bench) == "bond 0a:00, e0 0a:00, e1 0a:01");
  bench.link(500, "e0", false);
  BOOST_TEST(macs(bench) == "bond 0a:01, e0 0a:00, e1 0a:01");
  bench.link(900, "e0", true);
  BOOST_TEST(macs(bench) == "bond 0a:01, e0 0a:00, e1 0a:01");
  // An address that no port has would receive nothing.
  BOOST_REQUIRE(bench.host().set_mac(chosen_mac).ok());
  bench.settle();
  BOOST_TEST(macs(bench) == "bond 0a:01, e0 0a:00, e1 0a:01");
  BOOST_TEST(bench.told("MAC stays 02:00:00:00:0a:01"));
}

BOOST_AUTO_TEST_CASE(with_fail_over_mac_follow_the_bonds_address_goes_from_port_to_port) {
  SimBench bench({"e0", "e1"});
  bench.add(with_rule(FailOverMac::follow));
  BOOST_TEST(macs(bench) == "bond 0a:00, e0 0a:00, e1 0a:01");
  bench.link(500, "e0", false);
  BOOST_TEST(macs(bench) == "bond 0a:00, e0 0a:01, e1 0a:00");
  BOOST_REQUIRE(bench.host().set_mac(chosen_mac).ok());
  bench.settle();
  BOOST_TEST(macs(bench) == "bond 77:01, e0 0a:01, e1 77:01");
  bench.link(900, "e0", true);
  bench.link(1'000, "e1", false);
  BOOST_TEST(macs(bench) == "bond 77:01, e0 77:01, e1 0a:01");
}

BOOST_AUTO_TEST_CASE(with_fail_over_mac_follow_a_port_that_comes_with_the_bonds_address_gets_another) {
  SimBench bench({"e0"});
  BOOST_REQUIRE(bench.world.add_nic({.name = "twin", .mac = card_mac(0)}).ok());
  bench.add(with_rule(FailOverMac::follow));
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.enslave("twin"); }).ok());
  const MacAddress given = bench.card("twin").mac;
  BOOST_TEST(given.text() != bench.host().mac().text());
  BOOST_TEST(given.is_station());
}

BOOST_AUTO_TEST_CASE(with_fail_over_mac_follow_a_port_that_comes_back_to_find_its_address_taken_gets_another) {
  SimBench bench({"e0", "e1", "e2"});
  BondConfig config = SimBench::config({"e0", "e1", "e2"});
  config.options.fail_over_mac = FailOverMac::follow;
  bench.add(config);
  BOOST_REQUIRE(bench.set("active_slave", "e2").ok());
  BOOST_REQUIRE(bench.set("active_slave", "e1").ok());
  BOOST_REQUIRE(bench.card("e0").mac == card_mac(2));
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("e2"); }).ok());
  BOOST_REQUIRE(bench.card("e2").mac == card_mac(2));
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.enslave("e2"); }).ok());
  const std::set<MacAddress> all = {bench.card("e0").mac, bench.card("e1").mac, bench.card("e2").mac};
  BOOST_TEST(all.size() == 3U, macs(bench));
}

BOOST_AUTO_TEST_CASE(a_new_mtu_of_bond0_is_given_to_every_port) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_REQUIRE(bench.host().set_mtu(9'000).ok());
  bench.settle();
  BOOST_TEST(bench.card("e0").mtu == 9'000U);
  BOOST_TEST(bench.card("e1").mtu == 9'000U);
  BOOST_TEST(bench.status().mtu == 9'000U);
  BOOST_REQUIRE(bench.world.add_nic({.name = "e2", .mac = card_mac(2)}).ok());
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.enslave("e2"); }).ok());
  BOOST_TEST(bench.card("e2").mtu == 9'000U);
}

BOOST_AUTO_TEST_CASE(promiscuity_above_reaches_every_port_and_ends_again) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.host().host_set_promiscuous(true);
  bench.settle();
  BOOST_TEST(bench.card("e0").promiscuous);
  BOOST_TEST(bench.card("e1").promiscuous);
  BOOST_TEST(bench.card_receives("e0", data_frame(station_mac(5), station_mac(0))));
  BOOST_TEST(bench.host().take_delivered().size() == 1U);
  BOOST_REQUIRE(bench.world.add_nic({.name = "e2", .mac = card_mac(2)}).ok());
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.enslave("e2"); }).ok());
  BOOST_TEST(bench.card("e2").promiscuous);
  bench.host().host_set_promiscuous(false);
  bench.settle();
  for (const char* card : {"e0", "e1", "e2"}) BOOST_TEST(!bench.card(card).promiscuous);
}

BOOST_AUTO_TEST_CASE(a_bond_set_down_fails_over_silently_and_delivers_nothing) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.addresses.push_back(prefix("192.0.2.1/24"));
  bench.add(config);
  bench.run_to(1'000);
  BOOST_REQUIRE(bench.host().set_up(false).ok());
  bench.settle();
  BOOST_TEST(!bench.status().host_up);
  BOOST_TEST(bench.told("interface set down"));
  bench.link(1'500, "e0", false);
  BOOST_TEST(bench.active() == "e1");
  for (const auto& frame : bench.world.sent("e1")) BOOST_TEST(!is_gratuitous_arp(frame));
  BOOST_REQUIRE(bench.card_receives("e1", data_frame(broadcast_mac, station_mac(0))));
  BOOST_TEST(bench.host().take_delivered().empty());
  BOOST_TEST(bench.port("e1").counters.rx_host_refused == 1U);
  BOOST_REQUIRE(bench.host().set_up(true).ok());
  bench.settle();
  BOOST_TEST(bench.status().host_up);
}

BOOST_AUTO_TEST_CASE(a_configured_address_gateway_and_mtu_are_set_on_the_host) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.addresses = {prefix("192.168.10.52/24"), prefix("2001:db8::52/64")};
  config.gateway = IpAddress::parse("192.168.10.254");
  config.mtu = 1'400;
  config.active_slave = "e1";
  bench.add(config);
  BOOST_TEST(bench.host().addresses().size() == 2U);
  BOOST_TEST((bench.host().gateway(IpAddress::Family::v4) == config.gateway));
  BOOST_TEST(bench.host().mtu() == 1'400U);
  BOOST_TEST(bench.card("e1").mtu == 1'400U);
  BOOST_TEST(bench.active() == "e1");
}

BOOST_AUTO_TEST_SUITE_END()

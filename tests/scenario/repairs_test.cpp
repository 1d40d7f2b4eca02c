// What somebody else does to the bond's interfaces is put right; what the bond decides in one step fits together.
#include <boost/test/unit_test.hpp>

#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::SimBench;
using test::station_mac;

constexpr MacAddress foreign_mac{{0x02, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa}};

BondConfig with_rule(FailOverMac rule, std::initializer_list<const char*> ports) {
  BondConfig config = SimBench::config(ports);
  config.options.fail_over_mac = rule;
  int prio = 0;
  for (const char* port : ports) config.port_options[port].prio = prio++;
  return config;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(repairs)

BOOST_AUTO_TEST_CASE(bond0_is_made_again_as_it_was_when_somebody_deletes_it) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.addresses = {IpPrefix::parse("192.0.2.1/24").value()};
  config.gateway = IpAddress::parse("192.0.2.254").value();
  config.mtu = 9'000;
  bench.add(config);
  bench.run_to(500);
  bench.host().vanish();
  bench.settle();
  bench.run_to(700);
  BOOST_REQUIRE(bench.world.host_port("bond0") != nullptr);
  BOOST_TEST(bench.host().mac().text() == card_mac(0).text());
  BOOST_TEST(bench.host().mtu() == 9'000U);
  BOOST_TEST(bench.host().has_carrier());
  BOOST_TEST(bench.host().addresses().size() == 1U);
  BOOST_TEST(bench.host().gateway(IpAddress::Family::v4).has_value());
  BOOST_TEST(bench.host_sends(data_frame(station_mac(0), card_mac(0))));
  BOOST_TEST(bench.port("e0").counters.tx_frames > 0U);
}

BOOST_AUTO_TEST_CASE(bond0_that_was_renamed_is_known_by_both_names_until_it_is_made_again) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(500);
  BOOST_TEST(bench.status().interface == "");
  bench.host().host_rename("wan");
  bench.settle();
  BOOST_TEST(bench.status().name == "bond0");
  BOOST_TEST(bench.status().interface == "wan");
  BOOST_TEST(bench.scheduler.find("wan") == bench.scheduler.find("bond0"));
  BOOST_TEST(bench.scheduler.find("wan") != nullptr);
  BOOST_TEST(bench.host_sends(data_frame(station_mac(0), card_mac(0))));
  BOOST_TEST(bench.port("e0").counters.tx_frames > 0U);
  bench.host().vanish();
  bench.settle();
  bench.run_to(700);
  BOOST_REQUIRE(bench.world.host_port("bond0") != nullptr);
  BOOST_TEST(bench.status().interface == "");
  BOOST_TEST(bench.scheduler.find("wan") == nullptr);
}

BOOST_AUTO_TEST_CASE(bond0_that_was_set_down_and_up_has_its_configured_addresses_and_gateway_again) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.addresses = {IpPrefix::parse("192.0.2.1/24").value()};
  config.gateway = IpAddress::parse("192.0.2.254").value();
  bench.add(config);
  bench.run_to(500);
  BOOST_REQUIRE(bench.host().set_up(false).ok());
  BOOST_REQUIRE(bench.host().remove_address(config.addresses[0]).ok());
  (void)bench.host().remove_gateway(*config.gateway);
  bench.run_to(700);
  BOOST_REQUIRE(bench.host().set_up(true).ok());
  bench.run_to(900);
  BOOST_TEST(bench.host().addresses().size() == 1U);
  BOOST_TEST(bench.host().gateway(IpAddress::Family::v4).has_value());
}

BOOST_AUTO_TEST_CASE(a_port_whose_mac_or_mtu_somebody_changed_gets_the_bonds_again) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(500);
  BOOST_REQUIRE(bench.world.set_mac("e0", foreign_mac).ok());
  BOOST_REQUIRE(bench.world.set_mtu("e1", 1'400).ok());
  bench.run_to(700);
  BOOST_TEST(bench.card("e0").mac.text() == card_mac(0).text());
  BOOST_TEST(bench.card("e1").mtu == 1'500U);
}

BOOST_AUTO_TEST_CASE(with_follow_and_rising_priorities_only_the_active_port_has_the_bonds_mac) {
  SimBench bench({"e0", "e1", "e2"});
  bench.add(with_rule(FailOverMac::follow, {"e0", "e1", "e2"}));
  BOOST_TEST(bench.active() == "e2");
  int holders = 0;
  for (const char* card : {"e0", "e1", "e2"}) holders += bench.card(card).mac == bench.host().mac() ? 1 : 0;
  BOOST_TEST(holders == 1);
  BOOST_TEST(bench.card("e2").mac.text() == bench.host().mac().text());
}

BOOST_AUTO_TEST_CASE(with_fail_over_mac_active_and_a_first_active_port_the_bond_has_that_ports_mac) {
  SimBench bench({"e0", "e1", "e2"});
  BondConfig config = with_rule(FailOverMac::active, {"e0", "e1", "e2"});
  config.active_slave = "e0";
  bench.add(config);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.host().mac().text() == card_mac(0).text());
}

BOOST_AUTO_TEST_CASE(two_moves_of_the_active_port_in_one_step_leave_the_mac_with_the_last) {
  SimBench bench({"e0", "e1"});
  bench.add(with_rule(FailOverMac::active, {"e0", "e1"}));
  const Outcome outcome = bench.command([](Bond& bond) {
    (void)bond.activate("e0");
    (void)bond.activate("e1");
    return bond.activate("e0");
  });
  BOOST_TEST(outcome.ok());
  BOOST_TEST(bench.host().mac().text() == card_mac(0).text());
}

BOOST_AUTO_TEST_CASE(a_bond_whose_ports_all_vanished_keeps_its_mac_whoever_returns_first) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(500);
  BOOST_REQUIRE(bench.world.remove_nic("e0").ok());
  BOOST_REQUIRE(bench.world.remove_nic("e1").ok());
  bench.run_to(2'500);
  BOOST_REQUIRE(bench.world.restore_nic("e1").ok());
  bench.run_to(5'000);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.host().mac().text() == card_mac(0).text());
  BOOST_TEST(bench.card("e1").mac.text() == card_mac(0).text());
}

BOOST_AUTO_TEST_CASE(answers_are_delivered_by_the_port_that_stands_in_during_downdelay) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.downdelay_ms = 1'000;
  bench.add(config);
  bench.link(500, "e0", false);
  bench.run_to(700);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.host_sends(data_frame(station_mac(0), card_mac(0))));
  BOOST_TEST(bench.port("e1").counters.tx_frames == 1U);
  (void)bench.host().take_delivered();
  BOOST_TEST(bench.card_receives("e1", data_frame(card_mac(0), station_mac(0))));
  BOOST_TEST(bench.host().take_delivered().size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_number_of_wait_handles_in_force_only_grows) {
  SimBench bench({"e0", "e1", "e2", "e3"});
  bench.add(SimBench::config({"e0", "e1", "e2"}, "bondx"));
  std::uint64_t before = bench.scheduler.handles_version();
  bench.scheduler.remove_bond("bondx");
  bench.add(SimBench::config({"e3"}, "bondy"));
  BOOST_TEST(bench.scheduler.handles_version() > before);
  before = bench.scheduler.handles_version();
  bench.scheduler.remove_bond("nosuch");
  BOOST_TEST(bench.scheduler.handles_version() == before);
}

BOOST_AUTO_TEST_SUITE_END()

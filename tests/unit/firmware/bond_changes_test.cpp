// Single steps of a reload, and the way back from them.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <string>

#include "firmware/bond.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::SimBench;
using Kind = Change::Kind;

Outcome change(SimBench& bench, const Change& step) {
  return bench.command([&](Bond& bond) { return bond.change(step); });
}

Outcome enslave(SimBench& bench, const char* port) {
  return bench.command([&](Bond& bond) { return bond.enslave(port); });
}

Outcome release(SimBench& bench, const char* port) {
  return bench.command([&](Bond& bond) { return bond.release(port); });
}

std::string slaves(SimBench& bench) {
  return read_option(bench.bond(), "slaves").value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bond_changes)

BOOST_AUTO_TEST_CASE(options_of_an_awaited_port_are_changed_and_go_with_it) {
  SimBench bench({"e0"});
  bench.add({"e0", "late"});
  BondConfig wanted = SimBench::config({"e0", "late"});
  wanted.port_options["late"].prio = 5;
  for (const Change& step : diff_config(bench.bond().running_config(), wanted)) {
    const Outcome outcome = change(bench, step);
    BOOST_TEST(outcome.ok(), step.text() << ": " << outcome.reason);
  }
  BOOST_TEST(diff_config(bench.bond().running_config(), wanted).empty());
  BOOST_TEST(read_option(bench.bond(), "prio").value() == "e0:0");
  BOOST_REQUIRE(bench.world.add_nic({.name = "late", .mac = card_mac(9)}).ok());
  bench.run_for(5'000);
  BOOST_TEST(bench.port("late").options.prio == 5);
}

BOOST_AUTO_TEST_CASE(an_awaited_port_can_be_released_by_the_option) {
  SimBench bench({"e0"});
  bench.add({"e0", "late"});
  BOOST_TEST(bench.set("slaves", "-late").ok());
  BOOST_TEST(bench.status().awaited.empty());
  BOOST_TEST(bench.set("slaves", "-late").error == ENODEV);
}

BOOST_AUTO_TEST_CASE(an_awaited_port_is_otherwise_no_port_yet) {
  SimBench bench({"e0"});
  bench.add({"e0", "late"});
  BOOST_TEST(bench.set("slaves", "+late").error == ENODEV);
  BOOST_TEST(bench.set("active_slave", "late").error == ENODEV);
  BOOST_TEST(bench.set("primary", "late").ok());
  BOOST_TEST(read_option(bench.bond(), "primary").value() == "");
  BOOST_TEST(slaves(bench) == "e0");
}

BOOST_AUTO_TEST_CASE(an_awaited_port_can_be_enslaved_by_the_option_as_soon_as_it_is_there) {
  SimBench bench({"e0"});
  bench.add({"e0", "late"});
  BOOST_REQUIRE(bench.world.add_nic({.name = "late", .mac = card_mac(9)}).ok());
  BOOST_TEST(bench.bond().write("slaves", "+late").ok());
  BOOST_TEST(slaves(bench) == "e0 late");
  BOOST_TEST(bench.status().awaited.empty());
}

BOOST_AUTO_TEST_CASE(restoring_puts_ports_into_their_old_order_and_makes_the_old_one_active) {
  SimBench bench({"e0", "e1", "e2"});
  bench.add({"e0", "e1", "e2"});
  BOOST_REQUIRE(bench.set("active_slave", "e1").ok());
  const BondConfig before = bench.bond().running_config();
  BOOST_REQUIRE(release(bench, "e1").ok());
  BOOST_REQUIRE(release(bench, "e0").ok());
  BOOST_REQUIRE(enslave(bench, "e1").ok());
  BOOST_REQUIRE(enslave(bench, "e0").ok());
  BOOST_TEST(slaves(bench) == "e2 e1 e0");
  BOOST_TEST(bench.active() == "e2");
  BOOST_TEST(bench.command([&](Bond& bond) { return bond.restore(before, "e1"); }).ok());
  BOOST_TEST(slaves(bench) == "e0 e1 e2");
  BOOST_TEST((bench.bond().running_config().ports == before.ports));
  BOOST_TEST(bench.active() == "e1");
}

BOOST_AUTO_TEST_CASE(restoring_makes_no_port_active_that_has_no_link) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  const BondConfig before = bench.bond().running_config();
  bench.link("e0", false);
  BOOST_TEST(bench.command([&](Bond& bond) { return bond.restore(before, "e0"); }).ok());
  BOOST_TEST(bench.active() == "e1");
}

BOOST_AUTO_TEST_CASE(a_gateway_or_address_that_is_gone_already_can_be_removed) {
  SimBench bench({"e0"});
  BondConfig config = SimBench::config({"e0"});
  config.addresses = {*IpPrefix::parse("192.0.2.1/24"), *IpPrefix::parse("192.0.2.2/24")};
  config.gateway = IpAddress::parse("192.0.2.254");
  bench.add(config);
  BOOST_REQUIRE(bench.host().remove_gateway(*config.gateway).ok());
  BOOST_REQUIRE(bench.host().remove_address(config.addresses[0]).ok());
  // The gateway is still configured: with the next step on the host's side it is put back.
  BOOST_TEST(change(bench, {Kind::remove_address, "bond0", "192.0.2.1/24", "", ""}).ok());
  BOOST_TEST((bench.host().gateway(IpAddress::Family::v4) == config.gateway));
  BOOST_REQUIRE(bench.host().remove_gateway(*config.gateway).ok());
  BOOST_TEST(change(bench, {Kind::gateway, "bond0", "gateway", "192.0.2.254", ""}).ok());
  BOOST_TEST(!bench.bond().running_config().gateway.has_value());
  BOOST_TEST(!bench.host().gateway(IpAddress::Family::v4).has_value());
}

BOOST_AUTO_TEST_CASE(a_refused_step_leaves_what_is_said_to_run_as_it_was) {
  SimBench bench({"e0"});
  BondConfig config = SimBench::config({"e0"});
  config.addresses = {*IpPrefix::parse("192.0.2.1/24")};
  bench.add(config);
  BOOST_TEST(change(bench, {Kind::add_address, "bond0", "192.0.2/24", "", ""}).error == EINVAL);
  BOOST_TEST(change(bench, {Kind::option, "bond0", "active_slave", "", "e7"}).error == ENODEV);
  BOOST_TEST(diff_config(bench.bond().running_config(), config).empty());
}

BOOST_AUTO_TEST_CASE(a_reload_may_name_an_active_port_that_has_no_link_as_a_start_may) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.link("e1", false);
  BOOST_TEST(change(bench, {Kind::option, "bond0", "active_slave", "", "e1"}).ok());
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.bond().running_config().active_slave == "e1");
}

BOOST_AUTO_TEST_SUITE_END()

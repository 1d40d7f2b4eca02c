// Ports that come, go, vanish and return while the bond runs.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::data_numbers;
using test::SimBench;
using test::station_mac;

std::string ports_of(SimBench& bench, const char* bond = "bond0") {
  std::string text;
  for (const PortStatus& port : bench.status(bond).ports) text += (text.empty() ? "" : " ") + port.name;
  return text;
}

std::string awaited_of(SimBench& bench) {
  std::string text;
  for (const AwaitedStatus& waiting : bench.status().awaited) text += (text.empty() ? "" : " ") + waiting.name;
  return text;
}

Outcome enslave(SimBench& bench, const char* port) {
  return bench.command([port](Bond& bond) { return bond.enslave(port); });
}
Outcome release(SimBench& bench, const char* port) {
  return bench.command([port](Bond& bond) { return bond.release(port); });
}

bool same_card(const sim::NicState& a, const sim::NicState& b) {
  return a.mac == b.mac && a.mtu == b.mtu && a.up == b.up && a.promiscuous == b.promiscuous && a.claimed == b.claimed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ports_at_run_time)

BOOST_AUTO_TEST_CASE(a_port_that_vanishes_is_awaited_and_returns_to_its_place_with_its_options) {
  SimBench bench({"e0", "e1", "e2"});
  bench.add({"e0", "e1", "e2"});
  BOOST_REQUIRE(bench.set("prio", "e1:7").ok());
  BOOST_REQUIRE(bench.set("queue_id", "e1:3").ok());
  BOOST_TEST(bench.active() == "e1");
  bench.run_to(550);
  BOOST_REQUIRE(bench.world.remove_nic("e1").ok());
  bench.settle();
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(ports_of(bench) == "e0 e2");
  BOOST_TEST(awaited_of(bench) == "e1");
  BOOST_TEST(bench.host().has_carrier());
  bench.run_to(20'000);
  BOOST_TEST(awaited_of(bench) == "e1");
  BOOST_REQUIRE(bench.world.restore_nic("e1").ok());
  bench.settle();
  BOOST_TEST(ports_of(bench) == "e0 e1 e2");
  BOOST_TEST(awaited_of(bench) == "");
  BOOST_TEST(bench.port("e1").options.prio == 7);
  BOOST_TEST(bench.port("e1").options.queue_id == 3);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.card("e1").mac.text() == card_mac(0).text());
  BOOST_TEST(bench.card("e1").claimed);
}

BOOST_AUTO_TEST_CASE(a_vanished_port_is_found_again_without_events_too) {
  SimBench bench({"e0", "e1"});
  bench.world.events_enabled = false;
  bench.add({"e0", "e1"});
  bench.run_to(550);
  BOOST_REQUIRE(bench.world.remove_nic("e0").ok());
  bench.run_to(600);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(awaited_of(bench) == "e0");
  BOOST_REQUIRE(bench.world.restore_nic("e0").ok());
  bench.run_to(1'700);
  BOOST_TEST(ports_of(bench) == "e0 e1");
}

BOOST_AUTO_TEST_CASE(all_ports_may_vanish_and_the_bond_lives_on) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  const MacAddress mac = bench.host().mac();
  bench.run_to(333);
  for (const char* card : {"e0", "e1"}) BOOST_REQUIRE(bench.world.remove_nic(card).ok());
  bench.settle();
  BOOST_TEST(ports_of(bench) == "");
  BOOST_TEST(bench.active() == "");
  BOOST_TEST(!bench.host().has_carrier());
  BOOST_TEST(bench.host_sends(data_frame(station_mac(0), mac)));
  BOOST_TEST(bench.status().counters.tx_no_port == 1U);
  bench.run_to(10'000);
  BOOST_REQUIRE(bench.world.restore_nic("e1").ok());
  bench.settle();
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.host().has_carrier());
  BOOST_REQUIRE(bench.world.restore_nic("e0").ok());
  bench.settle();
  BOOST_TEST(ports_of(bench) == "e0 e1");
  BOOST_TEST(bench.active() == "e1");
}

BOOST_AUTO_TEST_CASE(a_primary_that_vanishes_takes_over_again_when_it_returns) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.primary = "e0";
  bench.add(config);
  BOOST_TEST(bench.status().primary == "e0");
  BOOST_REQUIRE(bench.world.remove_nic("e0").ok());
  bench.settle();
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.status().primary == "");
  BOOST_REQUIRE(bench.world.restore_nic("e0").ok());
  bench.settle();
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.status().primary == "e0");
}

BOOST_AUTO_TEST_CASE(a_nic_that_comes_late_is_awaited_and_taken_with_its_options) {
  SimBench bench({"e0"});
  BondConfig config = SimBench::config({"late", "e0"});
  config.port_options["late"].prio = 4;
  bench.add(config);
  BOOST_TEST(awaited_of(bench) == "late");
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.host().mac().text() == card_mac(0).text());
  bench.run_to(5'250);
  BOOST_REQUIRE(bench.world.add_nic({.name = "late", .mac = card_mac(9)}).ok());
  bench.settle();
  BOOST_TEST(ports_of(bench) == "late e0");
  BOOST_TEST(bench.port("late").options.prio == 4);
  BOOST_TEST(bench.active() == "late");
  BOOST_TEST(bench.port("late").permanent_mac.text() == card_mac(9).text());
  BOOST_TEST(bench.port("late").mac.text() == card_mac(0).text());
}

BOOST_AUTO_TEST_CASE(an_awaited_port_that_cannot_be_taken_says_why_once_and_is_taken_when_it_can) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "late"});
  bench.add(SimBench::config({"e1", "late"}, "bond1"));
  bench.take_events();
  BOOST_REQUIRE(bench.world.add_nic({.name = "late", .mac = card_mac(9)}).ok());
  bench.settle();
  bench.run_to(5'000);
  BOOST_TEST(ports_of(bench, "bond0") == "e0 late");
  BOOST_TEST(ports_of(bench, "bond1") == "e1");
  const std::string reason = bench.status("bond1").awaited.at(0).reason;
  BOOST_TEST(reason.find("late is a port of a bond already") != std::string::npos);
  const std::vector<std::string> lines = bench.take_events();
  BOOST_TEST(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
               return line.find("bond1: (slave late): cannot be taken") != std::string::npos;
             }) == 1);
  BOOST_REQUIRE(release(bench, "late").ok());
  bench.run_to(7'000);
  BOOST_TEST(ports_of(bench, "bond1") == "e1 late");
  BOOST_TEST(bench.status("bond1").awaited.empty());
}

BOOST_AUTO_TEST_CASE(ports_are_enslaved_and_released_at_run_time) {
  SimBench bench({"e0", "e1", "e2"});
  bench.add({"e0"});
  const sim::NicState found = bench.card("e1");
  bench.run_to(250);
  BOOST_REQUIRE(enslave(bench, "e1").ok());
  BOOST_TEST(ports_of(bench) == "e0 e1");
  BOOST_TEST(bench.told("(slave e1): Enslaving as a backup interface with an up link"));
  BOOST_TEST(enslave(bench, "e1").error == EBUSY);
  BOOST_TEST(enslave(bench, "nosuch").error == ENODEV);
  BOOST_TEST(enslave(bench, "bond0").error == EPERM);
  BOOST_TEST(release(bench, "e2").error == EINVAL);
  BOOST_REQUIRE(release(bench, "e0").ok());
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(ports_of(bench) == "e1");
  BOOST_TEST(bench.told("(slave e0): Releasing backup interface"));
  BOOST_REQUIRE(release(bench, "e1").ok());
  BOOST_TEST(bench.active() == "");
  BOOST_TEST(same_card(bench.card("e1"), found));
  BOOST_TEST(!bench.host().has_carrier());
}

BOOST_AUTO_TEST_CASE(traffic_goes_on_when_the_active_port_is_released) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_TEST(bench.host_sends(data_frame(station_mac(0), card_mac(0), 1)));
  BOOST_REQUIRE(release(bench, "e0").ok());
  BOOST_TEST(bench.host_sends(data_frame(station_mac(0), card_mac(0), 2)));
  BOOST_TEST(data_numbers(bench.world.sent("e1")) == std::vector<std::int64_t>{2}, boost::test_tools::per_element());
  BOOST_TEST(bench.card_receives("e1", data_frame(card_mac(0), station_mac(0), 3)));
  BOOST_TEST(data_numbers(bench.host().take_delivered()) == std::vector<std::int64_t>{3},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_port_in_the_place_of_a_released_one_counts_from_zero) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0"});
  BOOST_TEST(bench.host_sends(data_frame(station_mac(0), card_mac(0), 1)));
  bench.link("e0", false);
  BOOST_TEST(bench.port("e0").counters.tx_frames == 1U);
  BOOST_REQUIRE(release(bench, "e0").ok());
  BOOST_REQUIRE(enslave(bench, "e1").ok());
  BOOST_TEST(bench.port("e1").counters.tx_frames == 0U);
  BOOST_TEST(bench.port("e1").failures == 0U);
}

BOOST_AUTO_TEST_CASE(an_awaited_port_can_be_released_and_is_not_taken_then) {
  SimBench bench({"e0"});
  bench.add({"e0", "late"});
  BOOST_REQUIRE(release(bench, "late").ok());
  BOOST_TEST(awaited_of(bench) == "");
  BOOST_REQUIRE(bench.world.add_nic({.name = "late", .mac = card_mac(9)}).ok());
  bench.run_for(5'000);
  BOOST_TEST(ports_of(bench) == "e0");
}

BOOST_AUTO_TEST_CASE(a_bond_takes_sixteen_ports_and_refuses_one_more) {
  SimBench bench({});
  BondConfig config = SimBench::config({});
  for (std::uint8_t i = 0; i < max_ports + 1; ++i) {
    const std::string name = "e" + std::to_string(i);
    BOOST_REQUIRE(bench.world.add_nic({.name = name, .mac = card_mac(i)}).ok());
    if (i < max_ports) config.ports.push_back(name);
  }
  bench.add(config);
  const sim::NicState found = bench.card("e16");
  BOOST_TEST(bench.status().ports.size() == max_ports);
  BOOST_TEST(enslave(bench, "e16").error == ENOSPC);
  BOOST_TEST(same_card(bench.card("e16"), found));
  for (int i = 0; i < 15; ++i) bench.link(("e" + std::to_string(i)).c_str(), false);
  BOOST_TEST(bench.active() == "e15");
  BOOST_REQUIRE(release(bench, "e3").ok());
  BOOST_REQUIRE(enslave(bench, "e16").ok());
  BOOST_TEST(bench.status().ports.back().name == "e16");
}

BOOST_AUTO_TEST_CASE(everything_about_a_port_is_restored_when_its_bond_ends) {
  SimBench bench({"e0", "e1", "e2"});
  BOOST_REQUIRE(bench.world.add_nic({.name = "e3", .mac = card_mac(3), .mtu = 9'000, .up = false}).ok());
  BOOST_REQUIRE(bench.world.set_promiscuous("e2", true).ok());
  std::vector<sim::NicState> found;
  for (const char* card : {"e0", "e1", "e2", "e3"}) found.push_back(bench.card(card));
  BondConfig config = SimBench::config({"e0", "e1", "e2", "e3"});
  config.mtu = 1'400;
  bench.add(config);
  bench.host().host_set_promiscuous(true);
  bench.settle();
  BOOST_TEST(bench.card("e3").mtu == 1'400U);
  BOOST_TEST(bench.card("e3").up);
  BOOST_TEST(bench.card("e1").promiscuous);
  bench.scheduler.remove_bond("bond0");
  std::size_t at = 0;
  for (const char* card : {"e0", "e1", "e2", "e3"}) BOOST_TEST(same_card(bench.card(card), found[at++]), card);
  BOOST_TEST(bench.world.host_port("bond0") == nullptr);
  BOOST_TEST(bench.scheduler.find("bond0") == nullptr);
  BOOST_TEST(!bench.scheduler.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(a_bond_that_cannot_be_made_leaves_nothing_behind) {
  SimBench bench({"e0", "e1", "e2"});
  bench.add(SimBench::config({"e1"}, "bond1"));
  const sim::NicState found = bench.card("e0");
  const Outcome outcome = bench.scheduler.add_bond(SimBench::config({"e0", "e1"}));
  BOOST_TEST(outcome.error == EBUSY);
  BOOST_TEST(outcome.reason.find("e1") != std::string::npos);
  BOOST_TEST(same_card(bench.card("e0"), found));
  BOOST_TEST(bench.world.host_port("bond0") == nullptr);
  BOOST_TEST(bench.scheduler.add_bond(SimBench::config({}, "bond1")).error == EEXIST);
  BOOST_TEST(bench.scheduler.add_bond(SimBench::config({}, "e2")).error == EEXIST);
  BOOST_TEST(bench.scheduler.add_bond(SimBench::config({}, "not/a/name")).error == EINVAL);
  BOOST_TEST(bench.scheduler.bonds().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_first_port_that_cannot_change_its_address_turns_fail_over_mac_active_on) {
  SimBench bench({"e1"});
  BOOST_REQUIRE(bench.world.add_nic({.name = "fixed", .mac = card_mac(8), .can_set_mac = false}).ok());
  bench.add({"fixed", "e1"});
  BOOST_TEST(bench.host().mac().text() == card_mac(8).text());
  BOOST_TEST((bench.bond().options().fail_over_mac == FailOverMac::active));
  BOOST_TEST(bench.card("e1").mac.text() == card_mac(0).text());
  bench.link(200, "fixed", false);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.host().mac().text() == card_mac(0).text());
}

BOOST_AUTO_TEST_CASE(a_further_port_that_cannot_change_its_address_is_refused_with_advice) {
  SimBench bench({"e0"});
  BOOST_REQUIRE(bench.world.add_nic({.name = "fixed", .mac = card_mac(8), .can_set_mac = false}).ok());
  bench.add({"e0"});
  const sim::NicState found = bench.card("fixed");
  const Outcome outcome = enslave(bench, "fixed");
  BOOST_TEST(outcome.error == EOPNOTSUPP);
  BOOST_TEST(outcome.reason.find("fail_over_mac") != std::string::npos);
  BOOST_TEST(same_card(bench.card("fixed"), found));
}

BOOST_AUTO_TEST_SUITE_END()

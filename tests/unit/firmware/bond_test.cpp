// What a bond promises beside its failovers (tests/scenario): configuration changes, versions, options, refusals.
#include "firmware/bond.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <string>
#include <vector>

#include "firmware/render.hpp"
#include "tests/support/fake_hardware.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::FakeHardware;
using test::FakeHostPort;
using test::SimBench;
using Kind = Change::Kind;

IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

/// A configuration with something in every field, as a file could give it.
BondConfig full_config() {
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.updelay_ms = 200;
  config.options.primary = "e1";
  config.port_options["e1"].prio = 4;
  config.addresses = {prefix("192.0.2.1/24")};
  config.gateway = IpAddress::parse("192.0.2.254");
  config.mtu = 1'400;
  config.mac = MacAddress{{0x02, 0, 0, 0, 0x77, 1}};
  return config;
}

/// Carries out the steps from what runs to what is wanted, as a reload does; what is then left to be done.
std::vector<Change> reload(SimBench& bench, const BondConfig& wanted) {
  for (const Change& change : diff_config(bench.bond().running_config(), wanted)) {
    const Outcome outcome = bench.command([&](Bond& bond) { return bond.change(change); });
    BOOST_TEST(outcome.ok(), change.text() << ": " << outcome.reason);
  }
  return diff_config(bench.bond().running_config(), wanted);
}

std::string text_of(const std::vector<Change>& changes) {
  std::string text;
  for (const Change& change : changes) text += change.text() + "\n";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bond)

BOOST_AUTO_TEST_CASE(what_runs_is_what_was_configured) {
  SimBench bench({"e0", "e1"});
  bench.add(full_config());
  BOOST_TEST(text_of(diff_config(bench.bond().running_config(), full_config())) == "");
}

BOOST_AUTO_TEST_CASE(what_runs_stays_as_configured_through_failovers_and_vanishing_ports) {
  SimBench bench({"e0", "e1"});
  bench.add(full_config());
  bench.link(500, "e1", false);
  BOOST_REQUIRE(bench.world.remove_nic("e1").ok());
  bench.settle();
  BOOST_TEST(text_of(diff_config(bench.bond().running_config(), full_config())) == "");
}

BOOST_AUTO_TEST_CASE(a_changed_configuration_is_reached_step_by_step) {
  SimBench bench({"e0", "e1", "e2"});
  bench.add(full_config());
  BondConfig wanted = full_config();
  wanted.ports = {"e1", "e2", "late"};
  wanted.options.miimon_ms = 50;
  wanted.options.updelay_ms = 0;
  wanted.options.primary = "e2";
  wanted.options.num_peer_notif = 4;
  wanted.port_options.clear();
  wanted.port_options["e2"].prio = -3;
  wanted.addresses = {prefix("198.51.100.7/24"), prefix("2001:db8::7/64")};
  wanted.gateway = IpAddress::parse("198.51.100.254");
  wanted.mtu = 9'000;
  wanted.mac = MacAddress{{0x02, 0, 0, 0, 0x77, 2}};
  BOOST_TEST(text_of(reload(bench, wanted)) == "");
  BOOST_TEST(bench.active() == "e2");
  BOOST_TEST(bench.card("e2").mtu == 9'000U);
  BOOST_TEST(bench.card("e2").mac.text() == "02:00:00:00:77:02");
  BOOST_TEST(!bench.card("e0").claimed);
  BOOST_TEST((bench.host().gateway(IpAddress::Family::v4) == wanted.gateway));
  BOOST_TEST(bench.status().awaited.at(0).name == "late");
  // And back, which needs every kind of step the other way round.
  BOOST_TEST(text_of(reload(bench, full_config())) == "");
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.status().awaited.empty());
}

BOOST_AUTO_TEST_CASE(what_did_not_change_is_not_touched) {
  SimBench bench({"e0", "e1"});
  bench.add(full_config());
  const std::uint64_t plan = bench.bond().plan().generation;
  bench.take_events();
  BondConfig wanted = full_config();
  wanted.options.num_peer_notif = 3;
  BOOST_TEST(text_of(reload(bench, wanted)) == "");
  BOOST_TEST(bench.bond().plan().generation == plan);
  BOOST_TEST(bench.take_events().size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_option_for_a_bond_that_is_down_is_written_with_the_bond_down_for_that_moment) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  const Change change{Kind::option, "bond0", "ad_select", "stable", "bandwidth"};
  BOOST_TEST(bench.command([&](Bond& bond) { return bond.change(change); }).ok());
  BOOST_TEST((bench.bond().options().ad_select == AdSelect::bandwidth));
  BOOST_TEST(bench.host().is_up());
}

BOOST_AUTO_TEST_CASE(a_change_of_the_whole_program_is_none_of_one_bond) {
  SimBench bench({"e0"});
  bench.add({"e0"});
  for (const Kind kind : {Kind::add_bond, Kind::remove_bond})
    BOOST_TEST(bench.command([&](Bond& bond) { return bond.change({kind, "bond0", "", "", ""}); }).error == EINVAL);
}

BOOST_AUTO_TEST_CASE(the_status_version_changes_whenever_the_kernels_text_does) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  std::string text = render_proc(bench.status());
  std::uint64_t version = bench.bond().status_version();
  int changes = 0;
  const auto check = [&](const char* after) {
    const std::string now = render_proc(bench.status());
    if (now != text) {
      ++changes;
      BOOST_TEST(bench.bond().status_version() != version, "the same version after " << after);
    }
    text = now;
    version = bench.bond().status_version();
  };
  bench.link(500, "e0", false);
  check("a lost link");
  bench.link(700, "e0", true);
  check("a link that is back");
  BOOST_REQUIRE(bench.world.set_speed("e1", 1'000, Duplex::half).ok());
  bench.settle();
  check("a new speed");
  for (const auto& [option, value] :
       {std::pair{"miimon", "50"}, std::pair{"updelay", "500"}, std::pair{"primary", "e0"},
        std::pair{"primary_reselect", "better"}, std::pair{"queue_id", "e0:3"}, std::pair{"active_slave", "e1"},
        std::pair{"peer_notif_delay", "100"}}) {
    BOOST_TEST(bench.set(option, value).ok());
    check(option);
  }
  bench.link(1'000, "e0", false);
  check("a lost link");
  bench.link(2'000, "e0", true);
  check("the beginning of updelay");
  bench.run_to(3'000);
  check("the end of updelay");
  BOOST_REQUIRE(bench.world.remove_nic("e1").ok());
  bench.settle();
  check("a port that vanished");
  BOOST_REQUIRE(bench.world.restore_nic("e1").ok());
  bench.settle();
  check("a port that came back");
  bench.run_to(10'000);
  check("the end of its updelay");
  BOOST_TEST(changes >= 14);
  const std::uint64_t before = bench.bond().status_version();
  bench.run_to(60'000);
  BOOST_TEST(bench.bond().status_version() == before, "an idle bond rewrites its text");
}

BOOST_AUTO_TEST_CASE(a_written_option_is_told_and_a_refused_one_is_not) {
  SimBench bench({"e0"});
  bench.add({"e0"});
  bench.take_events();
  BOOST_TEST(bench.set("downdelay", "300").ok());
  BOOST_TEST(bench.told("bond0: option downdelay: set to 300"));
  bench.take_events();
  BOOST_TEST(bench.set("downdelay", "-1").error == EINVAL);
  BOOST_TEST(bench.take_events().empty());
}

BOOST_AUTO_TEST_CASE(use_carrier_tells_every_nic_how_to_read_its_link) {
  sim::SimClock clock;
  FakeHardware hardware;
  EventLog events;
  Scheduler scheduler{hardware, clock, events};
  BOOST_REQUIRE(scheduler.add_bond(SimBench::config({"e0", "e1"})).ok());
  Bond& made = *scheduler.find("bond0");
  BOOST_TEST((hardware.nics["e1"]->source == LinkSource::carrier));
  BOOST_TEST(made.write("use_carrier", "0").ok());
  BOOST_TEST((hardware.nics["e0"]->source == LinkSource::mii));
  BOOST_TEST((hardware.nics["e1"]->source == LinkSource::mii));
  BOOST_TEST(made.enslave("e2").ok());
  BOOST_TEST((hardware.nics["e2"]->source == LinkSource::mii));
  BOOST_TEST(made.write("use_carrier", "1").ok());
  BOOST_TEST((hardware.nics["e2"]->source == LinkSource::carrier));
}

BOOST_AUTO_TEST_CASE(each_mode_is_taken_on_and_the_bond_goes_on) {
  SimBench bench({"e0"});
  bench.add(SimBench::config({}));
  for (int mode = 0; mode <= 6; ++mode) {
    BOOST_REQUIRE(bench.host().set_up(false).ok());
    bench.settle();
    BOOST_TEST(bench.set("mode", std::to_string(mode).c_str()).ok(), mode);
    BOOST_TEST((bench.bond().options().mode == static_cast<Mode>(mode)), mode);
    BOOST_REQUIRE(bench.host().set_up(true).ok());
    BOOST_TEST(bench.command([](Bond& bond) { return bond.enslave("e0"); }).ok());
    bench.run_for(300);
    BOOST_TEST(bench.bond().plan().carrier, mode);
    BOOST_TEST(bench.active() == (has_active_port(bench.bond().options().mode) ? "e0" : ""), mode);
    BOOST_TEST(bench.command([](Bond& bond) { return bond.release("e0"); }).ok());
  }
}

BOOST_AUTO_TEST_CASE(activate_needs_a_port_of_the_bond_with_link) {
  SimBench bench({"e0", "e1", "e2"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.updelay_ms = 500;
  bench.add(config);
  const auto activate = [&](std::optional<std::string_view> port) {
    return bench.command([port](Bond& bond) { return bond.activate(port); });
  };
  const Outcome waiting = activate("e1");
  BOOST_TEST(waiting.error == EINVAL);
  BOOST_TEST(waiting.reason.find("going back") != std::string::npos);
  BOOST_TEST(activate("e2").error == EINVAL);
  bench.run_to(1'000);
  BOOST_TEST(activate("e1").ok());
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(activate(std::nullopt).ok());
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(a_configured_first_port_without_link_is_no_reason_to_fail) {
  SimBench bench({"e0", "e1"});
  bench.link("e1", false);
  BondConfig config = SimBench::config({"e0", "e1"});
  config.active_slave = "e1";
  bench.add(config);
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(the_plan_is_published_only_when_it_changes) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  const std::uint64_t generation = bench.bond().plan().generation;
  bench.run_to(10'000);
  BOOST_TEST(bench.bond().plan().generation == generation);
  bench.link("e0", false);
  BOOST_TEST(bench.bond().plan().generation == generation + 1);
}

BOOST_AUTO_TEST_SUITE_END()

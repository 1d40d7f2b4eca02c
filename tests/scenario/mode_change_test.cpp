// A changed file that names another mode: ports leave, the mode and its options change, ports join, in one transaction.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <string>
#include <vector>

#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using namespace bondbox::test;

/// A bond of this mode with something of its own in it.
BondConfig config_of(Mode mode) {
  BondConfig config = SimBench::config({"e0", "e1"});
  BondOptions& options = config.options;
  options.mode = mode;
  config.addresses = {IpPrefix::parse("192.0.2.1/24").value()};
  config.gateway = IpAddress::parse("192.0.2.254");
  switch (mode) {
    case Mode::balance_rr:
      options.packets_per_slave = 3;
      config.port_options["e1"].queue_id = 2;
      break;
    case Mode::active_backup:
      options.primary = "e1";
      options.fail_over_mac = FailOverMac::active;
      options.updelay_ms = 200;
      break;
    case Mode::balance_xor:
      options.xmit_hash_policy = HashPolicy::layer34;
      options.xmit_hash_resilient = true;
      break;
    case Mode::broadcast:
      options.arp_interval_ms = 500;
      options.miimon_ms = 0;
      (void)options.arp_ip_targets.push_back(IpAddress::parse("192.0.2.254").value());
      break;
    case Mode::lacp_8023ad:
      options.lacp_rate = LacpRate::fast;
      options.ad_user_port_key = 5;
      options.ad_select = AdSelect::bandwidth;
      config.port_options["e0"].actor_port_prio = 7;
      break;
    case Mode::balance_tlb:
      options.tlb_dynamic_lb = false;
      options.primary = "e0";
      break;
    case Mode::balance_alb:
      options.rebalance = Rebalance::kernel;
      config.port_options["e1"].prio = 9;
      break;
  }
  return config;
}

/// As `bondbox reload` does it. What it prints.
std::string reload(SimBench& bench, const BondConfig& wanted) {
  std::string text;
  (void)bench.command([&](Bond& bond) {
    for (const Change& change : diff_config(bond.running_config(), wanted)) {
      const Outcome outcome = bond.change(change);
      BOOST_TEST(outcome.ok(), change.text() << ": " << outcome.reason);
      text += change.text() + "\n";
    }
    return Outcome::done();
  });
  return text;
}

/// What is still to be done to have this.
std::string difference(SimBench& bench, const BondConfig& wanted) {
  std::string text;
  for (const Change& change : diff_config(bench.bond().running_config(), wanted)) text += change.text() + "\n";
  return text;
}

constexpr Mode modes[] = {Mode::balance_rr,  Mode::active_backup, Mode::balance_xor, Mode::broadcast,
                          Mode::lacp_8023ad, Mode::balance_tlb,   Mode::balance_alb};

}  // namespace

BOOST_AUTO_TEST_SUITE(mode_change)

BOOST_AUTO_TEST_CASE(a_reload_takes_a_bond_from_each_mode_to_each_other_and_back) {
  for (const Mode from : modes) {
    for (const Mode to : modes) {
      if (from == to) continue;
      BOOST_TEST_CONTEXT(mode_name(from) << " -> " << mode_name(to)) {
        SimBench bench({"e0", "e1"});
        bench.add(config_of(from));
        bench.run_for(300);
        const std::string printed = reload(bench, config_of(to));
        BOOST_TEST(difference(bench, config_of(to)) == "");
        BOOST_TEST(read_option(bench.bond(), "mode").value().starts_with(std::string(mode_name(to)) + " "));
        BOOST_TEST(read_option(bench.bond(), "slaves").value() == "e0 e1");
        const std::string mode_line =
            std::string("bond0: mode ") + mode_name(from) + " -> " + std::string(mode_name(to)) + "\n";
        BOOST_TEST(printed.find(mode_line) != std::string::npos, printed);
        bench.run_for(1'000);
        BOOST_TEST(bench.host().is_up());
        BOOST_TEST((bench.host().gateway(IpAddress::Family::v4) == config_of(to).gateway));

        (void)reload(bench, config_of(from));
        BOOST_TEST(difference(bench, config_of(from)) == "");
        bench.run_for(1'000);
        bench.world.clear_sent("e0");
        bench.world.clear_sent("e1");
        BOOST_TEST(bench.host_sends(data_frame(station_mac(1), bench.host().mac(), 7)));
        // The ARP monitor of this one has nobody who answers.
        if (from == Mode::broadcast) continue;
        const std::size_t left =
            data_numbers(bench.world.sent("e0")).size() + data_numbers(bench.world.sent("e1")).size();
        BOOST_TEST(left == 1u);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_mode_of_a_bond_in_use_is_refused_as_the_kernel_refuses_it) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  Outcome outcome = bench.set("mode", "balance-xor");
  BOOST_TEST(outcome.error == ENOTEMPTY);
  BOOST_TEST(outcome.reason == "mode cannot be set while the bond has ports; release them first");
  BOOST_REQUIRE(bench.set("slaves", "-e0").ok());
  BOOST_REQUIRE(bench.set("slaves", "-e1").ok());
  outcome = bench.set("mode", "balance-xor");
  BOOST_TEST(outcome.error == EBUSY);
  BOOST_TEST(outcome.reason == "mode cannot be set while the bond is up; set it down first");
  BOOST_REQUIRE(bench.host().set_up(false).ok());
  bench.settle();
  BOOST_TEST(bench.set("mode", "balance_xor").error == EINVAL);
  BOOST_TEST(bench.set("mode", "balance-xor").ok());
  BOOST_TEST(read_option(bench.bond(), "mode").value() == "balance-xor 2");
}

BOOST_AUTO_TEST_CASE(bonds_of_different_modes_run_side_by_side) {
  SimBench bench({"e0", "e1", "e2", "e3", "e4", "e5"});
  BondConfig rr = SimBench::config({"e0", "e1"}, "bond0");
  rr.options.mode = Mode::balance_rr;
  BondConfig backup = SimBench::config({"e2", "e3"}, "bond1");
  BondConfig all = SimBench::config({"e4", "e5"}, "bond2");
  all.options.mode = Mode::broadcast;
  for (const BondConfig& config : {rr, backup, all}) bench.add(config);
  bench.run_for(300);
  for (const char* bond : {"bond0", "bond1", "bond2"})
    for (std::uint32_t i = 0; i < 4; ++i)
      BOOST_TEST(bench.host_sends(data_frame(station_mac(1), bench.host(bond).mac(), i), bond));
  const auto left = [&](const char* card) { return data_numbers(bench.world.sent(card)).size(); };
  BOOST_TEST(left("e0") == 2u);
  BOOST_TEST(left("e1") == 2u);
  BOOST_TEST(left("e2") == 4u);
  BOOST_TEST(left("e3") == 0u);
  BOOST_TEST(left("e4") == 4u);
  BOOST_TEST(left("e5") == 4u);
}

BOOST_AUTO_TEST_SUITE_END()

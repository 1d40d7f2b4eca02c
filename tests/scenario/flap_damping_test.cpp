// Ports that flap are kept out of use for a while, but never the last one that works.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "firmware/explain.hpp"
#include "firmware/render.hpp"
#include "tests/support/lacp_bench.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::SimBench;

constexpr auto per_element = boost::test_tools::per_element();
using Lines = std::vector<std::string>;

BondConfig damped(std::initializer_list<const char*> ports) {
  BondConfig config = SimBench::config(ports);
  config.options.flap_damping_ms = 5'000;
  config.options.primary = "e0";
  return config;
}

/// Three losses, 300 ms apart; the link is there again at the end.
void flap(SimBench& bench, const char* port, int times = 3) {
  for (int i = 0; i < times; ++i) {
    bench.link(port, false);
    bench.run_for(150);
    bench.link(port, true);
    bench.run_for(150);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flap_damping)

BOOST_AUTO_TEST_CASE(a_port_that_flaps_stays_out_until_it_has_been_quiet) {
  SimBench bench({"e0", "e1"});
  bench.add(damped({"e0", "e1"}));
  bench.run_to(1'000);
  flap(bench, "e0", 2);
  BOOST_TEST(bench.active() == "e0");
  bench.take_events();
  flap(bench, "e0", 1);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST((bench.state("e0") == LinkState::down));
  const PortStatus out = bench.port("e0");
  BOOST_TEST(out.has_carrier);
  BOOST_TEST(out.damping.damped);
  BOOST_TEST(bench.told("bond0: (slave e0): flaps: kept out of use for about 7 s (penalty 28"));
  const std::int64_t until = bench.now() + out.damping.left.count;
  bench.run_to(until - 1);
  BOOST_TEST(bench.active() == "e1");
  bench.take_events();
  bench.run_to(until + 100);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.told("bond0: (slave e0): has been quiet, may be used again"));
  BOOST_TEST(!bench.port("e0").damping.damped);
  // What damping adds to the kernel's counting is nothing.
  BOOST_TEST(bench.port("e0").failures == 3U);
}

BOOST_AUTO_TEST_CASE(without_the_option_a_port_may_flap_as_it_likes) {
  SimBench bench({"e0", "e1"});
  BondConfig config = damped({"e0", "e1"});
  config.options.flap_damping_ms = 0;
  bench.add(config);
  flap(bench, "e0", 20);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.port("e0").failures == 20U);
}

BOOST_AUTO_TEST_CASE(the_last_port_that_works_is_never_kept_out) {
  SimBench bench({"e0", "e1"});
  bench.add(damped({"e0", "e1"}));
  bench.run_to(1'000);
  flap(bench, "e0");
  BOOST_TEST(bench.active() == "e1");
  bench.link("e1", false);
  bench.run_for(200);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.told("bond0: (slave e0): used although it flaps: no other port works"));
  // It stays in use, until it loses its link again.
  bench.link("e1", true);
  bench.run_for(1'000);
  BOOST_TEST(bench.active() == "e0");
  flap(bench, "e0", 1);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.port("e0").damping.damped);
}

BOOST_AUTO_TEST_CASE(the_only_port_of_a_bond_is_used_whenever_it_has_a_link) {
  for (const Mode mode : {Mode::balance_rr, Mode::active_backup, Mode::balance_xor, Mode::balance_tlb}) {
    SimBench bench({"e0"});
    BondConfig config = damped({"e0"});
    config.options.mode = mode;
    bench.add(config);
    for (int i = 0; i < 10; ++i) {
      flap(bench, "e0", 1);
      BOOST_TEST_CONTEXT(mode_name(mode) << ", loss " << i + 1) {
        BOOST_TEST((bench.state("e0") == LinkState::up));
        BOOST_TEST(bench.host().has_carrier());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(of_two_that_flap_the_quieter_one_is_used) {
  SimBench bench({"e0", "e1"});
  bench.add(damped({"e0", "e1"}));
  bench.run_to(1'000);
  for (int i = 0; i < 6; ++i) {
    bench.link("e0", false);
    if (i > 2) bench.link("e1", false);
    bench.run_for(150);
    BOOST_REQUIRE(bench.world.set_link("e0", true).ok());  // both in one step
    bench.link("e1", true);
    bench.run_for(150);
  }
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.host().has_carrier());
}

BOOST_AUTO_TEST_CASE(a_port_whose_interface_vanishes_again_and_again_flaps_too) {
  SimBench bench({"e0", "e1"});
  bench.add(damped({"e0", "e1"}));
  bench.run_to(1'000);
  for (int i = 0; i < 3; ++i) {
    BOOST_REQUIRE(bench.world.remove_nic("e0").ok());
    bench.run_for(400);
    BOOST_REQUIRE(bench.world.restore_nic("e0").ok());
    bench.run_for(400);
  }
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.port("e0").damping.damped);
}

BOOST_AUTO_TEST_CASE(a_lacp_port_that_flaps_is_not_aggregated_for_a_while) {
  test::LacpBench bench;
  bench.near.options.flap_damping_ms = 5'000;
  bench.start();
  bench.run_until_all_carry();
  flap(bench, "e0", 4);
  BOOST_TEST(bench.port("e0").damping.damped);
  bench.run_for(3'000);
  BOOST_TEST(bench.carrying() == 1U);
  BOOST_TEST(bench.run_until([&] { return bench.carrying() == 2; }, 20'000) > 0);
}

BOOST_AUTO_TEST_CASE(it_is_told_for_how_long_and_why) {
  SimBench bench({"e0", "e1"});
  bench.add(damped({"e0", "e1"}));
  bench.run_to(1'000);
  flap(bench, "e0");
  const BondStatus status = bench.status();
  const std::string text = render_text(status);
  BOOST_TEST(text.find("DEGRADED: e0 flaps, kept out for about 7 s") != std::string::npos, text);
  const Explanation told = explain_port(status, bench.port("e0"));
  BOOST_TEST(told.cause.starts_with("it has failed too often and is kept out of use for about 7 s"), told.cause);
  BOOST_TEST(told.remedy == "Check its cable and plug; \"bondbox set bond0 flap_damping 0\" uses it at once");
  BOOST_TEST(bench.set("flap_damping", "0").ok());
  bench.run_for(100);
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_SUITE_END()

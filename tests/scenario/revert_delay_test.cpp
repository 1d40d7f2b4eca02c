// When a primary that comes back takes over from a port that works: after revert_delay, and not before.
#include <boost/test/unit_test.hpp>
#include <string>

#include "firmware/explain.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::SimBench;

BondConfig reverting(std::initializer_list<const char*> ports) {
  BondConfig config = SimBench::config(ports);
  config.options.primary = "e0";
  config.options.revert_delay_ms = 5'000;
  return config;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(revert_delay)

BOOST_AUTO_TEST_CASE(a_primary_that_comes_back_takes_over_when_it_has_been_up_for_so_long) {
  SimBench bench({"e0", "e1"});
  bench.add(reverting({"e0", "e1"}));
  bench.link(1'000, "e0", false);
  bench.run_to(1'200);
  BOOST_TEST(bench.active() == "e1");
  bench.link(2'000, "e0", true);
  bench.run_to(6'999);
  BOOST_TEST((bench.state("e0") == LinkState::up));
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(explain_port(bench.status(), bench.port("e0")).cause ==
             "it is the primary, and may take over in 1 ms (revert_delay)");
  bench.run_to(7'000);
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(one_that_is_lost_again_meanwhile_begins_anew) {
  SimBench bench({"e0", "e1"});
  bench.add(reverting({"e0", "e1"}));
  bench.link(1'000, "e0", false);
  bench.link(2'000, "e0", true);
  bench.link(6'000, "e0", false);
  bench.link(6'300, "e0", true);
  bench.run_to(11'200);
  BOOST_TEST(bench.active() == "e1");
  bench.run_to(11'300);
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(it_takes_over_at_once_when_the_active_port_fails) {
  SimBench bench({"e0", "e1", "e2"});
  bench.add(reverting({"e0", "e1", "e2"}));
  bench.link(1'000, "e0", false);
  bench.link(2'000, "e0", true);
  bench.link(3'000, "e1", false);
  bench.run_to(3'100);
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(it_comes_after_updelay) {
  SimBench bench({"e0", "e1"});
  BondConfig config = reverting({"e0", "e1"});
  config.options.updelay_ms = 1'000;
  bench.add(config);
  bench.run_to(2'000);
  BOOST_TEST(bench.active() == "e0");
  bench.link(3'000, "e0", false);
  bench.link(4'000, "e0", true);
  bench.run_to(5'000);
  BOOST_TEST((bench.state("e0") == LinkState::up));
  bench.run_to(9'900);
  BOOST_TEST(bench.active() == "e1");
  bench.run_to(10'000);
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(primary_reselect_is_asked_when_it_is_over) {
  SimBench bench({"e0", "e1"});
  BondConfig config = reverting({"e0", "e1"});
  config.options.primary_reselect = PrimaryReselect::failure;
  bench.add(config);
  bench.link(1'000, "e0", false);
  bench.link(2'000, "e0", true);
  bench.run_to(20'000);
  BOOST_TEST(bench.active() == "e1");
}

BOOST_AUTO_TEST_CASE(a_port_of_higher_prio_waits_as_the_primary_does) {
  SimBench bench({"e0", "e1"});
  BondConfig config = reverting({"e0", "e1"});
  config.options.primary.clear();
  config.port_options["e1"].prio = 10;
  bench.add(config);
  BOOST_TEST(bench.active() == "e1");
  bench.link(1'000, "e1", false);
  bench.link(2'000, "e1", true);
  bench.run_to(6'900);
  BOOST_TEST(bench.active() == "e0");
  bench.run_to(7'000);
  BOOST_TEST(bench.active() == "e1");
}

BOOST_AUTO_TEST_CASE(what_is_done_by_hand_waits_for_nothing) {
  SimBench bench({"e0", "e1"});
  bench.add(reverting({"e0", "e1"}));
  bench.link(1'000, "e0", false);
  bench.link(2'000, "e0", true);
  bench.run_to(2'500);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.set("primary", "e0").ok());
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.set("active_slave", "e1").ok());
  bench.run_for(10'000);
  BOOST_TEST(bench.active() == "e1");
}

BOOST_AUTO_TEST_CASE(writing_0_ends_the_wait) {
  SimBench bench({"e0", "e1"});
  bench.add(reverting({"e0", "e1"}));
  bench.link(1'000, "e0", false);
  bench.link(2'000, "e0", true);
  bench.run_to(3'000);
  BOOST_TEST(bench.set("revert_delay", "0").ok());
  bench.run_for(100);
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(a_bond_that_is_made_begins_with_its_primary_whatever_the_order) {
  SimBench bench({"e0", "e1"});
  bench.add(reverting({"e1", "e0"}));
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(a_primary_whose_interface_comes_back_waits_too) {
  SimBench bench({"e0", "e1"});
  bench.add(reverting({"e0", "e1"}));
  bench.run_to(1'000);
  BOOST_REQUIRE(bench.world.remove_nic("e0").ok());
  bench.run_to(3'000);
  BOOST_TEST(bench.active() == "e1");
  BOOST_REQUIRE(bench.world.restore_nic("e0").ok());
  bench.run_to(5'000);
  BOOST_TEST((bench.state("e0") == LinkState::up));
  BOOST_TEST(bench.active() == "e1");
  bench.run_to(9'500);
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_SUITE_END()

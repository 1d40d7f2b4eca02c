// Three ports with priorities and a primary, in each mode that knows them: what is active after each link is lost and
// comes back.
#include <boost/test/unit_test.hpp>
#include <string>

#include "policies/modes.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::SimBench;

struct Priorities : SimBench {
  Priorities(Mode mode, PrimaryReselect reselect) : SimBench({"eth0", "eth1", "eth2"}) {
    BondConfig config = SimBench::config({"eth0", "eth1", "eth2"});
    config.options.mode = mode;
    config.options.primary = "eth1";
    config.options.primary_reselect = reselect;
    config.port_options["eth1"].prio = 10;
    config.port_options["eth2"].prio = 11;
    add(config);
    run_to(1'000);
  }
  std::string after(const char* card, bool up) {
    link(card, up);
    run_for(500);
    return active();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(port_priorities)

BOOST_AUTO_TEST_CASE(primary_stands_before_priority_and_reselection_says_when_a_better_port_takes_over) {
  for (const Mode mode : {Mode::active_backup, Mode::balance_tlb, Mode::balance_alb}) {
    for (const PrimaryReselect reselect :
         {PrimaryReselect::always, PrimaryReselect::better, PrimaryReselect::failure}) {
      BOOST_TEST_CONTEXT(mode_name(mode) << ", primary_reselect " << static_cast<int>(reselect)) {
        const bool always = reselect == PrimaryReselect::always;
        Priorities bench(mode, reselect);
        BOOST_TEST(bench.active() == "eth1");
        BOOST_TEST(bench.after("eth1", false) == "eth2");
        BOOST_TEST(bench.after("eth2", false) == "eth0");
        BOOST_TEST(bench.after("eth2", true) == (always ? "eth2" : "eth0"));
        BOOST_TEST(bench.after("eth1", true) == (always ? "eth1" : "eth0"));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_new_active_port_announces_exactly_as_often_as_num_grat_arp_says) {
  for (const int count : {0, 1, 5, 20}) {
    SimBench bench({"e0", "e1"});
    BondConfig config = SimBench::config({"e0", "e1"});
    config.addresses.push_back(IpPrefix::parse("192.0.2.1/24").value());
    config.options.num_peer_notif = static_cast<std::uint8_t>(count);
    bench.add(config);
    bench.run_to(10'000);
    bench.world.clear_sent("e0");
    bench.world.clear_sent("e1");
    bench.link("e0", false);
    bench.run_for(10'000);
    int announced = 0;
    for (const auto& frame : bench.world.sent("e1")) announced += test::is_gratuitous_arp(frame) ? 1 : 0;
    BOOST_TEST(announced == count);
    BOOST_TEST(bench.world.sent("e0").empty());
  }
}

BOOST_AUTO_TEST_CASE(updelay_is_skipped_when_no_port_is_up_and_waited_for_otherwise) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.updelay_ms = 2'000;
  bench.add(config);
  bench.run_to(5'000);
  bench.link("e0", false);
  bench.link("e1", false);
  bench.run_for(1'000);
  bench.link("e1", true);
  bench.run_for(200);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST((bench.state("e1") == LinkState::up));
  bench.link("e0", true);
  bench.run_for(200);
  BOOST_TEST((bench.state("e0") == LinkState::back));
  bench.run_for(2'000);
  BOOST_TEST((bench.state("e0") == LinkState::up));
  BOOST_TEST(bench.active() == "e1");
}

BOOST_AUTO_TEST_SUITE_END()

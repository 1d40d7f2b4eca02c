// Mode 4 when something happens to a running partnership that LACP itself did not begin.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "firmware/explain.hpp"
#include "tests/support/lacp_bench.hpp"

namespace {

using namespace bondbox;
using test::Frame;
using test::LacpBench;
using test::station_mac;

struct Partnership : LacpBench {
  explicit Partnership(std::size_t cables = 2) : LacpBench(cables) {
    start();
    BOOST_REQUIRE(run_until_all_carry() > 0);
  }
  void set_both_speeds(const char* near_card, const char* far_card, Duplex duplex) {
    BOOST_REQUIRE(world.set_speed(near_card, 10'000, duplex).ok());
    BOOST_REQUIRE(world.set_speed(far_card, 10'000, duplex).ok());
  }
};

Frame lacpdu_from(const MacAddress& system) {
  const wire::SmallFrame built = wire::build_lacpdu(system, {0xffff, system, 15, 255, 1, 0x07}, {});
  return {built.begin(), built.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lacp_upsets)

BOOST_AUTO_TEST_CASE(a_port_whose_duplex_changes_under_its_link_leaves_and_comes_back) {
  Partnership bench;
  bench.set_both_speeds("e1", "p1", Duplex::half);
  bench.run_for(2'000);
  BOOST_TEST((bench.lacp_port("e1").receive == LacpReceiveState::lacp_disabled));
  BOOST_TEST(bench.lacp_port("e1").aggregator != bench.lacp_port("e0").aggregator);
  BOOST_TEST(bench.carrying() == 1U);
  BOOST_TEST(bench.carrying("bondB") == 1U);
  bench.set_both_speeds("e1", "p1", Duplex::full);
  BOOST_TEST(bench.run_until_all_carry() > 0);
}

BOOST_AUTO_TEST_CASE(another_user_key_is_the_aggregators_too_so_that_a_port_that_comes_later_joins) {
  LacpBench bench(3);
  bench.near.ports.pop_back();
  bench.start();
  BOOST_REQUIRE(bench.run_until([&] { return bench.carrying() == 2; }, 10'000) > 0);
  BOOST_REQUIRE(bench.host().set_up(false).ok());
  bench.settle();
  BOOST_REQUIRE(bench.set("ad_user_port_key", "5").ok());
  BOOST_REQUIRE(bench.host().set_up(true).ok());
  bench.settle();
  BOOST_TEST(bench.run_until([&] { return bench.carrying() == 2; }, 10'000) > 0);
  BOOST_TEST(bench.bond().attribute("ad_actor_key") == std::to_string(5 << 6 | 15));
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.enslave("e2"); }).ok());
  BOOST_TEST(bench.run_until_all_carry() > 0);
  BOOST_TEST(bench.bond().attribute("ad_num_ports") == "3");
}

BOOST_AUTO_TEST_CASE(a_flood_of_lacpdus_on_one_port_costs_the_others_nothing) {
  Partnership bench(3);
  const Frame forged = lacpdu_from(station_mac(9));
  for (int ms = 0; ms < 8'000; ms += 10) {
    for (int i = 0; i < 200; ++i) bench.world.deliver("e0", forged);
    bench.run_for(10);
    BOOST_REQUIRE(bench.delivers("e1"));
    BOOST_REQUIRE(bench.delivers("e2"));
  }
  BOOST_TEST(bench.status().punts_lost > 0U);
}

BOOST_AUTO_TEST_CASE(a_flood_of_markers_does_not_silence_the_port_it_comes_in_by) {
  Partnership bench;
  Frame marker = lacpdu_from(station_mac(9));
  const std::uint8_t start[] = {2, 1, 1, 16};
  std::copy(std::begin(start), std::end(start), marker.begin() + 14);
  for (int ms = 0; ms < 8'000; ms += 10) {
    for (int i = 0; i < 200; ++i) bench.world.deliver("e0", marker);
    bench.run_for(10);
    BOOST_REQUIRE(bench.carrying() == 2U);
  }
}

BOOST_AUTO_TEST_CASE(partners_that_take_turns_do_not_fill_the_event_log) {
  Partnership bench;
  const Frame own = lacpdu_from(bench.lacp().system);
  const std::uint64_t before = bench.events.last_sequence();
  for (int ms = 0; ms < 1'000; ms += 10) {
    for (std::uint8_t i = 0; i < 4; ++i) {
      bench.card_receives("e0", lacpdu_from(station_mac(i)));
      bench.card_receives("e0", own);
    }
    bench.run_for(10);
  }
  // In a tick of the machines a port has at most three lines, and the active aggregator one.
  BOOST_TEST(bench.events.last_sequence() - before <= 10U * 8);
  BOOST_TEST(bench.told("LACP partner"));
}

BOOST_AUTO_TEST_CASE(a_port_that_another_port_put_out_of_use_is_told_of) {
  LacpBench bench(3);
  bench.near.options.ad_select = AdSelect::bandwidth;
  BondConfig third = bench.far;
  third.name = "bondC";
  third.ports = {"p1", "p2"};
  bench.far.ports = {"p0"};
  bench.start();
  BOOST_REQUIRE(bench.run_until([&] { return bench.carrying() == 1; }, 10'000) >= 0);
  bench.run_for(5'000);
  bench.add(third);
  bench.take_events();
  BOOST_REQUIRE(bench.run_until([&] { return bench.carrying() == 2; }, 10'000) >= 0);
  BOOST_TEST(bench.told("(slave e0): carries no longer: another aggregator is active"));
}

BOOST_AUTO_TEST_CASE(what_came_for_a_port_that_was_released_is_not_taken_for_the_next_ports) {
  LacpBench bench(3);
  bench.near.ports = {"e0", "e1"};
  bench.start_near();
  bench.run_for(1'000);
  bench.world.deliver("e0", lacpdu_from(station_mac(9)));
  bench.scheduler.step();
  const PortId released = bench.port("e0").id;
  BOOST_REQUIRE(bench
                    .command([](Bond& bond) {
                      Outcome outcome = bond.release("e0");
                      return outcome.ok() ? bond.enslave("e2") : outcome;
                    })
                    .ok());
  BOOST_REQUIRE((bench.port("e2").id == released));
  BOOST_TEST(bench.lacp_port("e2").counters.lacpdu_received == 0U);
}

BOOST_AUTO_TEST_CASE(a_cable_from_one_port_of_the_bond_to_another_is_explained) {
  test::SimBench bench({"e0", "e1"});
  BOOST_REQUIRE(bench.world.connect("e0", "e1").ok());
  BondConfig config = test::SimBench::config({"e0", "e1"});
  config.options.mode = Mode::lacp_8023ad;
  config.options.lacp_rate = LacpRate::fast;
  bench.add(config);
  bench.run_for(10'000);
  const BondStatus status = bench.status();
  BOOST_TEST(explain_port(status, status.ports[1]).cause ==
             "our own LACPDUs come back on it: its cable ends in a loop");
}

BOOST_AUTO_TEST_CASE(a_bond_without_partner_and_without_fallback_says_why_it_is_down) {
  LacpBench bench;
  bench.near.options.lacp_fallback = false;
  bench.start_near();
  bench.run_for(10'000);
  BOOST_TEST(explain_bond(bench.status()).cause == "no partner speaks LACP, and lacp_fallback is off");
}

BOOST_AUTO_TEST_CASE(a_strict_bond_counts_the_ports_that_carry_against_min_links) {
  Partnership bench;
  BOOST_REQUIRE(bench.set("lacp_strict", "on").ok());
  BOOST_REQUIRE(bench.set("min_links", "2").ok());
  BOOST_REQUIRE(bench.world.set_silent("p1", true).ok());
  BOOST_REQUIRE(bench.run_until([&] { return bench.carrying() == 1; }, 5'000) > 0);
  BOOST_TEST(!bench.status().carrier);
  BOOST_TEST(explain_bond(bench.status()).cause == "min_links is 2, and 1 port collects and distributes (lacp_strict)");
}

BOOST_AUTO_TEST_CASE(a_port_of_unknown_speed_is_not_said_to_want_for_a_partner) {
  Partnership bench;
  BOOST_REQUIRE(bench.world.set_speed("e1", 0, Duplex::unknown).ok());
  bench.run_for(1'000);
  BOOST_TEST(bench.carrying() == 1U);
  const BondStatus status = bench.status();
  BOOST_TEST(explain_port(status, status.ports[1]).cause ==
             "its driver does not tell its speed and duplex, without which 802.3ad does not aggregate");
}

BOOST_AUTO_TEST_CASE(a_port_that_negotiates_anew_beside_one_that_carries_sends_nothing_before_it_is_agreed_on) {
  Partnership bench;
  BOOST_REQUIRE(bench.world.set_speed("e1", 1'000, Duplex::full).ok());
  bench.run_for(500);
  BOOST_REQUIRE(bench.world.set_speed("e1", 10'000, Duplex::full).ok());
  std::size_t carried = 0;
  for (int i = 0; i < 6'000; ++i) {
    bench.run_for(1);
    const BondStatus status = bench.status();
    const bool agreed = status.lacp->ports[1].mux == LacpMuxState::collecting_distributing;
    BOOST_REQUIRE_MESSAGE(agreed || !status.ports[1].carries, "carries at " << bench.now());
    if (status.ports[1].carries) ++carried;
  }
  BOOST_TEST(carried > 0U);
}

BOOST_AUTO_TEST_CASE(a_bond_that_seldom_gets_to_run_speaks_as_often_as_its_partner_waits_for) {
  Partnership bench;
  (void)bench.take_spoken();
  const std::int64_t begin = bench.now();
  for (int i = 0; i < 60; ++i) {
    bench.clock.advance(ticks_from_ms(330));
    bench.settle();
  }
  std::int64_t last = begin;
  std::int64_t longest = 0;
  for (const test::SpokenPdu& pdu : bench.take_spoken()) {
    if (pdu.card != "e0") continue;
    longest = std::max(longest, pdu.at_ms - last);
    last = pdu.at_ms;
  }
  longest = std::max(longest, bench.now() - last);
  BOOST_TEST(longest < 2'000);
  BOOST_TEST(bench.carrying() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

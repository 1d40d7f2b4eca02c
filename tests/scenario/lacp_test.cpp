// Two bonds in mode 4 facing each other: negotiation, silence, loss and return of links, release.
#include <boost/test/unit_test.hpp>

#include "tests/support/lacp_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::data_numbers;
using test::LacpBench;
using test::station_mac;

constexpr std::uint8_t on_the_air = 0x3f;

/// Both at fast rate, two cables, negotiated.
struct Partnership : LacpBench {
  explicit Partnership(std::size_t cables = 2) : LacpBench(cables) {
    start();
    BOOST_REQUIRE(run_until_all_carry() > 0);
    run_for(2'000);
    take_events();
    take_spoken();
  }
};

std::size_t spoken_on(const std::vector<test::SpokenPdu>& all, const char* card) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const auto& one) { return one.card == card; }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lacp)

BOOST_AUTO_TEST_CASE(two_active_bonds_at_fast_rate_carry_on_both_cables_within_2_9_s) {
  LacpBench bench;
  bench.start();
  const std::int64_t took = bench.run_until_all_carry();
  BOOST_TEST_MESSAGE("bonds up to collecting and distributing: " << took << " ms");
  BOOST_TEST(took > 2'000);
  BOOST_TEST(took <= 2'900);
  bench.run_for(1'000);
  for (const char* bond : {"bond0", "bondB"}) {
    const LacpStatus status = bench.lacp(bond);
    BOOST_REQUIRE(status.active.has_value());
    BOOST_TEST(status.active->number == 1U);
    BOOST_TEST(status.active->ports == 2U);
    BOOST_TEST(status.active->actor_key == 15U);
    BOOST_TEST(status.active->partner_key == 15U);
    BOOST_TEST(!status.fallback);
    for (const LacpPortStatus& port : status.ports) {
      BOOST_TEST(port.actor.state == on_the_air);
      BOOST_TEST(port.partner.state == on_the_air);
      BOOST_TEST(port.partner.port == port.actor.port);
    }
  }
  BOOST_TEST(bench.told("(slave e1): LACP partner 02:00:00:00:0b:00 found: key 15, port 2"));
  BOOST_TEST(bench.told("(slave e1): collecting and distributing in aggregator 1"));
}

BOOST_AUTO_TEST_CASE(each_start_apart_from_each_other_ends_in_partnership_in_time) {
  for (std::int64_t apart = 0; apart < 1'000; apart += 37) {
    LacpBench bench;
    bench.start_near();
    bench.run_for(apart);
    bench.start_far();
    const std::int64_t took = bench.run_until_all_carry();
    BOOST_TEST(took > 0, apart);
    BOOST_TEST(took <= 3'400, apart << " ms apart: " << took);
  }
}

BOOST_AUTO_TEST_CASE(every_rate_and_activity_comes_together_but_two_passive_ones) {
  for (const bool near_fast : {true, false}) {
    for (const bool far_fast : {true, false}) {
      for (const bool near_active : {true, false}) {
        for (const bool far_active : {true, false}) {
          LacpBench bench;
          bench.near.options.lacp_rate = near_fast ? LacpRate::fast : LacpRate::slow;
          bench.far.options.lacp_rate = far_fast ? LacpRate::fast : LacpRate::slow;
          bench.near.options.lacp_active = near_active;
          bench.far.options.lacp_active = far_active;
          bench.start();
          const bool together = bench.run_until_all_carry(40'000) > 0;
          BOOST_TEST(together == (near_active || far_active), near_fast << far_fast << near_active << far_active);
          if (!together) continue;
          bench.run_for(5'000);
          bench.take_spoken();
          bench.run_for(60'000);
          BOOST_TEST(bench.carrying() == 2U);
          BOOST_TEST(bench.carrying("bondB") == 2U);
          const auto spoken = bench.take_spoken();
          // The other end's timeout says how often an end speaks.
          BOOST_TEST(spoken_on(spoken, "e0") / 10 == (far_fast ? 6U : 0U));
          BOOST_TEST(spoken_on(spoken, "p0") / 10 == (near_fast ? 6U : 0U));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_passive_bond_says_nothing_before_it_is_spoken_to) {
  LacpBench bench;
  bench.near.options.lacp_active = false;
  bench.start_near();
  bench.run_for(20'000);
  BOOST_TEST(bench.take_spoken().size() < 2U);
  BOOST_TEST(bench.carrying() == 1U);
  BOOST_TEST(bench.lacp().fallback);
  bench.start_far();
  BOOST_TEST(bench.run_until_all_carry() > 0);
  BOOST_TEST(bench.actor_state("e0") == 0x3eU);
}

BOOST_AUTO_TEST_CASE(without_a_partner_one_port_carries_unless_the_fallback_is_off) {
  for (const bool fallback : {true, false}) {
    LacpBench bench;
    bench.near.options.lacp_fallback = fallback;
    bench.start_near();
    bench.run_for(10'000);
    BOOST_TEST(bench.carrying() == (fallback ? 1U : 0U));
    BOOST_TEST(bench.host().has_carrier() == fallback);
    BOOST_TEST(bench.delivers("e0") == fallback);
    BOOST_TEST(!bench.delivers("e1"));
    BOOST_TEST(bench.told("No 802.3ad response from the link partner for any adapters in the bond"));
    bench.start_far();
    BOOST_TEST(bench.run_until_all_carry() > 0);
    BOOST_TEST(bench.host().has_carrier());
    BOOST_TEST(!bench.lacp().fallback);
  }
}

BOOST_AUTO_TEST_CASE(lacp_strict_has_carrier_with_a_port_that_collects_and_distributes) {
  LacpBench bench;
  bench.near.options.lacp_strict = true;
  bench.start_near();
  bench.run_for(5'000);
  BOOST_TEST(!bench.host().has_carrier());
  BOOST_TEST(bench.carrying() == 0U);
  bench.start_far();
  BOOST_TEST(bench.run_until([&] { return bench.host().has_carrier(); }, 10'000) > 2'000);
  BOOST_TEST(bench.carrying() > 0U);
}

BOOST_AUTO_TEST_CASE(frames_cross_a_partnership_both_ways_once_each) {
  Partnership bench;
  constexpr std::uint32_t count = 64;
  for (std::uint32_t i = 0; i < count; ++i) {
    MacAddress source = card_mac(0);
    MacAddress destination = station_mac(0);
    BOOST_REQUIRE(bench.host_sends(data_frame(destination, source, i)));
    BOOST_REQUIRE(bench.host_sends(data_frame(source, destination, i), "bondB"));
  }
  BOOST_TEST(data_numbers(bench.host("bondB").take_delivered()).size() == count);
  BOOST_TEST(data_numbers(bench.host().take_delivered()).size() == count);
}

BOOST_AUTO_TEST_CASE(a_cable_that_is_pulled_and_put_back_carries_again_within_2_9_s) {
  for (std::int64_t phase = 0; phase < 300; phase += 13) {
    Partnership bench;
    bench.run_for(phase);
    bench.link("e0", false);
    BOOST_TEST(bench.carrying() == 1U);
    BOOST_TEST(bench.carrying("bondB") == 1U);
    BOOST_TEST(bench.lacp().active->ports == 1U);
    BOOST_TEST(bench.lacp_port("e0").actor.key == 0U);
    BOOST_TEST(bench.host().has_carrier());
    bench.run_for(4'000);
    bench.link("e0", true);
    const std::int64_t took = bench.run_until_all_carry();
    BOOST_TEST(took > 0);
    BOOST_TEST(took <= 2'900, took);
    BOOST_TEST(bench.lacp_port("e0").aggregator == 1U);
  }
}

BOOST_AUTO_TEST_CASE(a_cable_that_comes_back_costs_no_frame_either_way) {
  for (std::int64_t phase = 0; phase < 300; phase += 37) {
    Partnership bench;
    bench.link("e0", false);
    bench.run_for(1'000 + phase);
    bench.link("e0", true);
    std::uint32_t sent = 0;
    std::size_t arrived_near = 0;
    std::size_t arrived_far = 0;
    for (int tick = 0; tick < 3'000; ++tick) {
      bench.run_for(1);
      // Two flows each way, one on each cable as soon as there are two.
      for (std::uint8_t flow = 0; flow < 2; ++flow) {
        BOOST_REQUIRE(bench.host_sends(data_frame(station_mac(0), card_mac(flow), sent)));
        BOOST_REQUIRE(bench.host_sends(data_frame(card_mac(0), station_mac(flow), sent), "bondB"));
        ++sent;
      }
      arrived_near += data_numbers(bench.host().take_delivered()).size();
      arrived_far += data_numbers(bench.host("bondB").take_delivered()).size();
    }
    BOOST_TEST(bench.carrying() == 2U);
    BOOST_TEST(arrived_near == sent);
    BOOST_TEST(arrived_far == sent);
  }
}

BOOST_AUTO_TEST_CASE(a_cable_that_is_back_does_not_wait_for_others_when_the_last_one_is_pulled) {
  for (std::int64_t phase = 0; phase < 300; phase += 13) {
    Partnership bench;
    bench.run_for(phase);
    bench.link("e0", false);
    bench.run_for(500);
    bench.link("e0", true);
    bench.run_for(700);  // e0 and its partner wait, for two seconds
    BOOST_REQUIRE_EQUAL(bench.carrying(), 1U);
    bench.link("e1", false);
    const std::int64_t took =
        bench.run_until([&] { return bench.carrying() == 1 && bench.carrying("bondB") == 1; }, 5'000);
    BOOST_TEST(took >= 0);
    BOOST_TEST(took <= 500, took);
    BOOST_TEST(bench.delivers("e0"));
    // The other one comes back to a bond that carries, and takes its time.
    bench.link("e1", true);
    const std::int64_t all = bench.run_until_all_carry();
    BOOST_TEST(all > 1'000, all);
  }
}

BOOST_AUTO_TEST_CASE(a_silent_partner_expires_then_defaults_and_one_port_falls_back) {
  Partnership bench;
  for (const char* card : {"p0", "p1"}) BOOST_REQUIRE(bench.world.set_silent(card, true).ok());
  const std::int64_t expired =
      bench.run_until([&] { return bench.lacp_port("e0").receive == LacpReceiveState::expired; }, 10'000);
  BOOST_TEST(expired >= 2'000);
  BOOST_TEST(expired <= 3'100);
  BOOST_TEST(bench.run_until([&] { return bench.carrying() == 0; }, 1'200) >= 0);
  BOOST_TEST(bench.host().has_carrier());  // as the kernel driver: there is link
  BOOST_TEST(bench.run_until([&] { return bench.lacp().fallback; }, 5'000) > 0);
  BOOST_TEST(bench.carrying() == 1U);
  BOOST_TEST((bench.lacp_port("e0").receive == LacpReceiveState::defaulted));
  BOOST_TEST(bench.told("(slave e0): LACP partner 02:00:00:00:0b:00 expired: it has been silent for 3 s"));
  BOOST_TEST(bench.told("(slave e0): carries no longer: its partner is silent"));
  BOOST_TEST(bench.told("(slave e0): LACP partner 02:00:00:00:0b:00 lost"));
  for (const char* card : {"p0", "p1"}) BOOST_REQUIRE(bench.world.set_silent(card, false).ok());
  BOOST_TEST(bench.run_until_all_carry(40'000) > 0);
}

BOOST_AUTO_TEST_CASE(at_slow_rate_a_silent_partner_expires_after_90_s) {
  LacpBench bench;
  bench.near.options.lacp_rate = LacpRate::slow;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry(40'000) > 0);
  bench.run_for(60'000);
  for (const char* card : {"p0", "p1"}) BOOST_REQUIRE(bench.world.set_silent(card, true).ok());
  const std::int64_t took = bench.run_until([&] { return bench.carrying() == 0; }, 100'000);
  BOOST_TEST(took > 59'000);
  BOOST_TEST(took <= 90'200);
}

BOOST_AUTO_TEST_CASE(only_the_silent_partners_port_expires) {
  Partnership bench;
  BOOST_REQUIRE(bench.world.set_silent("p0", true).ok());
  BOOST_TEST(bench.run_until([&] { return bench.carrying() == 1; }, 4'000) > 0);
  bench.run_for(10'000);
  BOOST_TEST(bench.carrying() == 1U);
  BOOST_TEST(!bench.delivers("e0"));
  BOOST_TEST(bench.delivers("e1"));
  BOOST_TEST(bench.actor_state("e1") == on_the_air);
  BOOST_TEST(!bench.lacp_port("e0").in_active_aggregator);
}

BOOST_AUTO_TEST_CASE(a_broken_fibre_takes_the_cable_out_of_use_at_both_ends) {
  Partnership bench;
  BOOST_REQUIRE(bench.world.set_mute("e0", true).ok());
  const std::int64_t far = bench.run_until([&] { return bench.carrying("bondB") == 1; }, 4'000);
  BOOST_TEST(far > 0);
  BOOST_TEST(far <= 3'200);
  // Observed on the kernel driver: the end that still hears goes on until the other speaks no more in time.
  const std::int64_t near = bench.run_until([&] { return bench.carrying() == 1; }, 10'000);
  BOOST_TEST(near >= 0);
  bench.run_for(20'000);
  BOOST_TEST(!bench.delivers("p0", "bondB"));
  BOOST_REQUIRE(bench.world.set_mute("e0", false).ok());
  BOOST_TEST(bench.run_until_all_carry(40'000) > 0);
}

BOOST_AUTO_TEST_CASE(min_links_decides_on_carrier) {
  Partnership bench;
  BOOST_REQUIRE(bench.set("min_links", "2").ok());
  BOOST_TEST(bench.host().has_carrier());
  bench.link("e1", false);
  BOOST_TEST(!bench.host().has_carrier());
  bench.link("e1", true);
  BOOST_TEST(bench.host().has_carrier());
  BOOST_REQUIRE(bench.set("min_links", "3").ok());
  BOOST_TEST(!bench.host().has_carrier());
  BOOST_REQUIRE(bench.set("min_links", "0").ok());
  BOOST_TEST(bench.host().has_carrier());
}

BOOST_AUTO_TEST_CASE(a_released_port_says_good_bye_and_its_partner_stops_at_once) {
  Partnership bench;
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("e0"); }).ok());
  const auto spoken = bench.take_spoken();
  BOOST_REQUIRE(spoken_on(spoken, "e0") == 1U);
  BOOST_TEST(spoken[0].lacpdu().actor().state == (lacp_state::activity | lacp_state::timeout));
  BOOST_TEST(bench.run_until([&] { return bench.carrying("bondB") == 1; }, 300) >= 0);
  BOOST_TEST(bench.carrying() == 1U);
  BOOST_TEST(bench.lacp().ports.size() == 1U);
  BOOST_TEST(bench.lacp().active->number == 2U);
  BOOST_TEST(bench.actor_state("e1") == on_the_air);
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.enslave("e0"); }).ok());
  BOOST_TEST(bench.lacp_port("e0").actor.port == 3U);
  BOOST_TEST(bench.run_until_all_carry() > 0);
}

BOOST_AUTO_TEST_CASE(a_bond_that_ends_says_good_bye_on_every_port) {
  Partnership bench;
  bench.scheduler.remove_bond("bond0");
  const auto spoken = bench.take_spoken();
  BOOST_TEST(spoken_on(spoken, "e0") == 1U);
  BOOST_TEST(spoken_on(spoken, "e1") == 1U);
}

BOOST_AUTO_TEST_CASE(a_bond_that_is_set_down_stands_still_and_comes_back) {
  Partnership bench;
  BOOST_REQUIRE(bench.host().set_up(false).ok());
  bench.settle();
  bench.take_spoken();
  bench.run_for(5'000);
  BOOST_TEST(spoken_on(bench.take_spoken(), "e0") == 0U);
  BOOST_TEST(bench.lacp_port("p0", "bondB").has_partner == false);
  BOOST_REQUIRE(bench.host().set_up(true).ok());
  bench.settle();
  BOOST_TEST(bench.run_until_all_carry() > 0);
}

BOOST_AUTO_TEST_CASE(a_port_that_vanishes_and_comes_back_finds_its_partner_again) {
  Partnership bench;
  BOOST_REQUIRE(bench.world.remove_nic("e0").ok());
  bench.run_for(1'000);
  BOOST_TEST(bench.carrying() == 1U);
  BOOST_TEST(bench.lacp().ports.size() == 1U);
  BOOST_REQUIRE(bench.world.restore_nic("e0").ok());
  BOOST_TEST(bench.run_until_all_carry() > 0);
  BOOST_TEST(bench.status().ports[0].name == "e0");
  BOOST_TEST(bench.lacp_port("e0").actor.port == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

// A flow that only comes in tells nobody of a pulled cable: its frames just stop. Links are looked at between polls for
// it, and for nothing else.
#include <boost/test/unit_test.hpp>

#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::SimBench;
using test::station_mac;

/// Two cables whose loss no event tells, and a frame for the host every `gap` ticks on whichever carries.
struct Inbound : SimBench {
  explicit Inbound(const char* downdelay = "0") : SimBench({"e0", "e1"}) {
    world.events_enabled = false;
    add({"e0", "e1"});
    BOOST_REQUIRE(set("downdelay", downdelay).ok());
  }
  void flow_to(std::int64_t tick, std::int64_t gap) {
    for (std::int64_t at = now() + gap; at <= tick; at += gap) {
      run_to(at);
      (void)card_receives(active().c_str(), data_frame(card_mac(0), station_mac(0), static_cast<std::uint32_t>(at)));
    }
    run_to(tick);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(inbound_flow)

BOOST_AUTO_TEST_CASE(a_pulled_cable_is_found_within_four_frames_time_whatever_the_phase_of_the_polls) {
  for (std::int64_t phase = 1; phase < 100; ++phase) {
    Inbound bench;
    bench.flow_to(500 + phase, 1);
    bench.link("e0", false);
    BOOST_REQUIRE(bench.active() == "e0");
    bench.run_for(4);
    BOOST_REQUIRE(bench.active() == "e1");
  }
}

BOOST_AUTO_TEST_CASE(a_second_cable_pulled_right_afterwards_is_found_as_soon) {
  Inbound bench;
  bench.flow_to(537, 1);
  bench.link("e0", false);
  bench.run_for(4);
  BOOST_REQUIRE(bench.active() == "e1");
  bench.link("e0", true);
  bench.flow_to(612, 1);  // past a poll, which sees the cable that is back, and what e1 carries
  bench.link("e1", false);
  bench.run_for(4);
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(a_flow_that_came_to_the_other_cable_between_two_polls_is_looked_after_there) {
  Inbound bench;
  bench.flow_to(512, 1);  // a poll was at 500, the next is at 600
  bench.link("e0", false);
  bench.run_for(4);
  BOOST_REQUIRE(bench.active() == "e1");
  bench.flow_to(560, 1);
  bench.link("e0", true);
  BOOST_REQUIRE(bench.set("active_slave", "e1").ok());  // a command looks at links: e0 is back
  bench.link("e1", false);
  bench.run_for(4);
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(a_frame_that_comes_by_the_other_cable_makes_links_looked_at_before_it_is_dropped) {
  Inbound bench;
  bench.run_to(537);  // long before the next poll, and no flow that would be looked after
  BOOST_REQUIRE(bench.card_receives("e1", data_frame(card_mac(0), station_mac(0), 1)));
  bench.link("e0", false);
  BOOST_REQUIRE(bench.card_receives("e1", data_frame(card_mac(0), station_mac(0), 2)));
  BOOST_TEST(bench.active() == "e1");
  // The first was a copy of what the active port could have had.
  BOOST_TEST(test::data_numbers(bench.host().take_delivered()) == std::vector<std::int64_t>{2},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(while_the_active_port_goes_down_a_switch_brings_no_broadcast_back_by_the_one_that_stands_in) {
  for (const char* mode : {"active-backup", "balance-tlb", "balance-alb"}) {
    SimBench bench({"e0", "e1"});
    bench.world.events_enabled = false;
    BOOST_REQUIRE(bench.world.add_switch("sw").ok());
    for (const char* card : {"e0", "e1"}) BOOST_REQUIRE(bench.world.connect(card, "sw").ok());
    BondConfig config = SimBench::config({"e0", "e1"});
    config.options.mode = mode == std::string_view("active-backup") ? Mode::active_backup
                          : mode == std::string_view("balance-tlb") ? Mode::balance_tlb
                                                                    : Mode::balance_alb;
    config.options.downdelay_ms = 500;
    bench.add(config);
    bench.link(290, "e0", false);
    bench.run_to(310);
    BOOST_REQUIRE(bench.state("e0") == LinkState::fail);
    bench.link(320, "e0", true);  // which the next poll, at 400, would see
    for (const std::uint32_t number : {1U, 2U, 3U})
      BOOST_REQUIRE(bench.host_sends(data_frame(broadcast_mac, bench.host().mac(), number)));
    BOOST_TEST(test::data_numbers(bench.host().take_delivered()).empty(), mode);
  }
}

BOOST_AUTO_TEST_CASE(a_slow_flow_costs_one_look_for_four_frames) {
  Inbound bench;
  bench.flow_to(1'000, 5);
  const std::uint64_t before = bench.scheduler.status().steps;
  bench.flow_to(2'000, 5);
  const std::uint64_t steps = bench.scheduler.status().steps - before;
  // 200 frames, 10 polls, and at most 50 looks.
  BOOST_TEST(steps > 210U);
  BOOST_TEST(steps <= 200U + 10 + 50 + 200);  // settle() steps once more after each frame
}

BOOST_AUTO_TEST_CASE(when_the_flow_has_ended_polls_alone_wake_the_program) {
  Inbound bench;
  bench.flow_to(1'000, 1);
  bench.run_to(1'300);
  const std::uint64_t before = bench.scheduler.status().steps;
  bench.run_to(11'300);
  BOOST_TEST(bench.scheduler.status().steps - before == 100U);
}

BOOST_AUTO_TEST_CASE(a_look_that_is_late_is_no_overrun) {
  Inbound bench;
  bench.flow_to(1'010, 1);
  BOOST_REQUIRE(bench.scheduler.next_deadline().has_value());
  BOOST_REQUIRE_LT(bench.scheduler.next_deadline()->number, 1'015);  // a look: the next poll is at 1,100
  bench.clock.advance_to(Tick{1'050});
  bench.settle();
  BOOST_TEST(bench.scheduler.status().overruns == 0U);
}

BOOST_AUTO_TEST_CASE(downdelay_runs_from_the_look_that_found_the_loss) {
  Inbound bench("200");
  bench.flow_to(537, 1);
  bench.link("e0", false);
  bench.run_to(541);
  BOOST_TEST((bench.state("e0") == LinkState::fail));
  bench.run_to(737);
  BOOST_TEST((bench.state("e0") == LinkState::fail));
  bench.run_to(800);
  BOOST_TEST((bench.state("e0") == LinkState::down));
}

BOOST_AUTO_TEST_CASE(no_frame_that_comes_in_is_lost_uncounted_while_cables_are_pulled) {
  Inbound bench;
  std::uint64_t offered = 0;
  std::uint64_t reached = 0;
  for (std::int64_t tick = 1; tick <= 2'000; ++tick) {
    bench.run_to(tick);
    if (tick % 250 == 137) bench.link(bench.active() == "e0" ? "e0" : "e1", false);
    if (tick % 250 == 190) {
      bench.link("e0", true);
      bench.link("e1", true);
    }
    for (const char* card : {"e0", "e1"})
      if (bench.card_receives(card, data_frame(card_mac(0), station_mac(0), static_cast<std::uint32_t>(tick))))
        ++offered;
    reached += test::data_numbers(bench.host().take_delivered()).size();
  }
  const BondStatus status = bench.status();
  std::uint64_t delivered = 0;
  std::uint64_t suppressed = 0;
  for (const PortStatus& port : status.ports) {
    delivered += port.counters.rx_frames - port.counters.rx_suppressed;
    suppressed += port.counters.rx_suppressed;
  }
  BOOST_TEST(delivered + suppressed == offered);
  BOOST_TEST(delivered == reached);
  BOOST_TEST(delivered > 0U);
  BOOST_TEST(suppressed > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

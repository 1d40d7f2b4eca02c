// One address, two cables, one cable pulled: what moves, what is lost, and what the host sees of it.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <numeric>

#include "firmware/render.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::data_numbers;
using test::SimBench;
using test::station_mac;

/// 0, 1, ..., count - 1
std::vector<std::int64_t> numbers(std::int64_t count) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// A bond of e0 and e1, on two wires to the stations s0 and s1.
struct Pair : SimBench {
  Pair() : SimBench({"e0", "e1", "s0", "s1"}) {
    BOOST_REQUIRE(world.connect("e0", "s0").ok());
    BOOST_REQUIRE(world.connect("e1", "s1").ok());
  }
  /// Pulls the station's end, so that the station sends no more either.
  void cut(const char* port) { link(port, false); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(failover)

BOOST_AUTO_TEST_CASE(a_bond_starts_on_its_first_port_and_has_carrier) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.host().has_carrier());
  BOOST_TEST(bench.host().is_up());
  BOOST_TEST(bench.host().mac().text() == card_mac(0).text());
  BOOST_TEST(bench.card("e1").mac.text() == card_mac(0).text());
  BOOST_TEST((bench.state("e1") == LinkState::up));
}

BOOST_AUTO_TEST_CASE(a_pulled_cable_is_told_by_an_event_and_moves_traffic_in_the_same_tick) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.link(537, "e0", false);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.now() == 537);
  BOOST_TEST(bench.port("e0").failures == 1U);
  BOOST_TEST(bench.host().has_carrier());
  bench.link(1234, "e0", true);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST((bench.state("e0") == LinkState::up));
}

BOOST_AUTO_TEST_CASE(without_events_the_next_poll_finds_it) {
  for (int phase = 1; phase <= 100; ++phase) {
    SimBench bench({"e0", "e1"});
    bench.world.events_enabled = false;
    bench.add({"e0", "e1"});
    bench.link(500 + phase, "e0", false);
    bench.run_to(599);
    BOOST_TEST(bench.active() == "e0");
    bench.run_to(phase == 100 ? 700 : 600);
    BOOST_TEST(bench.active() == "e1");
  }
}

BOOST_AUTO_TEST_CASE(no_frame_of_the_host_is_lost_however_late_the_loss_is_noticed) {
  for (const bool events : {true, false}) {
    Pair bench;
    bench.world.events_enabled = events;
    bench.add({"e0", "e1"});
    constexpr std::int64_t ticks = 400;
    for (std::int64_t tick = 0; tick < ticks; ++tick) {
      bench.run_to(tick);
      if (tick == 142) bench.cut("e0");
      BOOST_REQUIRE(bench.host_sends(data_frame(station_mac(9), card_mac(0), static_cast<std::uint32_t>(tick))));
    }
    auto got = data_numbers(bench.world.take_received("s0"));
    BOOST_TEST(got.size() == 0U);  // nobody listens to frames for another station
    const BondStatus status = bench.status();
    BOOST_TEST(status.ports[0].counters.tx_frames == 142U);
    BOOST_TEST(status.ports[1].counters.tx_frames == static_cast<std::uint64_t>(ticks - 142));
    BOOST_TEST(status.ports[0].counters.tx_refused + status.ports[1].counters.tx_refused == 0U);
    BOOST_TEST(status.counters.tx_no_port == 0U);
    BOOST_TEST(bench.card("s0").counters.filtered + bench.card("s1").counters.filtered ==
               static_cast<std::uint64_t>(ticks));
    // Without an event the refusal itself is what makes the program look.
    BOOST_TEST(status.ports[0].counters.tx_moved == (events ? 0U : 1U));
    BOOST_TEST(bench.active() == "e1");
  }
}

BOOST_AUTO_TEST_CASE(frames_keep_moving_to_the_other_port_while_downdelay_runs) {
  Pair bench;
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.downdelay_ms = 300;
  bench.add(config);
  for (std::int64_t tick = 0; tick < 600; ++tick) {
    bench.run_to(tick);
    if (tick == 150) bench.cut("e0");
    BOOST_REQUIRE(bench.host_sends(data_frame(station_mac(9), card_mac(0))));
    if (tick == 440) BOOST_TEST(bench.active() == "e0");
  }
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.port("e0").counters.tx_frames == 150U);
  BOOST_TEST(bench.port("e1").counters.tx_frames == 450U);
  BOOST_TEST(bench.port("e0").counters.tx_moved == 301U);  // that of tick 450 made it look again
}

BOOST_AUTO_TEST_CASE(frames_both_ways_across_a_failover_arrive_whole_and_in_order) {
  // A learning switch on the other side: the station's frames find the new port by the host's own traffic.
  SimBench bench({"e0", "e1", "s0"});
  BOOST_REQUIRE(bench.world.add_switch("sw").ok());
  for (const char* card : {"e0", "e1", "s0"}) BOOST_REQUIRE(bench.world.connect(card, "sw").ok());
  bench.add({"e0", "e1"});
  const MacAddress bond_mac = bench.host().mac();
  constexpr std::int64_t ticks = 300;
  for (std::int64_t tick = 0; tick < ticks; ++tick) {
    bench.run_to(tick);
    if (tick == 123) bench.link("e0", false);
    if (tick == 222) bench.link("e0", true);
    const auto number = static_cast<std::uint32_t>(tick);
    BOOST_REQUIRE(bench.host_sends(data_frame(card_mac(2), bond_mac, number)));
    BOOST_REQUIRE_EQUAL(bench.world.send("s0", data_frame(bond_mac, card_mac(2), number)), 0);
    bench.settle();
  }
  BOOST_TEST(data_numbers(bench.world.take_received("s0")) == numbers(ticks), boost::test_tools::per_element());
  BOOST_TEST(data_numbers(bench.host().take_delivered()) == numbers(ticks), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_a_backup_receives_is_kept_from_the_host_and_counted_apart) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  const MacAddress bond_mac = bench.host().mac();
  const MacAddress lldp{{0x01, 0x80, 0xc2, 0, 0, 0x0e}};
  const MacAddress group{{0x01, 0x00, 0x5e, 0, 0, 1}};
  std::uint32_t number = 0;
  for (const MacAddress& to : {broadcast_mac, group, bond_mac, lldp}) {
    BOOST_REQUIRE(bench.card_receives("e0", data_frame(to, station_mac(0), number)));
    BOOST_REQUIRE(bench.card_receives("e1", data_frame(to, station_mac(0), 100 + number)));
    ++number;
  }
  const std::vector<std::int64_t> wanted = {0, 1, 2, 3};
  BOOST_TEST(data_numbers(bench.host().take_delivered()) == wanted, boost::test_tools::per_element());
  BOOST_TEST(bench.port("e1").counters.rx_suppressed == 4U);
  BOOST_TEST(bench.port("e0").counters.rx_suppressed == 0U);
  BOOST_TEST(bench.port("e1").counters.rx_frames == 4U);
}

BOOST_AUTO_TEST_CASE(with_all_slaves_active_a_backup_delivers_too) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_REQUIRE(bench.set("all_slaves_active", "1").ok());
  BOOST_REQUIRE(bench.card_receives("e1", data_frame(broadcast_mac, station_mac(0), 7)));
  BOOST_TEST(data_numbers(bench.host().take_delivered()) == std::vector<std::int64_t>{7},
             boost::test_tools::per_element());
  BOOST_REQUIRE(bench.set("all_slaves_active", "0").ok());
  BOOST_REQUIRE(bench.card_receives("e1", data_frame(broadcast_mac, station_mac(0), 8)));
  BOOST_TEST(bench.host().take_delivered().empty());
}

BOOST_AUTO_TEST_CASE(both_links_lost_and_back) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.take_events();
  bench.link(150, "e1", false);
  bench.link(250, "e0", false);
  BOOST_TEST(bench.active() == "");
  BOOST_TEST(!bench.host().has_carrier());
  BOOST_TEST(bench.told("now running without any active interface!"));
  BOOST_TEST(bench.host_sends(data_frame(station_mac(0), card_mac(0))));
  BOOST_TEST(bench.status().counters.tx_no_port == 1U);
  bench.link(1250, "e1", true);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.host().has_carrier());
  bench.link(1300, "e0", true);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.port("e0").failures == 1U);
  BOOST_TEST(bench.port("e1").failures == 1U);
  BOOST_TEST(bench.host_sends(data_frame(station_mac(0), card_mac(0))));
  BOOST_TEST(bench.port("e1").counters.tx_frames == 1U);
}

BOOST_AUTO_TEST_CASE(updelay_is_skipped_by_one_port_a_pass_while_nothing_is_usable) {
  SimBench bench({"e0", "e1", "e2"});
  BondConfig config = SimBench::config({"e0", "e1", "e2"});
  config.options.updelay_ms = 5'000;
  bench.world.events_enabled = false;
  bench.add(config);
  BOOST_TEST((bench.state("e0") == LinkState::up));
  BOOST_TEST((bench.state("e1") == LinkState::back));
  BOOST_TEST(bench.active() == "e0");
  bench.run_to(6'000);
  for (const char* card : {"e0", "e1", "e2"}) bench.link(6'050, card, false);
  bench.run_to(6'100);
  BOOST_TEST(bench.active() == "");
  for (const char* card : {"e2", "e1"}) bench.link(7'050, card, true);
  bench.run_to(7'100);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST((bench.state("e1") == LinkState::up));
  BOOST_TEST((bench.state("e2") == LinkState::back));
  bench.run_to(12'000);
  BOOST_TEST((bench.state("e2") == LinkState::back));
  bench.run_to(12'100);
  BOOST_TEST((bench.state("e2") == LinkState::up));
}

BOOST_AUTO_TEST_CASE(a_port_within_its_updelay_takes_over_in_the_pass_that_loses_the_last_one) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.updelay_ms = 1'000;
  bench.world.events_enabled = false;
  bench.add(config);
  bench.run_to(2'000);
  bench.link(2'050, "e1", false);
  bench.run_to(2'100);
  bench.link(2'150, "e1", true);
  bench.link(2'150, "e0", false);
  bench.run_to(2'200);
  BOOST_TEST(bench.active() == "e1");
  // As seen on the driver: "making interface the new active one ... ms earlier", and its updelay is over with that.
  BOOST_TEST((bench.state("e1") == LinkState::up));
  BOOST_TEST(bench.host().has_carrier());
  BOOST_TEST(bench.host_sends(data_frame(station_mac(0), card_mac(0))));
  BOOST_TEST(bench.port("e1").counters.tx_frames == 1U);
}

BOOST_AUTO_TEST_CASE(an_unmonitored_bond_never_fails_over_and_says_so) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.miimon_ms = 0;
  config.options.unmonitored = true;
  bench.add(config);
  BOOST_TEST(!bench.scheduler.next_deadline().has_value());
  bench.link(100, "e0", false);
  bench.link(200, "e1", false);
  bench.run_to(100'000);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST((bench.state("e0") == LinkState::up));
  BOOST_TEST(bench.port("e0").failures == 0U);
  BOOST_TEST(bench.host().has_carrier());
  BOOST_TEST(render_text(bench.status()).find("UNMONITORED") != std::string::npos);
  // Watched again, it sees at once what has happened.
  BOOST_TEST(bench.set("miimon", "100").ok());
  BOOST_TEST(bench.active() == "");
  BOOST_TEST(!bench.host().has_carrier());
}

BOOST_AUTO_TEST_CASE(an_outage_is_measured_from_the_last_moment_with_link) {
  SimBench bench({"e0", "e1"});
  bench.world.events_enabled = false;
  bench.add({"e0", "e1"});
  std::vector<std::int64_t> outages;
  bench.events.set_listener([&](const Event& event) {
    if (event.kind == EventKind::active) outages.push_back(event.outage_ms_max);
  });
  bench.link(550, "e0", false);  // seen up at 500, found down at 600
  bench.run_to(700);
  bench.link(750, "e1", false);  // seen up at 700; down at 800, none is left
  bench.run_to(900);
  bench.link(1'950, "e0", true);  // at 2000
  bench.run_to(2'100);
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.activate("e0"); }).ok());
  const std::vector<std::int64_t> wanted = {100, -1, 1'300, -1};
  BOOST_TEST(outages == wanted, boost::test_tools::per_element());
  BOOST_TEST(bench.status().failovers == 1U);
}

BOOST_AUTO_TEST_CASE(a_refused_frame_goes_to_the_other_port_in_the_same_step) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_REQUIRE(bench.world.refuse_transmits("e0", 1, ENETDOWN).ok());
  BOOST_TEST(bench.host_sends(data_frame(station_mac(0), card_mac(0), 5)));
  BOOST_TEST(data_numbers(bench.world.sent("e1")) == std::vector<std::int64_t>{5}, boost::test_tools::per_element());
  BOOST_TEST(bench.port("e0").counters.tx_moved == 1U);
  // The link is there after all: e0 stays active.
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(the_kernels_selftest_of_option_prio_passes) {
  for (const char* reselect : {"always", "better", "failure"}) {
    SimBench bench({"eth0", "eth1", "eth2"});
    BondConfig config = SimBench::config({"eth0", "eth1", "eth2"});
    config.options.primary = "eth1";
    bench.add(config);
    BOOST_REQUIRE(bench.set("primary_reselect", reselect).ok());
    for (const char* prio : {"eth0:0", "eth1:10", "eth2:11"}) BOOST_REQUIRE(bench.set("prio", prio).ok());
    const bool always = std::string_view(reselect) == "always";
    BOOST_TEST_CONTEXT("primary_reselect " << reselect) {
      BOOST_TEST(bench.active() == "eth1");
      bench.link(500, "eth1", false);
      BOOST_TEST(bench.active() == "eth2");
      bench.link(1'000, "eth2", false);
      BOOST_TEST(bench.active() == "eth0");
      bench.link(1'500, "eth2", true);
      BOOST_TEST(bench.active() == (always ? "eth2" : "eth0"));
      const std::string before = bench.active();
      bench.link(2'000, "eth1", true);
      BOOST_TEST(bench.active() == (always ? "eth1" : before));
      if (!always) continue;
      // A priority does not move a primary aside.
      for (const char* prio : {"eth0:1000000", "eth1:0", "eth2:-50"}) BOOST_REQUIRE(bench.set("prio", prio).ok());
      BOOST_TEST(bench.active() == "eth1");
      bench.link(2'500, "eth1", false);
      BOOST_TEST(bench.active() == "eth0");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

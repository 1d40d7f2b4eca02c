// Targets behind a switch are asked whether they are there: what fails over, when, and what does not.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "firmware/render.hpp"
#include "tests/support/neighbours.hpp"

namespace {

using namespace bondbox;
using test::address_of;
using test::card_mac;
using test::NeighbourBench;
using test::station_mac;

constexpr auto per_element = boost::test_tools::per_element();
using Lines = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(arp_monitor_scenarios)

BOOST_AUTO_TEST_CASE(a_path_that_carries_nothing_is_left_though_it_keeps_its_light) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(NeighbourBench::arp_config({"e0", "e1"}));
  bench.run_to(1'030);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
  bench.take_events();
  bench.silence("e0");
  // Heard last at 1000: 250 ms later it is late, and the pass of 1300 sees it.
  BOOST_TEST(bench.run_until_active("e1") == 1'300);
  BOOST_TEST((bench.state("e0") == LinkState::down));
  BOOST_TEST(bench.port("e0").failures == 1U);
  BOOST_TEST(bench.card("e0").carrier);
  BOOST_TEST(bench.take_events() == (Lines{"1300 bond0: (slave e0): link status definitely down, disabling slave",
                                           "1300 bond0: (slave e1): making interface the new active one",
                                           "1300 bond0: told neighbours about 2 addresses"}),
             per_element);
  std::int64_t outage_ms = -1;
  bench.events.for_each_after(0, [&](const Event& event) { outage_ms = std::max(outage_ms, event.outage_ms_max); });
  BOOST_TEST(outage_ms == 300);
  bench.run_to(2'050);
  BOOST_TEST(bench.active() == "e1");
  bench.silence("e0", false);
  // As a backup it hears the question that e1 asks at 2100.
  BOOST_TEST(bench.run_until("e0", LinkState::up) == 2'200);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.take_events() == (Lines{"2200 bond0: (slave e0): link status definitely up"}), per_element);
}

BOOST_AUTO_TEST_CASE(arp_missed_max_says_how_many_intervals_silence_may_last) {
  struct Row {
    std::uint8_t missed_max;
    std::int64_t active_down, backup_down;
  };
  // Heard last at 1000; n and a half intervals later it is late, and the next pass sees it. A backup has one more.
  for (const Row& row : {Row{1, 1'200, 1'300}, Row{2, 1'300, 1'400}, Row{5, 1'600, 1'700}}) {
    for (const bool of_active : {true, false}) {
      NeighbourBench bench({"e0", "e1"});
      BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
      config.options.arp_missed_max = row.missed_max;
      bench.add(config);
      bench.run_to(1'030);
      const char* const port = of_active ? "e0" : "e1";
      bench.silence(port);
      BOOST_TEST_CONTEXT("arp_missed_max " << int{row.missed_max} << ", " << port) {
        BOOST_TEST(bench.run_until(port, LinkState::down) == (of_active ? row.active_down : row.backup_down));
        BOOST_TEST(bench.active() == (of_active ? "e1" : "e0"));
        BOOST_TEST(bench.port(of_active ? "e1" : "e0").failures == 0U);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_primary_takes_over_when_it_hears_something_again) {
  NeighbourBench bench({"e0", "e1"});
  BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
  config.options.primary = "e0";
  bench.add(config);
  bench.run_to(500);
  bench.silence("e0");
  BOOST_TEST(bench.run_until_active("e1") == 800);
  bench.run_to(1'050);
  bench.silence("e0", false);
  BOOST_TEST(bench.run_until_active("e0") == 1'200);
  bench.run_for(1'000);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.port("e0").failures == 1U);
}

BOOST_AUTO_TEST_CASE(with_none_active_the_ports_are_asked_over_in_turn) {
  NeighbourBench bench({"e0", "e1", "e2"});
  bench.add(NeighbourBench::arp_config({"e0", "e1", "e2"}));
  bench.run_to(1'030);
  for (const char* port : {"e0", "e1", "e2"}) bench.silence(port);
  // The backups are one interval more patient, but their chance ends with the active port they would replace.
  BOOST_TEST(bench.run_until_active("") > 0);
  BOOST_TEST(!bench.host().has_carrier());
  const std::int64_t begin = bench.now();
  bench.run_for(1);
  bench.take_questions();
  bench.run_to(begin + 350);
  const Lines questions = bench.take_questions();
  BOOST_REQUIRE(questions.size() == 3U);
  // Whichever was first, each has its turn, 100 ms apart.
  std::string asked;
  for (const std::string& question : questions) asked += question.substr(question.find(' ') + 1, 2);
  BOOST_TEST((asked == "e2e0e1" || asked == "e0e1e2" || asked == "e1e2e0"), asked);

  // Only the candidate hears for the host; the others are "going down".
  int backs = 0;
  for (const char* port : {"e0", "e1", "e2"}) {
    const LinkState state = bench.state(port);
    backs += state == LinkState::back ? 1 : 0;
    BOOST_TEST((state == LinkState::back || state == LinkState::fail));
    const auto rule = bench.status().plan.ports[bench.port(port).id.index];
    BOOST_TEST((rule.deliver == deliver_all) == (state == LinkState::back));
  }
  BOOST_TEST(backs == 1);

  bench.silence("e1", false);
  BOOST_TEST(bench.run_until_active("e1", 600) > 0);
  BOOST_TEST(bench.host().has_carrier());
  bench.run_for(1'000);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.port("e1").failures == 1U);
  BOOST_TEST((bench.state("e0") == LinkState::fail));
}

BOOST_AUTO_TEST_CASE(balancing_modes_ask_on_every_port_and_judge_each_by_itself) {
  for (const Mode mode : {Mode::balance_rr, Mode::balance_xor, Mode::broadcast}) {
    NeighbourBench bench({"e0", "e1"});
    BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
    config.options.mode = mode;
    bench.add(config);
    bench.run_to(1'030);
    BOOST_TEST_CONTEXT(mode_name(mode)) {
      bench.take_questions();
      bench.take_events();
      bench.run_to(1'110);
      BOOST_TEST(
          bench.take_questions() == (Lines{"1100 e0: 10.0.0.1 for 10.0.0.254", "1100 e1: 10.0.0.1 for 10.0.0.254"}),
          per_element);
      bench.silence("e0");
      BOOST_TEST(bench.run_until("e0", LinkState::down) == 1'400);
      BOOST_TEST((bench.state("e1") == LinkState::up));
      BOOST_TEST(bench.told("bond0: (slave e0): interface is now down"));
      bench.silence("e1");
      BOOST_TEST(bench.run_until("e1", LinkState::down) == 1'700);
      BOOST_TEST(!bench.host().has_carrier());
      bench.run_to(1'950);
      bench.silence("e1", false);
      BOOST_TEST(bench.run_until("e1", LinkState::up) == 2'100);
      BOOST_TEST(bench.host().has_carrier());
      BOOST_TEST(bench.told("bond0: (slave e1): link status definitely up"));
      bench.silence("e0", false);
      BOOST_TEST(bench.run_until("e0", LinkState::up) == 2'300);
      BOOST_TEST(bench.told("bond0: (slave e0): interface is now up"));
      BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 2U);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_port_without_carrier_is_not_asked_over_and_goes_down_by_silence) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(NeighbourBench::arp_config({"e0", "e1"}));
  bench.run_to(1'030);
  bench.link("e0", false);
  BOOST_TEST(bench.active() == "e0");  // the ARP monitor judges, not the light
  BOOST_TEST(bench.run_until_active("e1") == 1'300);
  bench.link("e0", true);
  BOOST_TEST(bench.run_until("e0", LinkState::up) == 1'500);  // it hears what e1 asks at 1400
}

BOOST_AUTO_TEST_CASE(written_at_run_time_it_takes_over_without_an_outage_and_hands_back) {
  NeighbourBench bench({"e0", "e1"});
  BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
  config.options.arp_interval_ms = 0;
  config.options.miimon_ms = 100;
  bench.add(config);
  bench.run_to(5'030);
  BOOST_REQUIRE(bench.set("arp_interval", "200").ok());
  bench.run_for(3'000);
  BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
  bench.silence("e0");
  BOOST_TEST(bench.run_until_active("e1") > 0);
  BOOST_REQUIRE(bench.set("arp_interval", "0").ok());
  bench.run_for(150);
  BOOST_TEST(bench.status().options.miimon_ms == 100U);
  BOOST_TEST((bench.state("e0") == LinkState::up));  // it has light
  bench.take_questions();
  bench.run_for(1'000);
  BOOST_TEST(bench.take_questions().empty());
}

BOOST_AUTO_TEST_CASE(setting_bond0_down_for_a_while_costs_no_port) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(NeighbourBench::arp_config({"e0", "e1"}));
  bench.run_to(1'000);
  BOOST_REQUIRE(bench.host().set_up(false).ok());
  bench.settle();
  bench.take_questions();
  bench.run_to(4'000);
  BOOST_TEST(bench.take_questions().empty());
  BOOST_REQUIRE(bench.host().set_up(true).ok());
  bench.settle();
  bench.run_to(6'000);
  BOOST_TEST(!bench.take_questions().empty());
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
}

BOOST_AUTO_TEST_CASE(a_program_that_slept_does_not_take_its_own_sleep_for_silence) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(NeighbourBench::arp_config({"e0", "e1"}));
  for (int i = 0; i < 5; ++i) {
    bench.run_for(1'000);
    bench.clock.advance_to(Tick{bench.now() + 777});
    bench.settle();
  }
  BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
  // And it is as strict as before.
  bench.silence("e0");
  const std::int64_t begin = bench.now();
  BOOST_TEST(bench.run_until_active("e1") > 0);
  BOOST_TEST(bench.now() - begin <= 400);
}

BOOST_AUTO_TEST_CASE(a_bond_without_targets_asks_nobody_and_loses_its_ports_as_the_kernels_does) {
  NeighbourBench bench({"e0", "e1"});
  BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
  config.options.arp_ip_targets.clear();
  bench.add(config);
  bench.run_to(2'000);
  BOOST_TEST(bench.take_questions().empty());
  BOOST_TEST(bench.port("e0").failures > 0U);
  BOOST_TEST(bench.port("e1").failures > 0U);
  // A target written now brings it to life.
  BOOST_REQUIRE(bench.set("arp_ip_target", "+10.0.0.254").ok());
  BOOST_TEST(bench.run_until_active("e0", 700) + bench.run_until_active("e1", 700) > 0);
  BOOST_TEST(bench.active() != "");
}

BOOST_AUTO_TEST_CASE(a_port_that_was_going_down_when_the_monitor_was_switched_on_goes_down) {
  NeighbourBench bench({"e0", "e1"});
  BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
  config.options.arp_interval_ms = 0;
  config.options.miimon_ms = 100;
  config.options.downdelay_ms = 60'000;
  bench.add(config);
  bench.run_to(1'000);
  bench.link("e0", false);
  BOOST_REQUIRE((bench.state("e0") == LinkState::fail));
  BOOST_REQUIRE(bench.active() == "e0");
  BOOST_REQUIRE(bench.set("arp_interval", "100").ok());
  BOOST_TEST(bench.run_until_active("e1") > 0);
  BOOST_TEST((bench.state("e0") == LinkState::down));
  bench.run_for(2'000);
  BOOST_TEST((bench.state("e1") == LinkState::up));
}

BOOST_AUTO_TEST_SUITE_END()

// Several monitors that decide together: links, probes and LACP, by any, all or a quorum of them.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "firmware/explain.hpp"
#include "firmware/render.hpp"
#include "tests/support/lacp_bench.hpp"
#include "tests/support/neighbours.hpp"

namespace {

using namespace bondbox;
using test::address_of;
using test::card_mac;
using test::LacpBench;
using test::NeighbourBench;
using test::station_mac;

constexpr auto per_element = boost::test_tools::per_element();
using Lines = std::vector<std::string>;

BondConfig combined(std::initializer_list<const char*> ports, MonitorRule rule, Mode mode = Mode::active_backup) {
  BondConfig config = NeighbourBench::arp_config(ports);
  config.options.mode = mode;
  config.options.miimon_ms = 20;
  config.options.monitor = rule;
  config.options.arp_validate = ArpValidate::all;
  return config;
}

bool says(const PortStatus& port, const std::string& monitor) {
  for (const MonitorVerdict& verdict : port.monitors)
    if (verdict.name == monitor) return verdict.up;
  BOOST_ERROR("no monitor " << monitor);
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(monitors_together)

BOOST_AUTO_TEST_CASE(with_all_of_them_a_port_that_carries_nothing_is_left_though_it_keeps_its_light) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(combined({"e0", "e1"}, MonitorRule::all));
  bench.run_to(1'030);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
  bench.take_events();
  bench.silence("e0");
  // Heard last at 1000; two and a half intervals later it is late, and the poll of 1260 sees it.
  BOOST_TEST(bench.run_until_active("e1") == 1'260);
  BOOST_TEST(bench.take_events() == (Lines{"1260 bond0: (slave e0): probes are not answered",
                                           "1260 bond0: (slave e0): link status definitely down, disabling slave",
                                           "1260 bond0: (slave e1): making interface the new active one",
                                           "1260 bond0: told neighbours about 2 addresses"}),
             per_element);
  std::int64_t outage_ms = -1;
  bench.events.for_each_after(0, [&](const Event& event) { outage_ms = std::max(outage_ms, event.outage_ms_max); });
  BOOST_TEST(outage_ms == 260);  // from the last answer, not from the last look at the link
  const PortStatus lost = bench.port("e0");
  BOOST_TEST(says(lost, "link"));
  BOOST_TEST(!says(lost, "probes"));
  bench.silence("e0", false);
  BOOST_TEST(bench.run_until("e0", LinkState::up) > 0);
  bench.run_for(1'000);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.port("e0").failures == 1U);
  BOOST_TEST(bench.port("e1").failures == 0U);
}

BOOST_AUTO_TEST_CASE(with_all_of_them_a_lost_link_is_left_with_the_next_poll) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(combined({"e0", "e1"}, MonitorRule::all));
  bench.run_to(1'030);
  bench.link("e0", false);
  BOOST_TEST(bench.run_until_active("e1", 100) > 0);
  bench.run_to(2'000);
  bench.link("e0", true);
  // It has a link at once, and is up when it has heard something.
  bench.run_for(1);
  BOOST_TEST((bench.state("e0") == LinkState::down));
  BOOST_TEST(bench.run_until("e0", LinkState::up, 300) > 0);
}

BOOST_AUTO_TEST_CASE(with_any_of_them_silence_costs_no_port_that_has_a_link) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(combined({"e0", "e1"}, MonitorRule::any));
  bench.run_to(1'030);
  bench.silence("e0");
  bench.run_to(3'000);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST((bench.state("e0") == LinkState::up));
  BOOST_TEST(!says(bench.port("e0"), "probes"));
  // The link's word is the last one now.
  bench.link("e0", false);
  BOOST_TEST(bench.run_until_active("e1", 100) > 0);
}

BOOST_AUTO_TEST_CASE(what_was_answered_before_the_link_went_is_no_proof_without_it) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(combined({"e0", "e1"}, MonitorRule::any));
  bench.run_to(1'015);
  BOOST_TEST(says(bench.port("e0"), "probes"));
  bench.link("e0", false);
  BOOST_TEST(bench.run_until("e0", LinkState::down, 100) > 0);
  BOOST_TEST(!says(bench.port("e0"), "probes"));
  BOOST_TEST(bench.active() == "e1");
}

BOOST_AUTO_TEST_CASE(updelay_and_downdelay_wait_for_what_they_say_together) {
  NeighbourBench bench({"e0", "e1"});
  BondConfig config = combined({"e0", "e1"}, MonitorRule::all);
  config.options.downdelay_ms = 200;
  config.options.updelay_ms = 400;
  bench.add(config);
  bench.run_to(2'030);
  bench.take_events();
  bench.silence("e0");
  BOOST_TEST(bench.run_until("e0", LinkState::fail) == 2'260);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.run_until("e0", LinkState::down) == 2'460);
  BOOST_TEST(bench.active() == "e1");
  bench.silence("e0", false);
  const std::int64_t back = bench.run_until("e0", LinkState::back);
  BOOST_TEST(back > 0);
  BOOST_TEST(bench.run_until("e0", LinkState::up) == back + 400);
}

BOOST_AUTO_TEST_CASE(a_target_that_dies_with_all_takes_every_port_and_they_are_asked_over_until_it_is_back) {
  NeighbourBench bench({"e0", "e1", "e2"});
  bench.add(combined({"e0", "e1", "e2"}, MonitorRule::all));
  bench.run_to(1'030);
  bench.answer_for({});
  BOOST_TEST(bench.run_until_active("", 3'000) > 0);
  BOOST_TEST(!bench.host().has_carrier());
  bench.run_for(100);
  bench.take_questions();
  bench.run_for(600);
  std::string asked;
  for (const std::string& question : bench.take_questions()) asked += question.substr(question.find(' ') + 1, 2);
  for (const char* port : {"e0", "e1", "e2"}) BOOST_TEST(asked.find(port) != std::string::npos, asked);
  bench.answer_for({"10.0.0.254"});
  bench.run_for(1'000);
  BOOST_TEST(!bench.active().empty());
  BOOST_TEST(bench.host().has_carrier());
}

BOOST_AUTO_TEST_CASE(only_answers_to_our_own_questions_count) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(combined({"e0", "e1"}, MonitorRule::all));
  bench.run_to(1'030);
  bench.answer_for({});
  // The target still asks for us, and a stranger speaks: no proof that what we send arrives.
  for (int i = 0; i < 10; ++i) {
    bench.stranger_sends(test::arp_request(station_mac(1), "10.0.0.254", "10.0.0.1"));
    bench.stranger_sends(test::arp_reply(station_mac(7), "10.0.0.7", card_mac(0), "10.0.0.1"));
    bench.run_for(50);
  }
  BOOST_TEST(bench.told("bond0: (slave e0): probes are not answered"));
  BOOST_TEST(bench.port("e0").failures == 1U);
}

// Each is the other's target: were only answers to count, neither host could ever be the first to answer.
BOOST_AUTO_TEST_CASE(two_bonds_that_ask_each_other_find_each_other_again) {
  for (const Mode mode : {Mode::active_backup, Mode::balance_rr, Mode::lacp_8023ad}) {
    LacpBench bench;
    for (BondConfig* config : {&bench.near, &bench.far}) {
      const bool is_near = config == &bench.near;
      config->options.mode = mode;
      config->options.monitor = MonitorRule::all;
      config->options.arp_validate = ArpValidate::all;
      config->options.arp_interval_ms = 200;
      config->options.arp_ip_targets.push_back(address_of(is_near ? "10.0.0.2" : "10.0.0.1"));
      config->addresses = {*IpPrefix::parse(is_near ? "10.0.0.1/24" : "10.0.0.2/24")};
    }
    bench.start();
    const auto run = [&](std::int64_t ms) {
      for (const std::int64_t end = bench.now() + ms; bench.now() < end;) {
        bench.run_for(1);
        for (const char* name : {"bond0", "bondB"}) {
          for (const test::Frame& frame : bench.host(name).take_delivered()) {
            const std::string own = std::string(name) == "bond0" ? "10.0.0.1" : "10.0.0.2";
            const std::string other = own == "10.0.0.1" ? "10.0.0.2" : "10.0.0.1";
            if (test::question_in(frame) != other + " for " + own) continue;
            const MacAddress to = wire::EthernetView::parse(frame)->source();
            (void)bench.host_sends(test::arp_reply(bench.host(name).mac(), own, to, other), name);
          }
        }
      }
    };
    run(8'000);
    BOOST_TEST_CONTEXT(mode_name(mode)) {
      BOOST_TEST(bench.carrying() >= 1U);
      for (const char* card : {"e0", "e1"}) bench.link(card, false);
      run(2'000);
      BOOST_TEST(bench.carrying() == 0U);
      for (const char* card : {"e0", "e1"}) bench.link(card, true);
      run(10'000);
      BOOST_TEST(bench.carrying() >= 1U);
      BOOST_TEST(bench.host().has_carrier());
      BOOST_TEST(bench.host("bondB").has_carrier());
    }
  }
}

BOOST_AUTO_TEST_CASE(spreading_modes_ask_one_port_after_the_other_and_the_answer_is_whose_it_was_asked_on) {
  for (const Mode mode : {Mode::balance_rr, Mode::balance_xor, Mode::broadcast}) {
    NeighbourBench bench({"e0", "e1"});
    bench.add(combined({"e0", "e1"}, MonitorRule::all, mode));
    bench.run_to(1'030);
    BOOST_TEST_CONTEXT(mode_name(mode)) {
      bench.take_questions();
      bench.run_to(1'310);
      // Each once in 100 ms.
      BOOST_TEST(
          bench.take_questions() == (Lines{"1050 e1: 10.0.0.1 for 10.0.0.254", "1100 e0: 10.0.0.1 for 10.0.0.254",
                                           "1150 e1: 10.0.0.1 for 10.0.0.254", "1200 e0: 10.0.0.1 for 10.0.0.254",
                                           "1250 e1: 10.0.0.1 for 10.0.0.254", "1300 e0: 10.0.0.1 for 10.0.0.254"}),
          per_element);
      BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
      bench.silence("e1");
      BOOST_TEST(bench.run_until("e1", LinkState::down, 400) > 0);
      bench.run_for(1'000);
      BOOST_TEST((bench.state("e0") == LinkState::up));
      BOOST_TEST(bench.port("e0").failures == 0U);
      bench.silence("e1", false);
      BOOST_TEST(bench.run_until("e1", LinkState::up, 400) > 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(status_and_explanations_tell_who_says_no) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(combined({"e0", "e1"}, MonitorRule::all));
  bench.run_to(1'030);
  bench.silence("e0");
  bench.run_to(3'030);
  const BondStatus status = bench.status();
  const std::string text = render_text(status);
  BOOST_TEST(text.find("DEGRADED: e0 is voted down: probes (last answer 2 s ago)") != std::string::npos, text);
  BOOST_TEST(text.find("probes each 100 ms,\n    monitor all\n") != std::string::npos, text);
  BOOST_TEST(text.find("link up, probes down for 1 s") != std::string::npos, text);
  const Explanation told = explain_port(status, bench.port("e0"));
  BOOST_TEST(told.cause == "with monitor=all it counts as down because of probes (last answer 2 s ago)");
  BOOST_TEST(told.remedy == "Check that the way from it to a target works; one answer is enough");
  const std::string json = render_json(std::span(&status, 1), SchedulerStatus{}, WallClock{});
  BOOST_TEST(json.find("\"monitor\":\"all\"") != std::string::npos);
  BOOST_TEST(json.find("{\"name\":\"probes\",\"up\":false,\"for_ms\":1770,\"reason\":\"last answer 2 s ago\"}") !=
                 std::string::npos,
             json);
}

BOOST_AUTO_TEST_CASE(the_rule_may_change_while_the_bond_runs) {
  NeighbourBench bench({"e0", "e1"});
  BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
  bench.add(config);
  bench.run_to(1'030);
  BOOST_TEST(bench.set("monitor", "all").ok());
  BOOST_TEST(bench.status().options.miimon_ms == 100U);
  BOOST_TEST((bench.status().options.arp_validate == ArpValidate::all));
  bench.run_for(1'000);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
  bench.silence("e0");
  BOOST_TEST(bench.run_until_active("e1", 500) > 0);
  BOOST_TEST(bench.set("monitor", "any").ok());
  BOOST_TEST(bench.run_until("e0", LinkState::up, 200) > 0);
  BOOST_TEST(bench.set("monitor", "off").ok());
  BOOST_TEST(bench.status().options.arp_interval_ms == 0U);
  BOOST_TEST(bench.port("e0").monitors.empty());
  bench.run_for(500);
  BOOST_TEST((bench.state("e0") == LinkState::up));
}

BOOST_AUTO_TEST_CASE(in_mode_4_lacp_is_a_monitor_too) {
  LacpBench bench;
  bench.near.options.monitor = MonitorRule::all;
  bench.start();
  bench.run_until_all_carry();
  BOOST_TEST(bench.carrying() == 2U);
  BOOST_TEST(says(bench.port("e0"), "lacp"));
  // The partner's words no longer come, though the light is on: e0 is left when LACP says so.
  BOOST_REQUIRE(bench.world.set_silent("e0", true).ok());
  BOOST_TEST(bench.run_until([&] { return bench.carrying() == 1; }, 10'000) > 0);
  BOOST_TEST(bench.run_until([&] { return !says(bench.port("e0"), "lacp"); }, 10'000) > 0);
  BOOST_TEST((bench.state("e0") == LinkState::up));
  BOOST_REQUIRE(bench.world.set_silent("e0", false).ok());
  BOOST_TEST(bench.run_until([&] { return bench.carrying() == 2; }, 60'000) > 0);
}

BOOST_AUTO_TEST_CASE(in_mode_4_without_a_partner_no_port_carries_if_all_have_to_say_yes) {
  for (const MonitorRule rule : {MonitorRule::any, MonitorRule::all}) {
    LacpBench bench;
    bench.near.options.monitor = rule;
    bench.start_near();
    bench.run_for(10'000);
    BOOST_TEST(bench.carrying() == (rule == MonitorRule::all ? 0U : 1U));
    BOOST_TEST(bench.host().has_carrier() == (rule == MonitorRule::any));
  }
}

BOOST_AUTO_TEST_SUITE_END()

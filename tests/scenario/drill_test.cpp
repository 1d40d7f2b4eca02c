// Drills in simulated time: a port leaves and comes back, and the report is what the frames' ledger says.
#include "firmware/drill.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <vector>

#include "firmware/command_executor.hpp"
#include "firmware/explain.hpp"
#include "firmware/render.hpp"
#include "tests/support/lacp_bench.hpp"
#include "tests/support/neighbours.hpp"

namespace {

using namespace bondbox;
using test::data_frame;
using test::data_numbers;
using test::SimBench;
using Words = std::vector<std::string>;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A program whose bond hangs on a switch, with a station behind it that answers for 10.0.0.254.
struct Program : test::NeighbourBench {
  Program() : Program({"e0", "e1"}) {}
  explicit Program(std::initializer_list<const char*> ports) : Program(ports, BondOptions()) {}
  Program(std::initializer_list<const char*> ports, const BondOptions& options) : NeighbourBench(ports), names(ports) {
    BondConfig config = SimBench::config(ports);
    config.options = options;
    config.addresses = {IpPrefix::parse("10.0.0.1/24").value(), IpPrefix::parse("fd10::1/64").value()};
    config.gateway = test::address_of("10.0.0.254");
    SimBench::add(config);
    run_to(500);
  }

  CommandExecutor executor{scheduler, [] { return WallClock{}; }, {}};
  std::vector<const char*> names;

  Reply ask(Words words) {
    words.insert(words.begin(), "drill");
    return executor.execute(words);
  }
  /// To its end; `each_ms` is called in every millisecond.
  Reply drill(const Words& words, const std::function<void()>& each_ms = {}) {
    Reply reply = ask(words);
    if (!reply.goes_on) return reply;
    for (int i = 0; i < 200'000; ++i) {
      if (auto ended = executor.take_drill_reply()) return *ended;
      run_for(1);
      if (each_ms) each_ms();
    }
    BOOST_FAIL("the drill does not end");
    return {};
  }
  boost::json::value drill_json(Words words, const std::function<void()>& each_ms = {}) {
    words.push_back("--format=json");
    return boost::json::parse(drill(words, each_ms).text);
  }
  bool all_are_up() {
    return std::all_of(names.begin(), names.end(), [this](const char* name) { return state(name) == LinkState::up; });
  }
};

std::int64_t number(const boost::json::value& report, const std::string& pointer) {
  return report.at_pointer("/ports/0" + pointer).to_number<std::int64_t>();
}

BondOptions options_of(Mode mode) {
  BondOptions options;
  options.mode = mode;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drill)

BOOST_AUTO_TEST_CASE(words_that_make_no_drill_are_refused_with_what_is_expected) {
  struct Row {
    Words words;
    const char* said;
  };
  const Row rows[] = {
      {{}, "drill needs a bond"},
      {{"bond0", "e0", "e1"}, "drill does not know \"e1\""},
      {{"bond0", "--for"}, "--for needs a value"},
      {{"bond0", "--for", "2"}, "--for takes a time from 10ms to 600s, such as 500ms, not \"2\""},
      {{"bond0", "--for=9ms"}, "--for takes a time"},
      {{"bond0", "--every", "0ms"}, "--every takes a time from 1ms to 1s"},
      {{"bond0", "--max-outage", "fast"}, "--max-outage takes a time"},
      {{"bond0", "--target", "gateway"}, "--target takes an IP address, not \"gateway\""},
      {{"bond0", "--format", "xml"}, "--format takes text or json"},
      {{"bond0", "--all", "e0"}, "drill takes a port or --all, not both"},
      {{"bond0", "--admin", "--pretend"}, "drill takes --pretend or --admin, not both"},
      {{"bond0", "--now"}, "drill does not know \"--now\""},
  };
  for (const Row& row : rows) {
    std::string wrong;
    BOOST_TEST(!DrillRequest::parse(row.words, wrong));
    BOOST_TEST(has(wrong, row.said), wrong);
  }
}

BOOST_AUTO_TEST_CASE(a_port_that_is_set_down_leaves_and_comes_back_and_all_is_told) {
  Program program;
  const Reply reply = program.drill({"bond0", "e0", "--for", "1s", "--max-outage", "50ms"});
  BOOST_TEST(reply.exit_status == 0, reply.text);
  BOOST_TEST(has(reply.text, "bond0: drill of e0, set down for 1 s\n"), reply.text);
  BOOST_TEST(has(reply.text, "traffic by  e0 before, e1 during, e1 after\n"), reply.text);
  BOOST_TEST(has(reply.text, "taken away for a drill (set down)"), reply.text);
  BOOST_TEST(has(reply.text, "given back after a drill: its time is over"), reply.text);
  BOOST_TEST(has(reply.text, "within the 50 ms asked for"), reply.text);
  BOOST_TEST(program.all_are_up());
  BOOST_TEST(program.card("e0").up);
}

BOOST_AUTO_TEST_CASE(a_drill_in_which_bondbox_stood_still_has_not_held_its_limit_and_says_so) {
  for (const std::int64_t stood : {300, 900}) {
    Program program;
    std::int64_t ms = 0;
    const Reply reply = program.drill({"bond0", "e0", "--for", "2s", "--max-outage", "50ms"}, [&] {
      if (++ms == 1'000) program.clock.advance_to(Tick{program.now() + stood});
    });
    BOOST_TEST(has(reply.text, "  blind       bondbox stood still for "), reply.text);
    BOOST_TEST((reply.exit_status == 0) == (stood < 500), reply.text);
    BOOST_TEST(has(reply.text, "NOT HELD: bondbox stood still for longer than the limit") == (stood > 500), reply.text);
  }
}

BOOST_AUTO_TEST_CASE(an_absence_that_a_machine_slept_through_is_seen_before_it_ends) {
  SimBench bench({"e0", "e1"});
  bench.world.events_enabled = false;
  bench.add(SimBench::config({"e0", "e1"}));
  bench.run_to(500);
  CommandExecutor executor(bench.scheduler, [] { return WallClock{}; }, {});
  BOOST_REQUIRE(executor.execute(Words{"drill", "bond0", "e0", "--for=500ms", "--format=json"}).goes_on);
  bench.run_for(1);
  BOOST_REQUIRE(!bench.card("e0").up);
  BOOST_REQUIRE((bench.state("e0") == LinkState::up));
  bench.clock.advance_to(Tick{bench.now() + 800});
  bench.settle();
  BOOST_TEST(bench.active() == "e1");
  std::optional<Reply> reply;
  for (int i = 0; i < 5'000 && !reply; ++i) {
    bench.run_for(1);
    reply = executor.take_drill_reply();
  }
  BOOST_REQUIRE(reply.has_value());
  const auto report = boost::json::parse(reply->text);
  BOOST_TEST(report.at_pointer("/ports/0/carried/during").as_string() == "e1", reply->text);
  BOOST_TEST(number(report, "/noticed_ms") >= 800, reply->text);
  BOOST_TEST(bench.card("e0").up);
}

BOOST_AUTO_TEST_CASE(while_a_port_is_away_status_and_explain_say_so) {
  for (const auto& [word, way] : {std::pair{"--admin", "admin"}, std::pair{"--pretend", "pretend"}}) {
    Program program;
    BOOST_REQUIRE(program.ask({"bond0", "e0", "--for", "1s", word}).goes_on);
    program.run_for(800);
    BOOST_TEST((program.state("e0") == LinkState::down));
    BOOST_TEST(program.active() == "e1");
    const BondStatus status = program.status();
    BOOST_TEST(has(render_text(status), "DEGRADED: e0 is away for a drill, back in "), render_text(status));
    BOOST_TEST(has(explain_bond(status).cause, "e0 is away for a drill"));
    BOOST_TEST(has(explain_port(status, program.port("e0")).cause, "it is away for a drill ("));
    const auto json = boost::json::parse(render_json(std::span(&status, 1), program.scheduler.status(), WallClock{}));
    BOOST_TEST(json.at_pointer("/bonds/0/ports/0/drill/way").as_string() == way);
    BOOST_TEST(json.at_pointer("/bonds/0/ports/0/drill/left_ms").as_int64() > 0);
    BOOST_TEST(json.at_pointer("/bonds/0/ports/1/drill").is_null());
    // Pretending, the cable keeps its light.
    BOOST_TEST(program.card("e0").carrier == (way == std::string_view("pretend")));
  }
}

BOOST_AUTO_TEST_CASE(what_the_bond_needs_to_leave_a_port_follows_from_miimon_and_downdelay) {
  for (const std::uint32_t downdelay : {0U, 200U}) {
    BondOptions options;
    options.downdelay_ms = downdelay;
    Program program({"e0", "e1"}, options);
    program.world.events_enabled = false;
    // No target: nothing but the polls, at 500, 600, ..., sees the link.
    program.run_to(533);
    program.answer_for({});
    const auto report = program.drill_json({"bond0", "e0", "--pretend", "--for=1s"});
    BOOST_TEST(report.at("target").as_string() == "10.0.0.254");
    BOOST_TEST(has(std::string(report.at("unmeasured").as_string()), "10.0.0.254 does not answer"));
    const std::int64_t taken = number(report, "/taken_tick");
    const std::int64_t poll = (taken + 99) / 100 * 100;
    BOOST_TEST(number(report, "/noticed_ms") == poll - taken);
    BOOST_TEST(number(report, "/left_ms") == poll + downdelay - taken);
    BOOST_TEST(number(report, "/exposed_ms/away") == poll + downdelay - taken);
    BOOST_TEST(number(report, "/outage_ms") == poll + downdelay - taken);
    BOOST_TEST(number(report, "/given_back_tick") == taken + 1'000);
    BOOST_TEST(number(report, "/link_back_ms") == (taken + 1'099) / 100 * 100 - taken - 1'000);
  }
}

BOOST_AUTO_TEST_CASE(lost_probes_and_outage_are_what_the_ledger_of_frames_says) {
  // The only port: whatever is sent while it is away is lost, both ways.
  for (const char* way : {"--admin", "--pretend"}) {
    Program program({"e0"});
    std::uint32_t next = 0;
    std::vector<std::int64_t> sent_at;
    std::set<std::int64_t> arrived;
    const auto each_ms = [&] {
      BOOST_REQUIRE(program.world.send("station", data_frame(program.host().mac(), test::station_mac(1), next)) == 0);
      sent_at.push_back(program.now());
      ++next;
      program.settle();
      for (const std::int64_t number : data_numbers(program.host().take_delivered())) arrived.insert(number);
    };
    const auto report = program.drill_json({"bond0", "e0", way, "--for=300ms", "--every=1ms", "--force"}, each_ms);
    const std::int64_t lost = static_cast<std::int64_t>(next) - static_cast<std::int64_t>(arrived.size());
    std::int64_t first = -1;
    std::int64_t last = -1;
    for (std::uint32_t i = 0; i < next; ++i) {
      if (arrived.count(i) != 0) continue;
      if (first < 0) first = sent_at[i];
      last = sent_at[i];
    }
    BOOST_TEST(lost >= 295);
    BOOST_TEST(last - first + 1 == lost);
    const std::int64_t probes = number(report, "/probes/away/lost") + number(report, "/probes/back/lost");
    BOOST_TEST(std::abs(probes - lost) <= 1, way << ": " << probes << " probes and " << lost << " frames");
    BOOST_TEST(std::abs(number(report, "/outage_ms") - lost) <= 1, boost::json::serialize(report));
    BOOST_TEST(report.at_pointer("/ports/0/measured").as_bool());
    // No port took them, so they were lost on the way out.
    BOOST_TEST(number(report, "/probes/away/lost_out") >= number(report, "/probes/away/lost") - 1);
    BOOST_TEST(program.all_are_up());
  }
}

BOOST_AUTO_TEST_CASE(a_limit_that_does_not_hold_is_an_exit_status_of_its_own) {
  Program program({"e0"});
  const Reply reply = program.drill({"bond0", "--for=300ms", "--force", "--max-outage=50ms"});
  BOOST_TEST(reply.exit_status == exit_not_held);
  BOOST_TEST(has(reply.text, "NOT HELD: the limit is 50 ms"), reply.text);
  BOOST_TEST(program.drill({"bond0", "--for=300ms", "--force", "--max-outage=5s"}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(in_every_mode_a_port_comes_back_and_carries_again) {
  for (std::uint8_t mode = 0; mode <= static_cast<std::uint8_t>(last_of(Mode{})); ++mode) {
    Program program({"e0", "e1", "e2"}, options_of(Mode{mode}));
    program.is_replayed = true;
    const Reply reply = program.drill({"bond0", "e1", "--for=500ms"});
    BOOST_TEST(reply.exit_status == 0, "mode " << int{mode} << ": " << reply.text);
    BOOST_TEST(program.all_are_up());
    BOOST_TEST(program.replayed() == "");
  }
}

BOOST_AUTO_TEST_CASE(all_ports_are_drilled_one_after_the_other) {
  Program program({"e0", "e1", "e2"});
  const auto report = program.drill_json({"bond0", "--all", "--for=200ms"});
  BOOST_REQUIRE(report.at("ports").as_array().size() == 3U);
  std::int64_t last = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& one = report.at("ports").as_array()[i];
    BOOST_TEST(one.at("port").as_string() == program.names[i]);
    BOOST_TEST(one.at("failure").is_null());
    BOOST_TEST(one.at("taken_tick").as_int64() > last);
    last = one.at("given_back_tick").as_int64() + one.at("whole_ms").as_int64();
  }
  BOOST_TEST(report.at("held").as_bool());
}

BOOST_AUTO_TEST_CASE(the_last_usable_port_is_not_taken_unless_forced) {
  Program program;
  program.link("e1", false);
  program.run_for(200);
  const Reply refused = program.drill({"bond0", "e0"});
  BOOST_TEST(refused.exit_status == 1);
  BOOST_TEST(has(refused.text, "EBUSY: e0 is the last usable port of bond0; --force"), refused.text);
  BOOST_TEST(has(program.drill({"bond0", "e1"}).text, "e1 is not up"));
  BOOST_TEST(has(program.drill({"bond0", "e9"}).text, "e9 is not a port of bond0"));
  BOOST_TEST(has(program.drill({"bond9"}).text, "there is no bond \"bond9\""));
  BOOST_TEST(has(program.drill({"bond0", "--all"}).text, "e1 is not up; --force drills the others"));
  BOOST_TEST(program.card("e0").up);
}

BOOST_AUTO_TEST_CASE(a_target_that_was_named_and_does_not_answer_costs_no_port) {
  Program program;
  const Reply reply = program.drill({"bond0", "--target=10.0.0.9"});
  BOOST_TEST(reply.exit_status == exit_not_held);
  BOOST_TEST(has(reply.text, "FAILED: 10.0.0.9 does not answer: nothing was taken away"), reply.text);
  BOOST_TEST(!program.told("taken away"));
}

BOOST_AUTO_TEST_CASE(one_drill_at_a_time_and_one_that_is_given_up_gives_back_at_once) {
  Program program({"e0", "e1", "e2"});
  BOOST_REQUIRE(program.ask({"bond0", "e0", "--for=10s"}).goes_on);
  program.run_for(1'000);
  BOOST_TEST(!program.card("e0").up);
  BOOST_TEST(has(program.ask({"bond0", "e1"}).text, "a drill of bond0 is under way"));
  BOOST_TEST(!program.executor.take_drill_reply().has_value());
  program.executor.give_up_drill();
  BOOST_TEST(program.card("e0").up);
  program.run_for(200);
  BOOST_TEST(program.all_are_up());
  BOOST_TEST(program.told("given back after a drill: the drill was given up"));
  BOOST_TEST(program.drill({"bond0", "e1", "--for=200ms"}).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(a_port_that_is_released_or_vanishes_meanwhile_ends_the_drill) {
  for (const bool released : {true, false}) {
    Program program({"e0", "e1", "e2"});
    BOOST_REQUIRE(program.ask({"bond0", "e0", "--for=10s"}).goes_on);
    program.run_for(1'000);
    if (released) {
      BOOST_TEST(program.command([](Bond& bond) { return bond.release("e0"); }).ok());
      BOOST_TEST(program.card("e0").up);
    } else {
      BOOST_TEST(program.world.remove_nic("e0").ok());
    }
    program.run_for(300);
    const auto reply = program.executor.take_drill_reply();
    BOOST_REQUIRE(reply.has_value());
    BOOST_TEST(reply->exit_status == exit_not_held);
    BOOST_TEST(has(reply->text, "FAILED: e0 is no port of bond0 any more"), reply->text);
  }
}

BOOST_AUTO_TEST_CASE(with_the_arp_monitor_the_target_is_asked_and_the_port_is_given_up_by_its_silence) {
  BondOptions options;
  options.miimon_ms = 0;
  options.arp_interval_ms = 100;
  options.arp_ip_targets.push_back(test::address_of("10.0.0.254"));
  Program program({"e0", "e1"}, options);
  program.run_to(2'000);
  BOOST_REQUIRE(program.all_are_up());
  const auto report = program.drill_json({"bond0", "e0", "--pretend", "--for=2s"});
  BOOST_TEST(report.at("target").as_string() == "10.0.0.254");
  BOOST_TEST(number(report, "/noticed_ms") > 0, boost::json::serialize(report));
  BOOST_TEST(report.at("held").as_bool(), boost::json::serialize(report));
}

BOOST_AUTO_TEST_CASE(with_lacp_the_drill_waits_until_the_port_carries_again) {
  test::LacpBench bench;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() >= 0);
  CommandExecutor executor(bench.scheduler, [] { return WallClock{}; }, {});
  const Words words{"drill", "bond0", "e0", "--for=1s", "--format=json"};
  BOOST_REQUIRE(executor.execute(words).goes_on);
  std::optional<Reply> reply;
  for (int i = 0; i < 60'000 && !reply; ++i) {
    bench.run_for(1);
    reply = executor.take_drill_reply();
  }
  BOOST_REQUIRE(reply.has_value());
  const auto report = boost::json::parse(reply->text);
  BOOST_TEST(reply->exit_status == 0, reply->text);
  BOOST_TEST(report.at_pointer("/ports/0/carried/before").as_string() == "e0, e1");
  BOOST_TEST(report.at_pointer("/ports/0/carried/during").as_string() == "e1");
  BOOST_TEST(report.at_pointer("/ports/0/carried/after").as_string() == "e0, e1");
  // By LACP's timers, not by the link's.
  BOOST_TEST(number(report, "/whole_ms") > number(report, "/link_back_ms"));
  BOOST_TEST(bench.carrying() == 2U);
}

BOOST_AUTO_TEST_CASE(nothing_of_a_drill_is_saved) {
  Program program;
  BOOST_REQUIRE(program.ask({"bond0", "e0", "--for=10s", "--pretend"}).goes_on);
  program.run_for(1'000);
  std::vector<std::uint8_t> kept;
  program.bond().save(kept, program.clock.now());
  BOOST_REQUIRE((program.state("e0") == LinkState::down));
  // The process is killed, and the next one goes on from what the first one knew.
  for (const char* name : {"bond0", "e0", "e1"}) BOOST_REQUIRE(program.world.abandon(name).ok());
  EventLog log;
  Scheduler next(program.hardware, program.clock, log);
  const BondMemory memory{kept, program.clock.now(), std::nullopt};
  BOOST_REQUIRE(next.add_bond(program.bond().running_config(), &memory).ok());
  BOOST_TEST(!next.find("bond0")->away().has_value());
  program.clock.advance_to(program.clock.now() + Ticks{100});
  next.step();
  BOOST_TEST(next.find("bond0")->port_has_link("e0"));
  program.is_replayed = false;
}

BOOST_AUTO_TEST_SUITE_END()

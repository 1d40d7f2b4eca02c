#include "firmware/command_executor.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::SimBench;
using Words = std::vector<std::string>;

/// A program with bond0 (e0, e1); e2 is free.
struct Program : SimBench {
  Program() : SimBench({"e0", "e1", "e2"}) { add({"e0", "e1"}); }

  CommandExecutor executor{scheduler, [] { return WallClock{1'000'000}; }, {}};

  Reply ask(const Words& words) { return executor.execute(words); }
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command_executor)

BOOST_AUTO_TEST_CASE(wrong_words_end_with_status_2_and_say_what_is_expected) {
  Program program;
  struct Row {
    Words words;
    const char* said;
  };
  const Row rows[] = {
      {{}, "no command"},
      {{"fly"}, "unknown command \"fly\""},
      {{""}, "unknown command \"\""},
      {{"status", "bond0", "--format"}, "--format needs one of text, proc, json, prometheus, openmetrics"},
      {{"status", "bond0", "bond1"}, "status does not know \"bond1\""},
      {{"status", "--wrong"}, "status does not know \"--wrong\""},
      {{"status", ""}, "status does not know \"\""},
      {{"status", "--format", "xml"}, "unknown format \"xml\"; it is one of text, proc, json, prometheus, openmetrics"},
      {{"status", "--format="}, "it is one of text, proc, json, prometheus, openmetrics"},
      {{"get"}, "get needs a bond and an option"},
      {{"get", "bond0"}, "get needs a bond and an option"},
      {{"get", "bond0", "mode", "x"}, "get needs a bond and an option"},
      {{"set", "bond0", "miimon"}, "set needs a bond, an option and a value"},
      {{"set", "bond0", "miimon", "1", "2"}, "set needs a bond, an option and a value"},
      {{"enslave"}, "enslave needs a bond and at least one port"},
      {{"enslave", "bond0"}, "enslave needs a bond and at least one port"},
      {{"release", "bond0"}, "release needs a bond and at least one port"},
      {{"release", "--after", "1", "bond0"}, "release needs a bond and at least one port"},
      {{"release", "--after", "-1", "bond0", "e0"}, "release --after takes milliseconds, 0 to 600000, not \"-1\""},
      {{"release", "--now", "bond0", "e0"}, "release does not know \"--now\""},
      {{"remove"}, "remove needs a bond"},
      {{"remove", "bond0", "bond1"}, "remove needs a bond"},
      {{"remove", "--after"}, "remove --after takes milliseconds, 0 to 600000, not \"\""},
      {{"add"}, "add needs a bond"},
      {{"activate", "bond0"}, "activate needs a bond and a port"},
      {{"activate", "bond0", "e0", "e1"}, "activate needs a bond and a port"},
      {{"reload", "now"}, "reload takes no arguments"},
      {{"events", "--after"}, "--after needs the number of an event"},
      {{"events", "--after", "x"}, "--after takes the number of an event, not \"x\""},
      {{"events", "--after", "-1"}, "--after takes the number of an event, not \"-1\""},
      {{"events", "bond0", "bond1"}, "events does not know \"bond1\""},
      {{"which"}, "which needs a bond"},
      {{"explain", "--wrong"}, "explain does not know \"--wrong\""},
      {{"explain"}, "explain needs a bond, and at most one port"},
      {{"drill"}, "drill needs a bond"},
      {{"explain", "bond0", "e0", "e1"}, "explain needs a bond, and at most one port"},
      {{"which", "bond0", "1", "-"}, "which needs the number of the first frame"},
  };
  for (const Row& row : rows) {
    const Reply reply = program.ask(row.words);
    BOOST_TEST(reply.exit_status == 2, row.said);
    BOOST_TEST(has(reply.text, row.said), reply.text);
    BOOST_TEST(lines(reply.text) == 1U, reply.text);
    // The same without a program to ask.
    BOOST_TEST(CommandExecutor::check(row.words).text == reply.text);
  }
}

BOOST_AUTO_TEST_CASE(right_words_pass_the_check_without_being_carried_out) {
  for (const Words& words :
       {Words{"status"}, Words{"status", "b", "--format", "json"}, Words{"status", "--format=proc"},
        Words{"get", "b", "o"}, Words{"set", "b", "o", ""}, Words{"enslave", "b", "p", "q"}, Words{"release", "b", "p"},
        Words{"activate", "b", "p"}, Words{"reload"}, Words{"events", "b", "--after", "7"},
        Words{"which", "b", "1", "-", "00"}, Words{"explain", "b"}, Words{"explain", "b", "p"}}) {
    BOOST_TEST(CommandExecutor::check(words).exit_status == 0);
    BOOST_TEST(CommandExecutor::check(words).text == "");
  }
}

BOOST_AUTO_TEST_CASE(every_command_on_a_bond_that_is_not_there_names_those_that_are) {
  Program program;
  for (const Words& words :
       {Words{"status", "bond7"}, Words{"events", "bond7"}, Words{"get", "bond7", "mode"},
        Words{"set", "bond7", "miimon", "1"}, Words{"enslave", "bond7", "e2"}, Words{"release", "bond7", "e0"},
        Words{"activate", "bond7", "e0"}, Words{"which", "bond7", "1", "-", "00"}, Words{"explain", "bond7"}}) {
    const Reply reply = program.ask(words);
    BOOST_TEST(reply.exit_status == 1);
    BOOST_TEST(reply.text == "there is no bond \"bond7\" here; there is: bond0\n");
  }
  program.scheduler.remove_bond("bond0");
  BOOST_TEST(has(program.ask({"status", "bond0"}).text, "there is: none"));
  BOOST_TEST(program.ask({"status"}).text == "no bonds\n");
}

BOOST_AUTO_TEST_CASE(status_shows_one_bond_or_all_in_each_format) {
  Program program;
  BOOST_REQUIRE(program.world.add_nic({.name = "f0", .mac = test::card_mac(7)}).ok());
  program.add(SimBench::config({"f0"}, "bond1"));
  const Reply text = program.ask({"status"});
  BOOST_TEST(text.exit_status == 0);
  BOOST_TEST(has(text.text, "bond0: active-backup, up"));
  BOOST_TEST(has(text.text, "\n\nbond1: active-backup, up"));
  BOOST_TEST(program.ask({"status", "bond1", "--format", "text"}).text ==
             render_text(program.bond("bond1").status(program.scheduler.now())));
  const Reply proc = program.ask({"status", "--format", "proc", "bond0"});
  BOOST_TEST(proc.text == render_proc(program.status()));
  const boost::json::value all = boost::json::parse(program.ask({"status", "--format", "json"}).text);
  BOOST_TEST(all.at("bonds").as_array().size() == 2U);
  const boost::json::value one = boost::json::parse(program.ask({"status", "bond1", "--format", "json"}).text);
  BOOST_REQUIRE_EQUAL(one.at("bonds").as_array().size(), 1U);
  BOOST_TEST(one.at("bonds").at(0).at("name").as_string() == "bond1");
  BOOST_TEST(one.at("wall_time_ms").as_int64() == 1'000'000);
}

BOOST_AUTO_TEST_CASE(get_reads_as_sysfs_does) {
  Program program;
  BOOST_TEST(program.ask({"get", "bond0", "mode"}).text == "active-backup 1\n");
  BOOST_TEST(program.ask({"get", "bond0", "slaves"}).text == "e0 e1\n");
  BOOST_TEST(program.ask({"get", "bond0", "primary"}).text == "");
  BOOST_TEST(program.ask({"get", "bond0", "mii_status"}).text == "up\n");
  BOOST_TEST(program.ask({"get", "bond0", "primary"}).exit_status == 0);
  const Reply reply = program.ask({"get", "bond0", "mimon"});
  BOOST_TEST(reply.exit_status == 1);
  BOOST_TEST(has(reply.text, "ENOENT: "));
  BOOST_TEST(has(reply.text, "miimon"));
}

BOOST_AUTO_TEST_CASE(set_writes_as_sysfs_does_and_names_the_kernels_error) {
  Program program;
  const Reply done = program.ask({"set", "bond0", "miimon", "50"});
  BOOST_TEST(done.exit_status == 0);
  BOOST_TEST(done.text == "");
  BOOST_TEST(program.ask({"get", "bond0", "miimon"}).text == "50\n");
  struct Row {
    const char* option;
    const char* value;
    const char* error;
  };
  constexpr Row rows[] = {
      {"miimon", "abc", "EINVAL: "},          {"mode", "0", "ENOTEMPTY: "},       {"lacp_rate", "fast", "EACCES: "},
      {"active_slave", "nosuch", "ENODEV: "}, {"queue_id", "e0:99", "EPERM: "},   {"ad_select", "count", "EBUSY: "},
      {"nosuchoption", "1", "ENOENT: "},      {"arp_interval", "-1", "EINVAL: "}, {"mii_status", "up", ""}};
  for (const Row& row : rows) {
    const Reply reply = program.ask({"set", "bond0", row.option, row.value});
    BOOST_TEST(reply.exit_status == 1, row.option);
    BOOST_TEST(reply.text.starts_with(row.error), reply.text);
    BOOST_TEST(lines(reply.text) == 1U);
  }
  BOOST_TEST(program.ask({"get", "bond0", "miimon"}).text == "50\n");
}

BOOST_AUTO_TEST_CASE(a_change_has_taken_effect_when_its_answer_comes) {
  Program program;
  BOOST_REQUIRE(program.set("active_slave", "e0").ok());
  const std::uint64_t plan = program.bond().plan().generation;
  BOOST_TEST(program.ask({"activate", "bond0", "e1"}).exit_status == 0);
  BOOST_TEST(program.bond().plan().generation == plan + 1);
  BOOST_TEST(program.bond().plan().transmit.usable[0].index == 1);
  BOOST_TEST(program.ask({"get", "bond0", "active_slave"}).text == "e1\n");
}

BOOST_AUTO_TEST_CASE(activate_refuses_what_active_slave_refuses) {
  Program program;
  program.link("e1", false);
  const Reply no_link = program.ask({"activate", "bond0", "e1"});
  BOOST_TEST(no_link.exit_status == 1);
  BOOST_TEST(no_link.text.starts_with("EINVAL: "));
  BOOST_TEST(program.ask({"activate", "bond0", "e2"}).text.starts_with("EINVAL: "));
  BOOST_TEST(program.ask({"activate", "bond0", "e9"}).text.starts_with("ENODEV: "));
  BOOST_TEST(program.active() == "e0");
}

BOOST_AUTO_TEST_CASE(enslave_and_release_do_what_can_be_done_and_tell_each_failure) {
  Program program;
  const Reply some = program.ask({"enslave", "bond0", "e1", "nosuch", "e2"});
  BOOST_TEST(some.exit_status == 1);
  BOOST_TEST(lines(some.text) == 2U);
  BOOST_TEST(has(some.text, "EBUSY: e1"));
  BOOST_TEST(has(some.text, "ENODEV: "));
  BOOST_TEST(program.ask({"get", "bond0", "slaves"}).text == "e0 e1 e2\n");
  const Reply gone = program.ask({"release", "bond0", "e0", "e0", "e2"});
  BOOST_TEST(gone.exit_status == 1);
  BOOST_TEST(lines(gone.text) == 1U);
  BOOST_TEST(gone.text.starts_with("EINVAL: e0"));
  BOOST_TEST(program.ask({"get", "bond0", "slaves"}).text == "e1\n");
  const Reply all = program.ask({"enslave", "bond0", "e0", "e2"});
  BOOST_TEST(all.exit_status == 0);
  BOOST_TEST(all.text == "");
}

BOOST_AUTO_TEST_CASE(what_is_to_leave_later_stays_when_it_is_wanted_again) {
  Program program;
  BOOST_TEST(program.ask({"release", "--after", "1000", "bond0", "e0"}).exit_status == 0);
  BOOST_TEST(program.ask({"release", "--after", "3000", "bond0", "e1"}).exit_status == 0);
  program.run_for(999);
  BOOST_TEST(program.ask({"get", "bond0", "slaves"}).text == "e0 e1\n");
  program.run_for(1);
  BOOST_TEST(program.ask({"get", "bond0", "slaves"}).text == "e1\n");
  BOOST_TEST(program.ask({"enslave", "bond0", "e1"}).exit_status == 0);
  BOOST_TEST(program.ask({"remove", "--after", "500", "bond0"}).exit_status == 0);
  program.run_for(400);
  program.bond().stay();
  program.run_for(5000);
  BOOST_TEST(program.ask({"get", "bond0", "slaves"}).text == "e1\n");
  BOOST_TEST(program.ask({"remove", "--after", "500", "bond0"}).exit_status == 0);
  program.run_for(500);
  BOOST_TEST(program.scheduler.find("bond0") == nullptr);
}

BOOST_AUTO_TEST_CASE(while_something_is_to_leave_the_policy_is_not_told_that_the_interface_is_down) {
  Program program;
  BondConfig config = SimBench::config({"e2"}, "bond1");
  config.options.mode = Mode::lacp_8023ad;
  program.add(config);
  program.run_for(1000);
  const auto sent = [&] { return program.status("bond1").lacp->ports[0].counters.lacpdu_sent; };
  // LACP speaks on while the bond is to leave, and falls silent when it did not leave and is still down.
  BOOST_TEST(program.ask({"remove", "--after", "100000", "bond1"}).exit_status == 0);
  BOOST_REQUIRE(program.host("bond1").set_up(false).ok());
  const std::uint64_t before = sent();
  program.run_for(90'000);
  BOOST_TEST(sent() > before);
  program.bond("bond1").stay();
  program.run_for(100);
  const std::uint64_t after = sent();
  program.run_for(90'000);
  BOOST_TEST(sent() == after);
}

BOOST_AUTO_TEST_CASE(events_are_told_whole_or_from_a_number_on) {
  Program program;
  program.link(500, "e0", false);
  const Reply all = program.ask({"events"});
  BOOST_TEST(all.exit_status == 0);
  BOOST_TEST(has(all.text, "bond0 is being created..."));
  BOOST_TEST(has(all.text, "bond0: (slave e0): link status definitely down, disabling slave"));
  BOOST_TEST(
      has(all.text, "1970-01-01T00:16:40.500Z        500 bond0: (slave e1): making interface the new active one"));
  BOOST_TEST(program.ask({"events", "bond0"}).text == all.text);

  const std::uint64_t last = program.events.last_sequence();
  BOOST_TEST(program.ask({"events", "--after", std::to_string(last)}).text == std::to_string(last) + "\n");
  program.link(700, "e0", true);
  const Reply news = program.ask({"events", "bond0", "--after", std::to_string(last)});
  BOOST_TEST(news.text.starts_with(std::to_string(last + 1) + "\n"));
  BOOST_TEST(has(news.text, "(slave e0): link status definitely up, 10000 Mbps full duplex"));
  BOOST_TEST(lines(news.text) == 2U);
}

BOOST_AUTO_TEST_CASE(events_of_one_bond_leave_out_the_others) {
  Program program;
  BOOST_REQUIRE(program.world.add_nic({.name = "f0", .mac = test::card_mac(7)}).ok());
  program.add(SimBench::config({"f0"}, "bond1"));
  const Reply other = program.ask({"events", "bond1"});
  BOOST_TEST(has(other.text, "bond1: "));
  BOOST_TEST(!has(other.text, "bond0: "));
}

BOOST_AUTO_TEST_CASE(which_answers_from_the_running_plan_and_counts_nothing) {
  Program program;
  const std::string frame(2 * 60, '0');
  const std::string generation = std::to_string(program.bond().plan().generation);
  const Words words{"which", "bond0", "4", "-", frame, "00"};
  BOOST_TEST(program.ask(words).text ==
             "0 " + generation +
                 "\n4\t0\te0\tthe active port; if e0 dies it moves to e1\n5\t-\t-\ttoo short for a frame\n");
  BOOST_REQUIRE(program.set("active_slave", "e1").ok());
  BOOST_TEST(has(program.ask(words).text, "4\t1\te1\tthe active port; if e1 dies it moves to e0\n"));
  const BondStatus after = program.status();
  BOOST_TEST(after.counters.tx_no_port + after.counters.tx_runt + after.counters.tx_punted == 0U);
  for (const PortStatus& port : after.ports) BOOST_TEST(port.counters.tx_frames == 0U);
}

BOOST_AUTO_TEST_CASE(explain_tells_of_the_bond_with_its_ports_or_of_one_port) {
  Program program;
  BOOST_TEST(lines(program.ask({"explain", "bond0"}).text) == 9U);
  const Reply one = program.ask({"explain", "bond0", "e1"});
  BOOST_TEST(one.exit_status == 0);
  BOOST_TEST(one.text.starts_with("e1 does not carry traffic: it stands by, e0 is active and works; a port of equal\n"),
             one.text);
  const Reply none = program.ask({"explain", "bond0", "e9"});
  BOOST_TEST(none.exit_status == 1);
  BOOST_TEST(none.text == "there is no port \"e9\" in bond0; there is: e0, e1\n");
}

BOOST_AUTO_TEST_CASE(reload_runs_what_it_was_given_or_says_that_there_is_no_file) {
  Program program;
  const Reply none = program.ask({"reload"});
  BOOST_TEST(none.exit_status == 1);
  BOOST_TEST(has(none.text, "no configuration file"));
  CommandExecutor with_file(
      program.scheduler, [] { return WallClock{}; },
      [] {
        return Reply{0, "nothing changed\n"};
      });
  const Reply reply = with_file.execute(Words{"reload"});
  BOOST_TEST(reply.exit_status == 0);
  BOOST_TEST(reply.text == "nothing changed\n");
}

BOOST_AUTO_TEST_CASE(every_answer_is_empty_or_ends_with_a_newline) {
  Program program;
  for (const Words& words : {Words{}, Words{"x"}, Words{"status"}, Words{"events"}, Words{"get", "bond0", "mode"},
                             Words{"get", "bond0", "primary"}, Words{"set", "bond0", "mode", "9"}, Words{"reload"},
                             Words{"status", "--format", "json"}, Words{"status", "--format", "proc"}}) {
    const std::string text = program.ask(words).text;
    BOOST_TEST((text.empty() || text.back() == '\n'));
  }
}

BOOST_AUTO_TEST_SUITE_END()

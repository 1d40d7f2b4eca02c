#include "firmware/console_session.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace bondbox;

/// Somebody at the console, before a bondbox that answers what the test says.
struct Person {
  std::vector<std::vector<std::string>> asked;
  Reply reply{0, "fine\n"};
  std::vector<std::string> ended_by;
  Tick now{};
  ConsoleSession session;

  explicit Person(ConsoleSession::Setup setup = {})
      : session(
            setup,
            [this](std::span<const std::string> words) {
              asked.emplace_back(words.begin(), words.end());
              return reply;
            },
            [this](std::string_view command) {
              ended_by.emplace_back(command);
              return Reply{};
            }) {
    (void)seen();
  }

  std::string seen() {
    std::string output(session.output());
    session.written(output.size());
    return output;
  }
  std::string says(std::string_view text) {
    session.take(text, now);
    return seen();
  }
};

ConsoleSession::Setup script() {
  ConsoleSession::Setup setup;
  setup.terminal = false;
  setup.may_end = true;
  return setup;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string numbered(int lines) {
  std::string text;
  for (int i = 1; i <= lines; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(console_session)

BOOST_AUTO_TEST_CASE(a_command_goes_to_the_bonds_word_by_word_and_the_answer_comes_with_a_new_prompt) {
  Person person;
  BOOST_TEST(person.says("status\r") == "status\r\nfine\r\nbondbox> \x1b[K");
  (void)person.says("set bond0  primary \"\"\r");
  (void)person.says("set bond0 arp_ip_target \"a b\"\r");
  using Words = std::vector<std::string>;
  BOOST_TEST(
      (person.asked ==
       std::vector<Words>{{"status"}, {"set", "bond0", "primary", ""}, {"set", "bond0", "arp_ip_target", "a b"}}));
  BOOST_TEST(has(person.says("get bond0 \"miimon\r"), "a quote is not closed"));
  BOOST_TEST(person.asked.size() == 3U);
}

BOOST_AUTO_TEST_CASE(wrong_words_are_told_without_asking_anybody) {
  Person person;
  BOOST_TEST(has(person.says("stats\r"), "unknown command \"stats\"; help lists the commands\r\n"));
  BOOST_TEST(has(person.says("set bond0 primary\r"), "set needs a bond, an option and a value\r\n"));
  BOOST_TEST(has(person.says("poweroff\r"), "unknown command \"poweroff\""));
  BOOST_TEST(person.asked.empty());
  BOOST_TEST(person.session.refused_lines() == 3U);
  for (const char* command : {"status", "explain", "activate", "events", "follow", "help"})
    BOOST_TEST(has(person.says("help\r"), command));
}

BOOST_AUTO_TEST_CASE(power_words_are_commands_only_where_they_were_allowed) {
  ConsoleSession::Setup setup;
  setup.power = true;
  Person person(setup);
  (void)person.says("reboot\rpoweroff\r");
  BOOST_TEST((person.ended_by == std::vector<std::string>{"reboot", "poweroff"}));
}

BOOST_AUTO_TEST_CASE(long_answers_come_in_pages_that_keys_turn) {
  Person person;
  person.reply.text = numbered(60);
  std::string shown = person.says("status\r");
  BOOST_TEST(has(shown, "line 23\r\n-- more"));
  BOOST_TEST(!has(shown, "line 24"));
  shown = person.says("xyz\xff");
  BOOST_TEST(shown.empty());
  BOOST_TEST(person.says("\r").starts_with("\r\x1b[Kline 24\r\n-- more"));
  shown = person.says(" ");
  BOOST_TEST((has(shown, "line 25\r\n") && has(shown, "line 47\r\n-- more") && !has(shown, "line 48")), shown);
  BOOST_TEST(person.says("q") == "\r\x1b[Kbondbox> \x1b[K");
  person.reply.text = numbered(23);
  BOOST_TEST(!has(person.says("status\r"), "more"));
  // What was typed ahead turns the pages.
  person.reply.text = numbered(30);
  BOOST_TEST(has(person.says("status\r version\r"), "line 30\r\nbondbox> "));
  ConsoleSession::Setup setup;
  setup.rows = 0;
  Person endless(setup);
  endless.reply.text = numbered(500);
  BOOST_TEST(has(endless.says("status\r"), "line 500\r\nbondbox> "));
}

BOOST_AUTO_TEST_CASE(of_the_events_the_latest_are_shown_unless_all_are_asked_for) {
  ConsoleSession::Setup setup;
  setup.rows = 0;
  Person person(setup);
  for (const int lines : {0, 1, 19, 20, 21, 300}) {
    person.reply.text = numbered(lines);
    const std::string shown = person.says("events bond0\r");
    BOOST_TEST(std::count(shown.begin(), shown.end(), '\n') == 1 + std::min(lines, 20));
    if (lines != 0) BOOST_TEST(has(shown, "line " + std::to_string(lines) + "\r\n"));
    if (lines > 20) BOOST_TEST(!has(shown, "line " + std::to_string(lines - 20) + "\r\n"));
  }
  BOOST_TEST(has(person.says("events all bond0\r"), "line 1\r\n"));
  BOOST_TEST((person.asked.back() == std::vector<std::string>{"events", "bond0"}));
}

BOOST_AUTO_TEST_CASE(events_are_followed_until_a_key_is_pressed) {
  Person person;
  person.reply.text = "7\nold\n";
  BOOST_TEST(!has(person.says("follow bond0\r"), "old"));
  BOOST_REQUIRE(person.session.next_deadline().has_value());
  person.now = *person.session.next_deadline();
  person.reply.text = "8\nnew\n";
  person.session.run_due(person.now);
  BOOST_TEST(person.seen() == "new\r\n");
  BOOST_TEST((person.asked.back() == std::vector<std::string>{"events", "bond0", "--after", "7"}));
  BOOST_TEST(person.says("x") == "\r\nbondbox> \x1b[K");
  BOOST_TEST(!person.session.next_deadline().has_value());
  // A bondbox that has gone ends it with its sentence.
  person.reply.text = "9\n";
  (void)person.says("follow\r");
  person.now = *person.session.next_deadline();
  person.reply = {1, "no bondbox is running\n"};
  person.session.run_due(person.now);
  BOOST_TEST(person.seen() == "no bondbox is running\r\nbondbox> \x1b[K");
}

BOOST_AUTO_TEST_CASE(a_line_with_noise_is_refused_and_a_stream_of_it_told_once) {
  Person person;
  BOOST_TEST(has(person.says("st\xff\xfe"
                             "atus\r"),
                 "not executed: 2 bytes of the line are no text\r\n"));
  BOOST_TEST(person.says("\x80\r") == "\r\nbondbox> \x1b[K");
  BOOST_TEST(person.says("\x81\r") == "\r\nbondbox> \x1b[K");
  BOOST_TEST(has(person.says("status\r"), "3 lines before this one were noise and not executed\r\nfine\r\n"));
  BOOST_TEST(person.says("status\r") == "status\r\nfine\r\nbondbox> \x1b[K");
  BOOST_TEST(person.session.noise_bytes() == 4U);
  BOOST_TEST(person.session.refused_lines() == 3U);
  BOOST_TEST(has(person.says(std::string(500, 'x') + "\r"), "not executed: the line is over 200 characters long\r\n"));
  BOOST_TEST(person.asked.size() == 2U);
}

BOOST_AUTO_TEST_CASE(another_machine_that_answers_every_answer_is_not_talked_to_for_ever) {
  Person person;
  std::string shown;
  for (int i = 0; i < 10; ++i) shown = person.says("-sh: bondbox: not found\r");
  BOOST_TEST(has(shown, "10 lines in a row were not understood: what comes is ignored for 10 s"), shown);
  for (int i = 0; i < 10'000; ++i) BOOST_TEST_REQUIRE(person.says("-sh: 10: not found\r").empty());
  BOOST_REQUIRE(person.session.next_deadline().has_value());
  BOOST_TEST(person.session.next_deadline()->number == 10'000);
  person.now = Tick{10'000};
  person.session.run_due(person.now);
  BOOST_TEST(person.seen() == "bondbox> \x1b[K");
  BOOST_TEST(has(person.says("status\r"), "fine"));
}

BOOST_AUTO_TEST_CASE(a_script_gets_plain_text_no_prompt_and_an_exit_status) {
  Person good(script());
  BOOST_TEST(good.says("status\nversion\n").starts_with("fine\nbondbox "));
  BOOST_TEST(!good.session.any_failed());
  (void)good.says("status");
  good.session.end_of_input(good.now);
  BOOST_TEST(good.seen() == "fine\n");
  BOOST_TEST(good.session.ended());
  Person bad(script());
  for (int i = 0; i < 20; ++i)
    BOOST_TEST(bad.says("nonsense\n") == "unknown command \"nonsense\"; help lists the commands\n");
  BOOST_TEST(bad.session.any_failed());
  BOOST_TEST(!bad.session.ended());
  (void)bad.says("exit\nstatus\n");
  BOOST_TEST(bad.session.ended());
  BOOST_TEST(bad.asked.empty());
}

BOOST_AUTO_TEST_CASE(an_endless_answer_is_cut_off_with_a_sentence) {
  Person person(script());
  person.reply.text = numbered(100'000);
  const std::string shown = person.says("status\n");
  BOOST_TEST(shown.size() < ConsoleSession::answer_bytes_max + 100);
  BOOST_TEST(shown.ends_with("\nthe rest is cut off: the answer is too long for a console\n"));
}

BOOST_AUTO_TEST_CASE(a_flood_of_anything_keeps_what_is_kept_bounded) {
  Person person;
  std::mt19937 random(815);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes;
    for (int k = 0; k < 64; ++k) bytes += static_cast<char>(random() & 0xff);
    person.now = Tick{i * 5};  // 64 bytes each 5 ms are what 115200 baud can bring
    if (const auto due = person.session.next_deadline(); due && *due <= person.now) person.session.run_due(person.now);
    BOOST_TEST_REQUIRE(person.says(bytes).size() < 10'000U);
  }
  BOOST_TEST(person.session.noise_bytes() > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

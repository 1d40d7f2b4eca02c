#include "firmware/init_rules.hpp"

#include <boost/test/unit_test.hpp>
#include <csignal>

namespace {

using namespace bondbox;
using Words = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(init_rules)

BOOST_AUTO_TEST_CASE(options_stand_before_the_next_program_and_its_words_are_its_own) {
  InitOptions options;
  const Words words{"-c", "/etc/b.toml", "--wait", "3s", "--console=none", "--modules",
                    "/m", "--",          "next",   "-c", "--wait",         "--"};
  BOOST_TEST(read_init_words(words, options).empty());
  BOOST_TEST(options.config == "/etc/b.toml");
  BOOST_TEST(options.wait.count == 3'000);
  BOOST_TEST(options.console == "none");
  BOOST_TEST(options.modules == "/m");
  BOOST_TEST(options.modules_given);
  BOOST_TEST((options.next == Words{"next", "-c", "--wait", "--"}));
}

BOOST_AUTO_TEST_CASE(a_path_from_the_root_is_the_next_program_without_dashes_for_kernels_cut_at_those) {
  InitOptions options;
  BOOST_TEST(read_init_words(Words{"--wait", "0", "/sbin/init", "3"}, options).empty());
  BOOST_TEST((options.next == Words{"/sbin/init", "3"}));
  BOOST_TEST(options.wait.count == 0);
}

BOOST_AUTO_TEST_CASE(every_wrong_word_is_told_and_the_right_ones_beside_it_count) {
  InitOptions options;
  const Words wrong =
      read_init_words(Words{"splash", "root=98:0", "--wait", "soon", "--what", "-c", "/x", "--"}, options);
  BOOST_TEST(
      (wrong == Words{"unexpected \"splash\"", "--wait takes a time of at most 1h such as 10s, or 0, not \"soon\"",
                      "unknown option \"--what\"", "-- needs a program after it"}));
  BOOST_TEST(options.config == "/x");
  BOOST_TEST(options.wait.count == 10'000);
  BOOST_TEST(read_init_words(Words{"-c"}, options).at(0) == "-c needs a value");
  BOOST_TEST(read_init_words(Words{"--wait=2h"}, options).size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_kernels_command_line_has_words_for_it_among_those_of_others) {
  InitOptions options;
  BOOST_TEST(read_kernel_words("ro quiet bondbox.config=/b.toml console=ttyS0 bondbox.wait=500ms\n", options).empty());
  BOOST_TEST(options.config == "/b.toml");
  BOOST_TEST(options.wait.count == 500);
  BOOST_TEST(read_kernel_words("bondbox.wait bondbox.colour=red bondbox.config=", options).size() == 3U);
  BOOST_TEST(options.config == "/b.toml");
  BOOST_TEST(read_kernel_words("", options).empty());
}

BOOST_AUTO_TEST_CASE(signals_mean_what_they_mean_to_busybox_init) {
  BOOST_TEST((request_of(SIGUSR1) == InitRequest::halt));
  BOOST_TEST((request_of(SIGUSR2) == InitRequest::power_off));
  BOOST_TEST((request_of(SIGTERM) == InitRequest::restart));
  BOOST_TEST((request_of(SIGINT) == InitRequest::restart));
  BOOST_TEST((request_of(SIGHUP) == InitRequest::reload));
  for (const int other : {0, SIGCHLD, SIGPIPE, SIGALRM}) BOOST_TEST((request_of(other) == InitRequest::none));
}

BOOST_AUTO_TEST_CASE(
    what_keeps_ending_is_started_after_pauses_that_grow_to_a_bound_and_begin_anew_when_it_has_settled) {
  Respawn respawn({200}, {1'000}, {5'000});
  Tick now{};
  const auto pause_after = [&](std::int64_t lived) {
    respawn.started(now);
    now = now + Ticks{lived};
    return respawn.ended(now).count;
  };
  BOOST_TEST(pause_after(0) == 200);
  BOOST_TEST(pause_after(10) == 400);
  BOOST_TEST(pause_after(4'999) == 800);
  BOOST_TEST(pause_after(0) == 1'000);
  BOOST_TEST(pause_after(0) == 1'000);
  BOOST_TEST(pause_after(5'000) == 200);
  BOOST_TEST(pause_after(0) == 400);
}

BOOST_AUTO_TEST_SUITE_END()

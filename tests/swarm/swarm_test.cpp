// The swarm as a part of `make test`: a fixed budget of seeds, every story that was kept, and the same seed twice.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/support/source_dir.hpp"
#include "tests/swarm/generate.hpp"
#include "tests/swarm/play.hpp"
#include "tests/swarm/shrink.hpp"

namespace bondbox::swarm {
namespace {

/// About thirty seconds of a CPU.
constexpr std::uint64_t seeds_of_a_test = 400;

std::string violation_text(const Played& played) {
  if (!played.violation) return {};
  const Violation& violation = *played.violation;
  return violation.rule + " at tick " + std::to_string(violation.at_ms) + ": " + violation.text;
}

Story read_story(const std::filesystem::path& file) {
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::string error;
  const auto story = parse_story(text, error);
  BOOST_REQUIRE_MESSAGE(story.has_value(), file << ": " << error);
  return *story;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(swarm)

BOOST_AUTO_TEST_CASE(a_budget_of_random_worlds_breaks_no_rule) {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= seeds_of_a_test; ++seed) {
    const Played played = play(generate(seed));
    tally.add(played.tally);
    BOOST_TEST(!played.violation.has_value(), "seed " << seed << ": " << violation_text(played));
  }
  BOOST_TEST_MESSAGE(tally.text());
  // There was something that could have gone wrong.
  BOOST_TEST(tally.frames_delivered > tally.worlds * 100);
  BOOST_TEST(tally.refused_commands > 0U);
  BOOST_TEST(tally.faults["link"] > tally.worlds);
  BOOST_TEST(tally.recovery_of_mode.size() == 7U);
}

BOOST_AUTO_TEST_CASE(a_story_that_broke_a_rule_once_breaks_none_any_more) {
  const std::filesystem::path kept = std::filesystem::path(test::source_dir()) / "tests/swarm/kept";
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kept)) files.insert(entry.path());
  for (const std::filesystem::path& file : files) {
    const Played played = play(read_story(file));
    BOOST_TEST(!played.violation.has_value(), file.filename() << ": " << violation_text(played));
    BOOST_TEST(played.tally.steps > 0U, file.filename() << " tells of no bond");
  }
}

BOOST_AUTO_TEST_CASE(the_same_seed_tells_and_plays_the_same_story) {
  std::set<std::uint64_t> digests;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Story story = generate(seed);
    BOOST_TEST(story_text(generate(seed)) == story_text(story));
    const Played played = play(story);
    BOOST_TEST(play(story).digest == played.digest);
    digests.insert(played.digest);
  }
  BOOST_TEST(digests.size() == 10U);
}

BOOST_AUTO_TEST_CASE(a_story_that_was_written_down_plays_as_before) {
  for (std::uint64_t seed = 11; seed <= 16; ++seed) {
    const Story story = generate(seed);
    std::string error;
    const auto read = parse_story(story_text(story), error);
    BOOST_REQUIRE_MESSAGE(read.has_value(), error);
    BOOST_TEST(story_text(*read) == story_text(story));
    BOOST_TEST(play(*read).digest == play(story).digest);
  }
}

BOOST_AUTO_TEST_CASE(a_line_that_tells_nothing_is_refused_with_its_number) {
  std::string error;
  BOOST_TEST(!parse_story("seed 1\nfly away\n", error).has_value());
  BOOST_TEST(error.find("line 2") == 0U, error);
}

BOOST_AUTO_TEST_CASE(random_numbers_are_those_of_splitmix64) {
  // From the reference implementation, seed 1234567.
  Random random(1234567);
  BOOST_TEST(random.next() == 6457827717110365317U);
  BOOST_TEST(random.next() == 3203168211198807973U);
  BOOST_TEST(random.next() == 9817491932198370423U);
}

BOOST_AUTO_TEST_CASE(a_story_is_shrunk_to_what_it_needs_to_fail) {
  Story story = generate(3);
  story.steps.push_back({story.calm_ms - 1, {"link", story.cards[0][0], "down"}});
  const auto needs_two_downs = [](const Story& candidate) {
    return std::count_if(candidate.steps.begin(), candidate.steps.end(),
                         [](const Step& step) { return step.words.size() == 3 && step.words[2] == "down"; }) >= 1;
  };
  const Story small = shrink(story, needs_two_downs, 500);
  BOOST_TEST(small.steps.size() == 1U);
  BOOST_TEST(small.flows.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::swarm

// The swarm's own program. Without words it runs its tests; otherwise:
//
//   bondbox-swarm run SEED SECONDS DIRECTORY    worlds of SEED, SEED + 1, ... for so long; a story that breaks a rule
//   is
//                                               shrunk and left in the directory
//   bondbox-swarm play FILE                     one story, with every event
#define BOOST_TEST_NO_MAIN
#define BOOST_TEST_ALTERNATIVE_INIT_API
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/swarm/generate.hpp"
#include "tests/swarm/play.hpp"
#include "tests/swarm/shrink.hpp"

namespace {

namespace swarm = bondbox::swarm;
using Clock = std::chrono::steady_clock;

constexpr std::size_t plays_max = 600;
constexpr std::uint64_t violations_max = 20;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string violation_text(const swarm::Violation& violation) {
  return "tick " + std::to_string(violation.at_ms) + ", " + violation.rule + ": " + violation.text;
}

void keep_shrunk(const swarm::Story& story, const std::string& rule, const std::string& file) {
  const swarm::Story small = swarm::shrink(
      story,
      [&rule](const swarm::Story& candidate) {
        const swarm::Played played = swarm::play(candidate);
        return played.violation && played.violation->rule == rule;
      },
      plays_max);
  const swarm::Played played = swarm::play(small);
  std::ofstream out(file);
  out << "# " << (played.violation ? violation_text(*played.violation) : "does not fail any more") << "\n"
      << swarm::story_text(small);
  std::printf("  shrunk to %zu steps: %s\n", small.steps.size(), file.c_str());
}

int run(std::uint64_t seed, double seconds, const std::string& directory) {
  const Clock::time_point start = Clock::now();
  swarm::Tally tally;
  std::uint64_t violations = 0;
  const std::uint64_t first = seed;
  double shrinking = 0;
  double cpu_of_shrinking = 0;
  const std::clock_t cpu_start = std::clock();
  const auto cpu_seconds = [cpu_start] { return static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC; };
  for (; seconds_since(start) - shrinking < seconds && violations < violations_max; ++seed) {
    const swarm::Story story = swarm::generate(seed);
    const swarm::Played played = swarm::play(story);
    tally.add(played.tally);
    if (!played.violation) continue;
    ++violations;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), violation_text(*played.violation).c_str());
    std::fflush(stdout);
    const double before = seconds_since(start);
    const double cpu_before = cpu_seconds();
    keep_shrunk(story, played.violation->rule, directory + "/seed-" + std::to_string(seed) + ".story");
    shrinking += seconds_since(start) - before;
    cpu_of_shrinking += cpu_seconds() - cpu_before;
  }
  const double took = seconds_since(start) - shrinking;
  const double cpu = cpu_seconds() - cpu_of_shrinking;
  std::printf("seeds %llu to %llu, %.0f s, %.0f s of CPU: %s%.2f simulated hours per second of CPU; %llu violations\n",
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(seed - 1), took, cpu,
              tally.text().c_str(), static_cast<double>(tally.simulated_ms) / 3.6e6 / cpu,
              static_cast<unsigned long long>(violations));
  return violations == 0 ? 0 : 1;
}

int play_file(const std::string& file) {
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::string error = "it cannot be read, or is empty";
  const auto story = text.empty() ? std::nullopt : swarm::parse_story(text, error);
  if (!story) {
    std::fprintf(stderr, "%s: %s\n", file.c_str(), error.c_str());
    return 2;
  }
  const swarm::Played played = swarm::play(*story, {.timeline = true, .stays = false, .sabotage = {}});
  std::printf("%s%s", played.timeline.c_str(), played.tally.text().c_str());
  std::printf("%s\n", played.violation ? violation_text(*played.violation).c_str() : "no rule was broken");
  return played.violation ? 1 : 0;
}

bool prepare() {
  boost::unit_test::framework::master_test_suite().p_name.value = "bondbox-swarm";
  return true;
}

}  // namespace

int main(int argc, char* argv[]) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 4 && words[0] == "run") return run(std::stoull(words[1]), std::stod(words[2]), words[3]);
  if (words.size() == 2 && words[0] == "play") return play_file(words[1]);
  if (words.size() == 2 && words[0] == "tell") {
    std::printf("%s", swarm::story_text(swarm::generate(std::stoull(words[1]))).c_str());
    return 0;
  }
  return boost::unit_test::unit_test_main(&prepare, argc, argv);
}

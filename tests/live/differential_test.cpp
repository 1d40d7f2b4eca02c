// bondbox and the kernel's driver do the same with the same scenario: kept ones from tests/live/scenarios, then
// generated ones, as many as two minutes have time for. BONDBOX_SEED begins elsewhere, BONDBOX_SCENARIOS plays so many,
// BONDBOX_MODE one mode only, BONDBOX_FAILURES is a directory for what failed. `bondbox-live --play FILE...` plays
// files and prints both records.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "tests/lab/support/daemon.hpp"
#include "tests/live/differential.hpp"
#include "tests/live/generator.hpp"
#include "tests/support/source_dir.hpp"

namespace bondbox::live {
namespace {

constexpr int reduced_max = 2;
constexpr int reduce_rounds = 6;
/// Generated scenarios are played so many at a time, and no more begin when this time is over: a slow machine plays
/// fewer.
constexpr std::size_t part_size = 40;
constexpr std::chrono::seconds parts_limit{120};

int number_from(const char* name, int otherwise) {
  const char* const given = std::getenv(name);
  return given != nullptr && *given != '\0' ? std::atoi(given) : otherwise;
}

void keep(const Verdict& verdict, const std::string& name) {
  const char* const directory = std::getenv("BONDBOX_FAILURES");
  if (directory == nullptr || *directory == '\0') return;
  std::filesystem::create_directories(directory);
  lab::write_text(std::string(directory) + "/" + name + ".txt", verdict.text());
}

/// Of all that are asked for by number; else of as many as there is time for.
Verdicts judge_in_time(const std::vector<Scenario>& scenarios, bool of_all) {
  const auto begin_until = std::chrono::steady_clock::now() + parts_limit;
  Verdicts verdicts;
  while (verdicts.all.size() < scenarios.size()) {
    if (!of_all && !verdicts.all.empty() && std::chrono::steady_clock::now() > begin_until) break;
    const auto first = scenarios.begin() + static_cast<std::ptrdiff_t>(verdicts.all.size());
    const auto left = static_cast<std::size_t>(scenarios.end() - first);
    Verdicts part = judge({first, first + static_cast<std::ptrdiff_t>(of_all ? left : std::min(left, part_size))});
    std::move(part.all.begin(), part.all.end(), std::back_inserter(verdicts.all));
    verdicts.replayed += part.replayed;
  }
  return verdicts;
}

void check(const Verdicts& verdicts) {
  for (const auto& [name, count] : verdicts.deliberate())
    std::printf("  on purpose: %s, %d times (%s)\n", name.c_str(), count, reason_of(name));
  if (verdicts.replayed > 0) std::printf("  played again and then alike: %d\n", verdicts.replayed);
  int number = 0;
  const int reduced = number_from("BONDBOX_REDUCE", reduced_max);
  for (const Verdict* failure : verdicts.failures()) {
    const std::string name = std::string(mode_name(failure->scenario.mode)) + "-" + std::to_string(number);
    keep(*failure, name);
    const bool worth_it = number++ < reduced && failure->trouble.empty();
    const Verdict smallest = worth_it ? reduce(*failure, reduce_rounds) : *failure;
    if (worth_it) keep(smallest, name + "-reduced");
    BOOST_ERROR("the sides differ in\n" << smallest.text());
  }
  for (const Verdict* late : verdicts.unjudged())
    std::printf("  not judged, the machine stood still for %d ms: %s\n", late->played.late_ms(),
                late->comparison.first->text().c_str());
  // A difference that is always late is no excuse for more than a few.
  BOOST_TEST(verdicts.unjudged().size() <= 1 + verdicts.all.size() / 20);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(live_differential)

BOOST_AUTO_TEST_CASE(kept_scenarios_end_alike_on_the_kernels_driver_and_on_bondbox) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(test::source_dir() + "/tests/live/scenarios"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Scenario> scenarios;
  const std::vector<Mode> modes = modes_here();
  for (const std::filesystem::path& file : files) {
    const Scenario scenario = Scenario::parse(lab::read_text(file));
    if (std::find(modes.begin(), modes.end(), scenario.mode) != modes.end()) scenarios.push_back(scenario);
  }
  BOOST_TEST(scenarios.size() > 1U);
  const Verdicts verdicts = judge(scenarios);
  BOOST_TEST(verdicts.all.size() == scenarios.size());
  check(verdicts);
}

BOOST_AUTO_TEST_CASE(generated_scenarios_end_alike_on_the_kernels_driver_and_on_bondbox) {
  const int seed = number_from("BONDBOX_SEED", 1);
  const int count = number_from("BONDBOX_SCENARIOS", 200);
  std::vector<Mode> modes = modes_here();
  if (const int only = number_from("BONDBOX_MODE", -1); only >= 0) modes = {static_cast<Mode>(only)};
  std::printf("  BONDBOX_SEED=%d BONDBOX_SCENARIOS=%d, %d modes\n", seed, count, static_cast<int>(modes.size()));
  std::vector<Scenario> scenarios;
  for (int i = 0; i < count; ++i)
    scenarios.push_back(
        generate(modes[static_cast<std::size_t>(i) % modes.size()], static_cast<std::uint32_t>(seed + i)));
  const Verdicts verdicts = judge_in_time(scenarios, number_from("BONDBOX_SCENARIOS", 0) > 0);
  if (verdicts.all.size() < scenarios.size())
    std::printf("  there was time for %zu of %zu; BONDBOX_SCENARIOS=%zu plays all\n", verdicts.all.size(),
                scenarios.size(), scenarios.size());
  check(verdicts);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::live

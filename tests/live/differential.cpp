#include "tests/live/differential.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

namespace bondbox::live {
namespace {

constexpr int machines = 2;
constexpr int at_once = 10;
/// What fails is played again with less beside it, each time in a quieter machine.
struct Again {
  int at_once;
  int machines;
};
constexpr Again again_rounds[] = {{5, 2}, {2, 2}, {1, 1}};
/// No round begins later than this after the first.
constexpr std::chrono::minutes again_limit{4};
/// Beyond it a step may have seen what was meant for the next one.
constexpr int late_max_ms = 150;

Verdict judge_one(const Scenario& scenario, Played played) {
  Verdict verdict{scenario, std::move(played), {}, {}};
  verdict.trouble = verdict.played.trouble;
  if (verdict.trouble.empty()) verdict.comparison = compare(scenario, verdict.played);
  return verdict;
}

bool is_late(const Verdict& verdict) {
  int tolerable_ms = late_max_ms;
  // The ARP monitor's patience with a port ends half an interval after the answer was due.
  for (const auto& [option, value] : verdict.scenario.options)
    if (const int interval_ms = std::atoi(value.c_str()); option == "arp_interval" && interval_ms > 0)
      tolerable_ms = std::min(tolerable_ms, interval_ms / 4);
  return verdict.played.late_ms() > tolerable_ms;
}

/// It differs, but in a machine that stood still: monitors, and what a step saw, are then off by what was slept
/// through.
bool is_unjudged(const Verdict& verdict) {
  return verdict.failed() && verdict.trouble.empty() && is_late(verdict);
}

/// "status MII Status #2" -> "status MII Status": a reduced scenario must fail in the same way, not at the same place.
std::string kind_of(const Verdict& verdict) {
  if (!verdict.comparison.first) return {};
  const std::string& what = verdict.comparison.first->what;
  const std::string word = what.substr(0, what.find(' '));
  return word == "status" ? what.substr(0, what.find(" #")) : word;
}

std::vector<Scenario> smaller(const Scenario& scenario) {
  std::vector<Scenario> all;
  for (std::size_t i = scenario.steps.size(); i-- > 0;) {
    Scenario one = scenario;
    one.steps.erase(one.steps.begin() + static_cast<std::ptrdiff_t>(i));
    all.push_back(std::move(one));
  }
  for (std::size_t i = 0; i < scenario.options.size(); ++i) {
    Scenario one = scenario;
    one.options.erase(one.options.begin() + static_cast<std::ptrdiff_t>(i));
    all.push_back(std::move(one));
  }
  const std::string last = std::to_string(scenario.ports - 1);
  const bool last_is_used = std::any_of(scenario.steps.begin(), scenario.steps.end(), [&](const Step& step) {
    const std::vector<std::string> words = step.words();
    return step.action.find("e" + last) != std::string::npos || (words.size() > 1 && words[1] == last);
  });
  if (scenario.ports > 1 && !last_is_used) {
    Scenario one = scenario;
    --one.ports;
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

std::string Verdict::text() const {
  std::string text = scenario.text();
  if (!trouble.empty()) return text + "# could not be judged: " + trouble;
  if (comparison.first) text += "\n" + comparison.first->text() + "\n";
  return text + "\n--- kernel\n" + to_text(played.kernel) + "--- bondbox\n" + to_text(played.bondbox);
}

std::map<std::string, int> Verdicts::deliberate() const {
  std::map<std::string, int> sum;
  for (const Verdict& verdict : all)
    for (const auto& [name, count] : verdict.comparison.deliberate) sum[name] += count;
  return sum;
}

std::vector<const Verdict*> Verdicts::failures() const {
  std::vector<const Verdict*> failed;
  for (const Verdict& verdict : all)
    if (verdict.failed() && !is_unjudged(verdict)) failed.push_back(&verdict);
  return failed;
}

std::vector<const Verdict*> Verdicts::unjudged() const {
  std::vector<const Verdict*> late;
  for (const Verdict& verdict : all)
    if (is_unjudged(verdict)) late.push_back(&verdict);
  return late;
}

Verdicts judge(const std::vector<Scenario>& scenarios) {
  Verdicts verdicts;
  std::vector<Played> played = play(scenarios, at_once, machines);
  std::vector<std::size_t> again;
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    verdicts.all.push_back(judge_one(scenarios[i], std::move(played[i])));
    if (verdicts.all[i].failed()) again.push_back(i);
  }
  const auto begin_until = std::chrono::steady_clock::now() + again_limit;
  for (const Again& round : again_rounds) {
    if (again.empty() || std::chrono::steady_clock::now() > begin_until) break;
    std::vector<Scenario> some;
    for (const std::size_t i : again) some.push_back(scenarios[i]);
    std::vector<Played> second = play(some, round.at_once, round.machines);
    std::vector<std::size_t> still;
    for (std::size_t k = 0; k < again.size(); ++k) {
      Verdict verdict = judge_one(some[k], std::move(second[k]));
      const bool once_more = verdict.failed() && (is_late(verdict) || !verdict.trouble.empty());
      if (once_more) still.push_back(again[k]);
      if (!verdict.failed()) ++verdicts.replayed;
      verdicts.all[again[k]] = std::move(verdict);
    }
    again = std::move(still);
  }
  return verdicts;
}

Verdict reduce(const Verdict& failure, int rounds) {
  Verdict smallest = failure;
  const std::string kind = kind_of(failure);
  for (int round = 0; round < rounds; ++round) {
    const std::vector<Scenario> candidates = smaller(smallest.scenario);
    std::vector<Played> played = play(candidates, at_once, machines);
    bool found = false;
    for (std::size_t i = 0; i < candidates.size() && !found; ++i) {
      Verdict verdict = judge_one(candidates[i], std::move(played[i]));
      found = verdict.trouble.empty() && !is_late(verdict) && kind_of(verdict) == kind;
      if (found) smallest = std::move(verdict);
    }
    if (!found) break;
  }
  return smallest;
}

}  // namespace bondbox::live

#include "tests/live/scenario.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace bondbox::live {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// What follows the first `count` words.
std::string after_words(const std::string& line, std::size_t count) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    at = line.find_first_not_of(' ', at);
    if (at != std::string::npos) at = line.find(' ', at);
  }
  return at == std::string::npos ? std::string() : line.substr(at + 1);
}

int to_number(const std::string& word, const std::string& line) {
  int number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size()) throw std::runtime_error("no number in: " + line);
  return number;
}

Mode to_mode(const std::string& word, const std::string& line) {
  for (int number = 0; number <= static_cast<int>(Mode::balance_alb); ++number)
    if (word == mode_name(static_cast<Mode>(number))) return static_cast<Mode>(number);
  throw std::runtime_error("no mode in: " + line);
}

}  // namespace

std::vector<std::string> Step::words() const {
  return split(action);
}

std::string Scenario::text() const {
  std::string text = title.empty() ? std::string() : "# " + title + "\n";
  text += std::string("mode ") + mode_name(mode) + "\nports " + std::to_string(ports) + "\n";
  for (const auto& [name, value] : options) text += "option " + name + " " + value + "\n";
  for (const Step& step : steps) text += "step " + std::to_string(step.lasts_ms) + " " + step.action + "\n";
  return text;
}

bool Scenario::has_arp_monitor() const {
  return std::any_of(options.begin(), options.end(), [](const auto& option) { return option.first == "arp_interval"; });
}

int Scenario::setup_ms() const {
  // Mode 4 takes three seconds to find that nobody answers and two more to choose.
  int total = mode == Mode::lacp_8023ad ? 7'000 : 2'500;
  for (const auto& [name, value] : options)
    if (name == "updelay") total += std::atoi(value.c_str());
  return total;
}

int Scenario::lasts_ms() const {
  int total = setup_ms();
  for (const Step& step : steps) total += step.lasts_ms;
  return total;
}

Scenario Scenario::parse(const std::string& text) {
  Scenario scenario;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> words = split(line);
    if (words.empty()) continue;
    if (words[0] == "#") {
      if (scenario.title.empty()) scenario.title = after_words(line, 1);
    } else if (words[0] == "mode" && words.size() == 2) {
      scenario.mode = to_mode(words[1], line);
    } else if (words[0] == "ports" && words.size() == 2) {
      scenario.ports = to_number(words[1], line);
    } else if (words[0] == "option" && words.size() >= 2) {
      scenario.options.emplace_back(words[1], after_words(line, 2));
    } else if (words[0] == "step" && words.size() >= 3) {
      scenario.steps.push_back({to_number(words[1], line), after_words(line, 2)});
    } else {
      throw std::runtime_error("not a line of a scenario: " + line);
    }
  }
  if (scenario.ports < 1 || scenario.ports > ports_max) throw std::runtime_error("too few or too many ports");
  return scenario;
}

}  // namespace bondbox::live

#include <charconv>
#include <cstdio>

#include "firmware/cli/configuration.hpp"
#include "firmware/simulation.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox::cli {
namespace {

/// Takes "--name VALUE" or "--name=VALUE" at words[i]; moves i past it.
std::optional<std::string> value_of(const std::vector<std::string>& words, std::size_t& i, std::string_view name) {
  const std::string& word = words[i];
  if (word == name && i + 1 < words.size()) return words[++i];
  if (word.starts_with(std::string(name) + "=")) return word.substr(name.size() + 1);
  return std::nullopt;
}

}  // namespace

int simulate(const Invocation& invocation) {
  Simulation::Settings settings;
  std::string file;
  for (std::size_t i = 0; i < invocation.words.size(); ++i) {
    const std::string word = invocation.words[i];
    if (word == "--timeline") {
      settings.timeline = true;
    } else if (const auto seed = value_of(invocation.words, i, "--seed")) {
      const auto [end, error] = std::from_chars(seed->data(), seed->data() + seed->size(), settings.seed);
      if (error != std::errc{} || end != seed->data() + seed->size()) {
        return wrong_words(invocation, "--seed takes a number from 0 to 4294967295, not \"" + *seed + "\"");
      }
    } else if (const auto directory = value_of(invocation.words, i, "--pcap")) {
      settings.pcap_directory = *directory;
    } else if (word == "--seed" || word == "--pcap") {
      return wrong_words(invocation, word + (word == "--seed" ? " needs a number" : " needs a directory"));
    } else if (word.starts_with("-") || !file.empty()) {
      return wrong_words(invocation, "unexpected \"" + word + "\"");
    } else {
      file = word;
    }
  }
  if (file.empty()) return wrong_words(invocation, "sim needs a scenario file");

  const auto text = lnx::read_file(file);
  if (!text.ok()) return complain(text.failure().reason), exit_failed;
  ScenarioResult scenario = load_scenario(text.value(), file);
  std::fputs(message_lines(scenario.warnings, "warning: ").c_str(), stderr);
  if (!scenario.ok()) {
    std::fputs(message_lines(scenario.errors, "").c_str(), stderr);
    return exit_failed;
  }
  const std::size_t slash = file.rfind('/');
  if (slash != std::string::npos) settings.scenario_directory = file.substr(0, slash + 1);
  Simulation simulation(std::move(scenario.scenario), settings,
                        [](std::string_view output) { std::fwrite(output.data(), 1, output.size(), stdout); });
  const Outcome outcome = simulation.run();
  if (outcome.ok()) return exit_done;
  complain(outcome.reason);
  return exit_failed;
}

}  // namespace bondbox::cli

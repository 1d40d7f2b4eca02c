#include "tests/support/stage.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "tests/support/scratch_directory.hpp"
#include "tests/support/source_dir.hpp"

namespace bondbox::test {
namespace {

/// When the scenarios begin: 14:03:00 UTC on 23 November 2026.
constexpr std::int64_t begin_ms = 1'795'442'580'000;

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::string through_shell(const std::string& text, const std::string& rest) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() + "/text";
  std::ofstream(path, std::ios::binary) << text;
  std::string output;
  std::FILE* const pipe = popen(("cat " + path + " | " + rest + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("no shell");
  char chunk[4096];
  for (std::size_t length = 0; (length = std::fread(chunk, 1, sizeof chunk, pipe)) > 0;) output.append(chunk, length);
  pclose(pipe);
  return output;
}

}  // namespace

Stage::Stage(const std::string& name) {
  const std::string directory = source_dir() + "/tests/support/stages/";
  std::ifstream file(directory + name + ".toml");
  if (!file) throw std::runtime_error("there is no stage " + name);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  ScenarioResult scenario = load_scenario(text, name + ".toml");
  if (!scenario.ok()) throw std::runtime_error(scenario.errors.front().text());
  Simulation::Settings settings;
  settings.scenario_directory = directory;
  simulation_ = std::make_unique<Simulation>(std::move(scenario.scenario), settings, [](std::string_view) {});
  if (const Outcome outcome = simulation_->run(); !outcome.ok()) throw std::runtime_error(outcome.reason);
  executor_ = std::make_unique<CommandExecutor>(
      simulation_->scheduler(), [] { return WallClock{begin_ms}; }, CommandExecutor::Reload{});
}

std::string Stage::answer(const std::string& line) {
  std::vector<std::string> words = words_of(line);
  if (words.size() == 2 && words[0] == "cat") {
    const std::string path = words[1];
    constexpr std::string_view text = "/run/bondbox/net/bonding/";
    constexpr std::string_view options = "/run/bondbox/sys/class/net/";
    if (path.starts_with(text)) {
      words = {"bondbox", "status", path.substr(text.size()), "--format", "proc"};
    } else if (path.starts_with(options)) {
      const std::size_t slash = path.find("/bonding/");
      words = {"bondbox", "get", path.substr(options.size(), slash - options.size()), path.substr(slash + 9)};
    }
  }
  if (words.empty() || words[0] != "bondbox") throw std::runtime_error("nobody on a stage knows \"" + line + "\"");
  words.erase(words.begin());
  const Reply reply = executor_->execute(words);
  return (reply.exit_status == 0 ? "" : "bondbox: ") + reply.text;
}

std::string Stage::type(const std::string& line) {
  const std::size_t pipe = line.find(" | ");
  const std::string output = answer(line.substr(0, pipe));
  return pipe == std::string::npos ? output : through_shell(output, line.substr(pipe + 3));
}

}  // namespace bondbox::test

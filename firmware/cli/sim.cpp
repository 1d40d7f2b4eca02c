#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "firmware/cli/configuration.hpp"
#include "firmware/simulation.hpp"
#include "firmware/trace/file.hpp"
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

constexpr std::size_t trace_segments_max = 1'000;
constexpr std::size_t trace_segment_bytes = 256 * 1024;

Outcome save_trace(const std::string& path, const trace::Store& store) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return Outcome::failed(errno, "cannot write " + path + ": " + std::strerror(errno));
  const auto sink = [](void* to, wire::Bytes bytes) {
    return std::fwrite(bytes.data(), 1, bytes.size(), static_cast<std::FILE*>(to)) == bytes.size();
  };
  const bool written = trace::write_trace(trace::header_text(0), store, false, sink, file);
  if (std::fclose(file) != 0 || !written) return Outcome::failed(EIO, "cannot write " + path);
  return Outcome::done();
}

}  // namespace

int simulate(const Invocation& invocation) {
  Simulation::Settings settings;
  std::string file;
  std::string trace_file;
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
    } else if (const auto trace = value_of(invocation.words, i, "--trace")) {
      trace_file = *trace;
    } else if (word == "--seed" || word == "--pcap" || word == "--trace") {
      return wrong_words(invocation, word + (word == "--seed"   ? " needs a number"
                                             : word == "--pcap" ? " needs a directory"
                                                                : " needs a file"));
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
  if (!settings.pcap_directory.empty()) {
    if (const Outcome made = lnx::make_directories(settings.pcap_directory); !made.ok())
      return complain(made.reason), exit_failed;
  }
  const std::size_t slash = file.rfind('/');
  if (slash != std::string::npos) settings.scenario_directory = file.substr(0, slash + 1);
  // They outlive the simulation, whose bonds say farewell.
  trace::Store store = trace::Store::growing(trace_segments_max, trace_segment_bytes);
  trace::Tape tape;
  Simulation simulation(std::move(scenario.scenario), settings,
                        [](std::string_view output) { std::fwrite(output.data(), 1, output.size(), stdout); });
  if (!trace_file.empty()) {
    tape.record(store, Tick{});
    simulation.set_tape(tape);
  }
  Outcome outcome = simulation.run();
  if (outcome.ok() && !trace_file.empty()) outcome = save_trace(trace_file, store);
  if (outcome.ok()) return exit_done;
  complain(outcome.reason);
  return exit_failed;
}

}  // namespace bondbox::cli

// `make soak`: one run after the other, each mode by each path, in equal shares of the time.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/interrupt.hpp"
#include "tests/soak/soak.hpp"

namespace bondbox::soak {
namespace {

constexpr const char* usage =
    "bondbox-soak [KEY=VALUE...]\n"
    "  time=1800     seconds, shared by all runs\n"
    "  modes=1       comma-separated: 0 to 6\n"
    "  paths=off,bpf who forwards: the daemon, or programs in the kernel\n"
    "  seed=N        other happenings; unless given one is drawn, and printed\n"
    "  rate=1000     packets a second, each way\n"
    "  window=300    ms after a happening in which packets may be lost; mode 6: 2300\n"
    "  lap=60        seconds from line to line\n"
    "  removals=1    ports are deleted and laid again, too\n"
    "  keep=DIR      for traces and all else that is told when for a second nothing arrives\n"
    "  restarts=0    takeovers by another process, and kill -9 with a new start, too\n";

struct Plan {
  Settings settings;
  std::vector<int> modes{1};
  std::vector<bool> paths{false, true};
  bool own_window = false;
};

bool read_number(std::string_view text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number >= 0;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    words.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return words;
}

bool read_word(std::string_view key, std::string_view value, Plan& plan) {
  Settings& settings = plan.settings;
  if (key == "modes") {
    plan.modes.clear();
    for (const std::string_view word : split(value)) {
      int mode = 0;
      if (!read_number(word, mode) || mode > 6) return false;
      plan.modes.push_back(mode);
    }
    return true;
  }
  if (key == "keep") {
    plan.settings.keep = value;
    return true;
  }
  if (key == "paths") {
    plan.paths.clear();
    for (const std::string_view word : split(value)) {
      if (word != "off" && word != "bpf") return false;
      plan.paths.push_back(word == "bpf");
    }
    return true;
  }
  int number = 0;
  if (!read_number(value, number)) return false;
  if (key == "time") settings.seconds = number;
  if (key == "seed") settings.seed = static_cast<std::uint32_t>(number);
  if (key == "rate") settings.rate = number;
  if (key == "window") plan.own_window = true, settings.window_ms = number;
  if (key == "lap") settings.lap_s = number;
  if (key == "removals") settings.removals = number != 0;
  if (key == "restarts") settings.restarts = number != 0;
  constexpr std::array<std::string_view, 7> keys = {"time", "seed", "rate", "window", "lap", "removals", "restarts"};
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

int run(Plan plan) {
  const auto print = [](const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
  };
  std::printf("soak: seed %u, %d packets/s each way, %.0f s\n", plan.settings.seed, plan.settings.rate,
              plan.settings.seconds);
  plan.settings.seconds /= static_cast<double>(plan.modes.size() * plan.paths.size());
  bool broken = false;
  for (const int mode : plan.modes) {
    for (const bool bpf : plan.paths) {
      Settings settings = plan.settings;
      settings.mode = mode;
      settings.bpf = bpf;
      if (!settings.keep.empty()) settings.keep += "/mode-" + std::to_string(mode) + (bpf ? "-bpf" : "-off");
      if (mode == 6 && !plan.own_window) settings.window_ms = window_of_rounds_ms;
      std::printf("mode %d, %s, %.0f s; a packet may be lost for %d ms\n", mode,
                  bpf ? "programs in the kernel" : "the daemon", settings.seconds, settings.window_ms);
      std::fflush(stdout);
      const Result result = run_soak(settings, print);
      print(table_of(result));
      broken = broken || !result.broken.empty();
    }
  }
  print(broken ? "soak: a bound is broken" : "soak: all bounds hold");
  return broken ? 1 : 0;
}

int work(int argc, char* argv[]) {
  Plan plan;
  plan.settings.seconds = 1800;
  plan.settings.seed = static_cast<std::uint32_t>(std::time(nullptr) % 1'000'000);
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::size_t equals = word.find('=');
    // A key without a value is one that make was not given.
    if (equals != std::string_view::npos && equals + 1 == word.size()) continue;
    if (equals == std::string_view::npos || !read_word(word.substr(0, equals), word.substr(equals + 1), plan)) {
      std::fputs(usage, word == "help" ? stdout : stderr);
      return word == "help" ? 0 : 2;
    }
  }
  if (::geteuid() != 0) throw std::runtime_error("the soak makes network namespaces and needs root");
  bench::catch_signals();
  return run(std::move(plan));
}

}  // namespace
}  // namespace bondbox::soak

int main(int argc, char* argv[]) {
  try {
    return bondbox::soak::work(argc, argv);
  } catch (const bondbox::bench::Interrupted&) {
    std::fputs("soak: interrupted, cleaned up\n", stderr);
    return 130;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "soak: %s\n", error.what());
    return 1;
  }
}

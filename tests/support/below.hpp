// A simulated bond with something below it that could carry its frames.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/sim_bench.hpp"

namespace bondbox::test {

using Lines = std::vector<std::string>;

struct Below : SimBench {
  explicit Below(std::initializer_list<const char*> cards) : SimBench(cards) { record.open_answer = Outcome::done(); }
  test::OffloadRecord& record = hardware.record;

  std::size_t published() const { return record.published.size(); }
  OffloadCounters::Port& counted(std::size_t port) { return record.counters.ports[port]; }
  Lines take_calls() { return std::exchange(record.calls, {}); }
};

inline BondConfig config_with(OffloadUse use) {
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.offload = use;
  return config;
}

inline bool has_line(const std::string& text, const std::string& line) {
  return text.find("  " + line + "\n") != std::string::npos;
}

}  // namespace bondbox::test

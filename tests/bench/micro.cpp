#include "tests/bench/micro.hpp"

#include <cstdlib>
#include <limits>
#include <stdexcept>

#include "tests/bench/interrupt.hpp"
#include "tests/lab/support/daemon.hpp"
#include "tests/lab/support/namespace.hpp"

namespace bondbox::bench {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

struct Line {
  std::string key;
  std::string title;
  double ns = 0;
  double pieces = 1;
};

std::vector<Line> parse(const std::string& text) {
  std::vector<Line> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first + 1);
    const std::size_t third = line.find('\t', second + 1);
    if (third == std::string::npos) continue;
    lines.push_back({line.substr(0, first), line.substr(first + 1, second - first - 1),
                     std::atof(line.c_str() + second + 1), std::atof(line.c_str() + third + 1)});
  }
  return lines;
}

/// Instructions in callgrind's dump number `number`, the first being 1.
double instructions_in(const std::string& directory, std::size_t number) {
  const std::string text = lab::read_text(directory + "/out." + std::to_string(number));
  for (const char* word : {"\ntotals: ", "\nsummary: "})
    if (const std::size_t at = text.find(word); at != std::string::npos)
      return std::atof(text.c_str() + at + std::string(word).size());
  return unknown;
}

}  // namespace

Table micro_table() {
  Table table{.key = "micro",
              .title = "cost of one decision",
              .columns = {{"ns", "ns"}, {"instructions", "instructions"}},
              .rows = {},
              .note = {}};
  const char* const program = std::getenv("MICRO");
  if (program == nullptr) throw std::runtime_error("MICRO does not name the micro-benchmarks");
  const lab::CommandResult timed = lab::run_command(program, 120);
  stop_if_interrupted();
  if (!timed.ok()) throw std::runtime_error("micro-benchmarks: " + timed.output);
  std::vector<Line> lines = parse(timed.output);
  if (lines.empty()) throw std::runtime_error("micro-benchmarks said nothing");

  const lab::ScratchDirectory scratch;
  const bool has_valgrind = lab::run_command("command -v valgrind").ok();
  if (has_valgrind) {
    const lab::CommandResult counted =
        lab::run_command("cd " + scratch.path() +
                             " && valgrind --tool=callgrind --toggle-collect=bondbox_measured "
                             "--dump-after=bondbox_measured --callgrind-out-file=out " +
                             program + " count 2>&1",
                         240);
    stop_if_interrupted();
    if (!counted.ok()) throw std::runtime_error("callgrind: " + counted.output);
  } else {
    table.note = "instructions are not counted: there is no valgrind (`make bench-deps` gets it)";
  }
  const double loop_ns = lines.front().ns;
  const double loop_instructions = has_valgrind ? instructions_in(scratch.path(), 1) / lines.front().pieces : unknown;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const Line& line = lines[i];
    const double per_call = line.pieces / lines.front().pieces;
    const double counted = has_valgrind ? instructions_in(scratch.path(), i + 1) / line.pieces : unknown;
    table.rows.push_back(
        {line.key, line.title, {line.ns - loop_ns / per_call, counted - loop_instructions / per_call}});
  }
  return table;
}

}  // namespace bondbox::bench

#include "tests/live/record.hpp"

#include <cstdlib>
#include <sstream>

namespace bondbox::live {

std::string to_text(const Record& record) {
  std::string text;
  for (const StepRecord& step : record) {
    text += "[" + std::to_string(step.late_ms) + "] " + step.step + "\n";
    for (const std::string& line : step.lines) text += "  " + line + "\n";
  }
  return text;
}

Record parse_record(const std::string& text) {
  Record record;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) {
      if (!record.empty()) record.back().lines.push_back(line.substr(2));
    } else if (line.starts_with("[")) {
      const std::size_t end = line.find("] ");
      if (end != std::string::npos) record.push_back({line.substr(end + 2), std::atoi(line.c_str() + 1), {}});
    }
  }
  return record;
}

}  // namespace bondbox::live

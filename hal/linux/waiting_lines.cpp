#include "hal/linux/waiting_lines.hpp"

#include <utility>

namespace bondbox::lnx {
namespace {

constexpr int daemon_facility = 3 << 3;  // syslog(3), RFC 3164 4.1.1

}  // namespace

void WaitingLines::begin(std::string tag, std::string_view told_before, std::string_view told_after) {
  tag_ = std::move(tag);
  told_before_ = told_before;
  told_after_ = told_after;
  text_.reserve(bytes_max);
}

bool WaitingLines::append(LogLevel level, std::string_view line) {
  const std::string head = "<" + std::to_string(daemon_facility | static_cast<int>(level)) + ">" + tag_;
  line = line.substr(0, line_bytes_max);
  if (text_.size() + head.size() + line.size() + 1 > bytes_max) return false;
  text_.append(head).append(line).append("\n");
  return true;
}

void WaitingLines::add(LogLevel level, std::string_view line) {
  const bool told = untold_ == 0 || append(LogLevel::warning, std::string(told_before_) + std::to_string(untold_) +
                                                                  std::string(told_after_));
  if (told) untold_ = 0;
  if (told && append(level, line)) return;
  ++untold_;
  ++lost_;
}

}  // namespace bondbox::lnx

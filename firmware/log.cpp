#include "firmware/log.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "hal/linux/monotonic_clock.hpp"

namespace bondbox {

Log::Log(LogTarget target) {
  if (target == LogTarget::system_log) system_.open();
  if (target != LogTarget::kernel_log) return;
  if (const int error = kernel_.open(); error != 0) {
    add(LogLevel::warning,
        std::string("the kernel's log takes nothing, so this is not there: ") + std::strerror(error));
  }
}

LogTarget Log::target() const noexcept {
  return kernel_.is_open()   ? LogTarget::kernel_log
         : system_.is_open() ? LogTarget::system_log
                             : LogTarget::standard_error;
}

void Log::add(LogLevel level, std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const std::string text = "bondbox: " + std::string(line);
    if (system_.is_open()) {
      system_.add(level, line);
    } else if (kernel_.is_open()) {
      kernel_.add(level, text);
    } else {
      stream_.add(text);
    }
  }
}

void Log::flush() {
  if (kernel_.is_open()) kernel_.flush(lnx::monotonic_ms());
  if (system_.is_open()) system_.flush(lnx::monotonic_ms());
  stream_.flush();
}

std::optional<std::string> take_log_target(std::vector<std::string>& words, std::optional<LogTarget>& target) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != "--log" && !words[i].starts_with("--log=")) continue;
    const bool attached = words[i] != "--log";
    if (!attached && i + 1 == words.size()) return std::string("--log needs one of ") + log_target_names;
    const std::string where = attached ? words[i].substr(6) : words[i + 1];
    target = parse_log_target(where);
    if (!target) return std::string("--log takes one of ") + log_target_names + ", not \"" + where + "\"";
    const auto at = words.begin() + static_cast<std::ptrdiff_t>(i);
    words.erase(at, at + (attached ? 1 : 2));
    --i;
  }
  return std::nullopt;
}

}  // namespace bondbox

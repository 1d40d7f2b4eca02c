#include "firmware/log.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "hal/linux/monotonic_clock.hpp"

namespace bondbox {

Log::Log(LogTarget target) {
  if (target != LogTarget::kernel_log) return;
  if (const int error = kernel_.open(); error != 0) {
    add(LogLevel::warning,
        std::string("the kernel's log takes nothing, so this is not there: ") + std::strerror(error));
  }
}

void Log::add(LogLevel level, std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const std::string text = "bondbox: " + std::string(line);
    if (kernel_.is_open()) {
      kernel_.add(level, text);
    } else {
      stream_.add(text);
    }
  }
}

void Log::flush() {
  if (kernel_.is_open()) kernel_.flush(lnx::monotonic_ms());
  stream_.flush();
}

std::optional<std::string> take_log_target(std::vector<std::string>& words, LogTarget& target) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != "--log" && !words[i].starts_with("--log=")) continue;
    const bool attached = words[i] != "--log";
    if (!attached && i + 1 == words.size()) return "--log needs one of stderr, kmsg";
    const std::string where = attached ? words[i].substr(6) : words[i + 1];
    if (where != "stderr" && where != "kmsg") return "--log takes stderr or kmsg, not \"" + where + "\"";
    target = where == "kmsg" ? LogTarget::kernel_log : LogTarget::standard_error;
    const auto at = words.begin() + static_cast<std::ptrdiff_t>(i);
    words.erase(at, at + (attached ? 1 : 2));
    --i;
  }
  return std::nullopt;
}

}  // namespace bondbox

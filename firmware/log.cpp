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

}  // namespace bondbox

// Where a daemon's lines go, as it is asked for: `--log WHERE`, or log = "WHERE" in a file.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bondbox {

enum class LogTarget : std::uint8_t { standard_error, kernel_log, system_log };

inline constexpr const char* log_target_names = "stderr, kmsg, syslog";

/// "stderr", "kmsg" or "syslog"; nullopt for anything else.
constexpr std::optional<LogTarget> parse_log_target(std::string_view name) noexcept {
  if (name == "stderr") return LogTarget::standard_error;
  if (name == "kmsg") return LogTarget::kernel_log;
  if (name == "syslog") return LogTarget::system_log;
  return std::nullopt;
}

constexpr const char* log_target_name(LogTarget target) noexcept {
  return target == LogTarget::standard_error ? "stderr" : target == LogTarget::kernel_log ? "kmsg" : "syslog";
}

}  // namespace bondbox

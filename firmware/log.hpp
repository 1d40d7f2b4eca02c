// Where a daemon's lines go: stderr, or the kernel's log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/linux/kernel_log.hpp"
#include "hal/linux/log_stream.hpp"

namespace bondbox {

using lnx::LogLevel;

enum class LogTarget : std::uint8_t { standard_error, kernel_log };

/// Takes `--log WHERE` out of the words; what is wrong with it.
std::optional<std::string> take_log_target(std::vector<std::string>& words, LogTarget& target);

class Log {
 public:
  /// The kernel's log where it can be had, else stderr, which is told of it.
  explicit Log(LogTarget target);
  ~Log() { flush(); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool is_kernel_log() const noexcept { return kernel_.is_open(); }
  /// Whether flush() left nothing that waits for the kernel.
  bool is_flushed() const noexcept { return !kernel_.is_open() || kernel_.is_empty(); }

  /// Lines that were lost because nobody took them in time.
  std::uint64_t lost() const noexcept { return stream_.lost() + kernel_.lost(); }

  /// One line or several, each with its newline or the last without; "bondbox: " is put before each. Never waits.
  void add(LogLevel level, std::string_view lines);
  void flush();

 private:
  lnx::LogStream stream_;
  lnx::KernelLog kernel_;
};

}  // namespace bondbox

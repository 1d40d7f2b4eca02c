// Where a daemon's lines go: stderr, the kernel's log, or the system's log daemon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/log_target.hpp"
#include "hal/linux/kernel_log.hpp"
#include "hal/linux/log_stream.hpp"
#include "hal/linux/system_log.hpp"

namespace bondbox {

using lnx::LogLevel;

/// Takes `--log WHERE` out of the words; what is wrong with it. `target` stays as it is where there is none.
std::optional<std::string> take_log_target(std::vector<std::string>& words, std::optional<LogTarget>& target);

class Log {
 public:
  /// The kernel's log where it can be had, else stderr, which is told of it. The log daemon need not be there yet.
  explicit Log(LogTarget target);
  ~Log() { flush(); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Where the lines go in fact.
  LogTarget target() const noexcept;
  bool is_kernel_log() const noexcept { return kernel_.is_open(); }
  /// Whether flush() left nothing that waits for the kernel.
  bool is_flushed() const noexcept { return !kernel_.is_open() || kernel_.is_empty(); }

  /// Lines that were lost because nobody took them in time.
  std::uint64_t lost() const noexcept { return stream_.lost() + kernel_.lost() + system_.lost(); }

  /// One line or several, each with its newline or the last without; "bondbox: " is put before each. Never waits.
  void add(LogLevel level, std::string_view lines);
  void flush();

 private:
  lnx::LogStream stream_;
  lnx::KernelLog kernel_;
  lnx::SystemLog system_;
};

}  // namespace bondbox

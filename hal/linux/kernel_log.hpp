// Lines for the kernel's log (/dev/kmsg, Documentation/ABI/testing/dev-kmsg), so that they stand in dmesg and, while
// the kernel shows them there, on the console.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hal/linux/unique_fd.hpp"
#include "hal/linux/waiting_lines.hpp"

namespace bondbox::lnx {

/// Never waits. The kernel drops without a word what exceeds its own limit, ten lines in five seconds from one opener
/// unless kernel.printk_devkmsg is "on"; what exceeds it here waits for its turn instead, and is counted and told when
/// there is too much of it.
class KernelLog {
 public:
  static constexpr std::size_t waiting_bytes_max = WaitingLines::bytes_max;
  static constexpr std::size_t line_bytes_max = WaitingLines::line_bytes_max;  ///< the kernel takes about 1,000

  /// errno, 0: done. EPERM also where the kernel was told to ignore what is written (printk_devkmsg=off).
  int open(const char* device = "/dev/kmsg");
  bool is_open() const noexcept { return device_.valid(); }

  /// A line, without its newline. Kept until flush().
  void add(LogLevel level, std::string_view line) { waiting_.add(level, line); }
  /// Writes what the kernel will take at `now_ms`, any clock that does not jump.
  void flush(std::int64_t now_ms);
  bool is_empty() const noexcept { return waiting_.empty(); }
  /// Lines that had no room, ever.
  std::uint64_t lost() const noexcept { return waiting_.lost(); }

 private:
  UniqueFd device_;
  bool limited_ = true;
  WaitingLines waiting_;
  std::int64_t burst_begin_ms_ = 0;
  int burst_lines_ = 0;
};

/// Lets what is written to the kernel's log in unless the kernel's command line says otherwise (the file is locked
/// then): for the first process of a machine, before anything is logged.
void let_kernel_log_in();

/// Whether the kernel shows lines of the level on the console. True where it does not tell.
bool console_shows(LogLevel level);

}  // namespace bondbox::lnx

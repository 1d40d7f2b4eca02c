// Lines for a log that wait until somebody takes them, in bounded memory: what is too much is counted, and told when
// there is room again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bondbox::lnx {

/// The kernel's levels (linux/kern_levels.h), and syslog's (RFC 3164 4.1.1).
enum class LogLevel : std::uint8_t { error = 3, warning = 4, notice = 5, info = 6 };

class WaitingLines {
 public:
  static constexpr std::size_t bytes_max = 16 * 1024;
  static constexpr std::size_t line_bytes_max = 900;  ///< of a line; the rest is cut off

  /// `tag` stands before each line. Where N were lost a line says so: `told_before` N `told_after`.
  void begin(std::string tag, std::string_view told_before, std::string_view told_after);

  void add(LogLevel level, std::string_view line);
  /// All of them as they are sent, "<PRIORITY>TAG LINE" and a newline each.
  const std::string& text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  /// So many bytes from the first on are done with.
  void take(std::size_t bytes) { text_.erase(0, bytes); }
  /// One that was there and could not be sent.
  void lose() noexcept { ++lost_; }
  /// Lines that had no room, ever, or could not be sent.
  std::uint64_t lost() const noexcept { return lost_; }

 private:
  bool append(LogLevel level, std::string_view line);

  std::string tag_;
  std::string_view told_before_;
  std::string_view told_after_;
  std::string text_;
  std::uint64_t untold_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace bondbox::lnx

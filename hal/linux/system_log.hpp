// Lines for the system's log daemon, by its socket /dev/log: RFC 3164 as busybox syslogd, rsyslog and journald read it
// from programs of the same machine. The time is theirs to put in (RFC 3164 4.3.2): a sender's is local time, for which
// a static program would bring all that reads time zones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hal/linux/unique_fd.hpp"
#include "hal/linux/waiting_lines.hpp"

namespace bondbox::lnx {

/// Never waits. What the daemon does not take at once is kept; what is too much is counted, and told when there is room
/// again. A daemon that dies, is restarted or only starts later is looked for once a second.
class SystemLog {
 public:
  static constexpr std::size_t waiting_bytes_max = WaitingLines::bytes_max;
  static constexpr std::size_t line_bytes_max = WaitingLines::line_bytes_max;  ///< RFC 3164 allows 1,024 in all
  static constexpr std::int64_t retry_interval_ms = 1'000;

  void open(const char* path = "/dev/log");
  bool is_open() const noexcept { return !path_.empty(); }
  /// Whether somebody takes the lines, as far as it was seen.
  bool is_heard() const noexcept { return socket_.valid(); }

  /// A line, without its newline. Kept until flush().
  void add(LogLevel level, std::string_view line) { waiting_.add(level, line); }
  /// Sends what the daemon takes; `now_ms`: any clock that does not jump.
  void flush(std::int64_t now_ms);
  bool is_empty() const noexcept { return waiting_.empty(); }
  /// Lines that had no room, ever.
  std::uint64_t lost() const noexcept { return waiting_.lost(); }

 private:
  bool connect(int kind);
  std::size_t send_some(std::string_view lines);

  std::string path_;
  UniqueFd socket_;
  bool is_stream_ = false;
  WaitingLines waiting_;  ///< with the tag "bondbox[123]: "
  std::int64_t next_try_ms_ = 0;
};

}  // namespace bondbox::lnx

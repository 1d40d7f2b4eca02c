// Lines for stderr that never wait for whoever reads it: a stopped serial console or a full pipe must not stop a bond.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {

int stderr_handle() noexcept;
/// From here on this process's stderr is another's.
void use_as_stderr(const UniqueFd& fd) noexcept;

class LogStream {
 public:
  /// What is kept for a reader who is late; lines beyond it are counted, and told of when there is room again.
  static constexpr std::size_t waiting_bytes_max = 16 * 1024;

  /// Of this process's stderr.
  LogStream();
  /// Writes what can be written without waiting.
  ~LogStream() { flush(); }
  LogStream(const LogStream&) = delete;
  LogStream& operator=(const LogStream&) = delete;

  /// A line, without its newline. Kept until flush().
  void add(std::string_view line);
  /// Writes what stderr takes now.
  void flush();
  /// Lines that had no room, ever.
  std::uint64_t lost() const noexcept { return lost_; }

 private:
  bool append(std::string_view line);
  long write_some();

  UniqueFd own_;  ///< stderr opened anew, so that not waiting is a matter of ours alone
  std::string waiting_;
  std::uint64_t lost_untold_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace bondbox::lnx

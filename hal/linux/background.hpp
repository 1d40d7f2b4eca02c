// A process that goes on by itself, and what it tells those who started it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hal/linux/unique_fd.hpp"
#include "hal/outcome.hpp"

namespace bondbox::lnx {

/// Goes into the background: a new process in a session of its own, with nothing open but /dev/null, while the one that
/// was started waits until it is ready. To be split before threads are started.
class Background {
 public:
  /// In the process that was started: how the other one began (EIO: it ended without a word). In the other one:
  /// nothing.
  std::optional<Outcome> split();
  bool is_split() const noexcept { return split_; }
  /// In the background process, once. Does nothing where none was split.
  void tell(const Outcome& outcome);

 private:
  UniqueFd waiting_;
  bool split_ = false;
};

long own_process_id();
/// Waits until the process that started that one has ended, so that the first process has it; for so long at most.
void wait_until_orphaned(int pid, int limit_ms);

/// One line of state for a supervisor that asked for it by NOTIFY_SOCKET (systemd's protocol: a datagram such as
/// "READY=1"). Nothing happens where nobody asked; a supervisor that does not listen is no error of ours.
void tell_supervisor(std::string_view state);
/// Where it listens; empty: nobody asked.
std::string supervisor_socket();
/// Tells that one from here on.
void use_supervisor(const std::string& socket);

}  // namespace bondbox::lnx

#include "hal/linux/log_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "hal/linux/descriptors.hpp"

namespace bondbox::lnx {

int stderr_handle() noexcept {
  return STDERR_FILENO;
}

void use_as_stderr(const UniqueFd& fd) noexcept {
  if (fd.valid()) (void)::dup2(fd.get(), STDERR_FILENO);
}

// Fails for sockets, and where there is no /proc: write_some() then has other ways.
LogStream::LogStream() : own_(::open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) {
  waiting_.reserve(waiting_bytes_max);
  // Our place in a file is its end. Whoever was given it with us, a script for one, must not go on at another.
  if (is_regular_file(STDERR_FILENO)) (void)::fcntl(STDERR_FILENO, F_SETFL, ::fcntl(STDERR_FILENO, F_GETFL) | O_APPEND);
}

bool LogStream::append(std::string_view line) {
  if (waiting_.size() + line.size() + 1 > waiting_bytes_max) return false;
  waiting_.append(line).append("\n");
  return true;
}

void LogStream::add(std::string_view line) {
  if (lost_untold_ != 0) {
    if (!append("bondbox: " + std::to_string(lost_untold_) + " lines were lost here: nobody read them")) {
      ++lost_untold_;
      ++lost_;
      return;
    }
    lost_untold_ = 0;
  }
  if (append(line)) return;
  ++lost_untold_;
  ++lost_;
}

long LogStream::write_some() {
  if (own_.valid()) return ::write(own_.get(), waiting_.data(), waiting_.size());
  const long sent = ::send(STDERR_FILENO, waiting_.data(), waiting_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return sent;
  // Neither to be opened nor a socket: a reader that has room is asked for little at a time.
  constexpr std::size_t little = 256;
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return -1;
  return ::write(STDERR_FILENO, waiting_.data(), std::min(waiting_.size(), little));
}

void LogStream::flush() {
  while (!waiting_.empty()) {
    const long written = write_some();
    if (written <= 0) return;
    waiting_.erase(0, static_cast<std::size_t>(written));
  }
}

}  // namespace bondbox::lnx

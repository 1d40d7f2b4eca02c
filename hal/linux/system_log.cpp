#include "hal/linux/system_log.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bondbox::lnx {
namespace {

/// The daemon is busy: it may take the line later.
bool is_passing(int error) noexcept {
  return error == EAGAIN || error == ENOBUFS || error == EINTR || error == ENOMEM;
}

}  // namespace

void SystemLog::open(const char* path) {
  path_ = path;
  waiting_.begin("bondbox[" + std::to_string(::getpid()) + "]: ", {}, " lines were lost here: nobody took them");
}

bool SystemLog::connect(int kind) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  UniqueFd socket(::socket(AF_UNIX, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid() || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return false;
  socket_ = std::move(socket);
  is_stream_ = kind == SOCK_STREAM;
  return true;
}

/// How many bytes of the lines are done with: sent, or never to be sent.
std::size_t SystemLog::send_some(std::string_view lines) {
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const std::size_t end = lines.find('\n') + 1;
  // A datagram is a line; in a stream a newline ends it.
  const ssize_t sent = ::send(socket_.get(), lines.data(), is_stream_ ? lines.size() : end - 1, flags);
  if (sent >= 0) return is_stream_ ? static_cast<std::size_t>(sent) : end;
  if (errno == EMSGSIZE && !is_stream_) {
    waiting_.lose();
    return end;
  }
  if (!is_passing(errno)) socket_.reset();
  return 0;
}

void SystemLog::flush(std::int64_t now_ms) {
  if (waiting_.empty()) return;
  bool is_new = false;
  for (std::size_t done = 0; !waiting_.empty(); waiting_.take(done)) {
    if (!socket_.valid()) {
      if (now_ms < next_try_ms_ || is_new) return;
      next_try_ms_ = now_ms + retry_interval_ms;
      is_new = connect(SOCK_DGRAM) || (errno == EPROTOTYPE && connect(SOCK_STREAM));
      if (!is_new) return;
    }
    done = send_some(waiting_.text());
    if (done == 0 && socket_.valid()) return;
  }
}

}  // namespace bondbox::lnx

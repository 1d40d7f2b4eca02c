#include "hal/linux/background.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "hal/linux/run_dir.hpp"

namespace bondbox::lnx {
namespace {

constexpr const char* supervisor_variable = "NOTIFY_SOCKET";

/// A pipe of whoever started us, kept open, would keep its reader waiting for ever.
void close_inherited(int kept) {
  constexpr int inherited_max = 1024;
  for (int fd = STDERR_FILENO + 1; fd < inherited_max; ++fd)
    if (fd != kept) ::close(fd);
}

void attach_to_nothing() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  if (null > STDERR_FILENO) ::close(null);
}

/// "ERRNO REASON"; empty: no word came.
Outcome outcome_of(const std::string& words) {
  if (words.empty()) return Outcome::failed(EIO, "bondbox ended before it was ready");
  char* end = nullptr;
  const long error = std::strtol(words.c_str(), &end, 10);
  if (error == 0) return Outcome::done();
  return Outcome::failed(static_cast<int>(error), *end == ' ' ? end + 1 : end);
}

}  // namespace

std::optional<Outcome> Background::split() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return Outcome::failed(errno, std::string("no pipe: ") + std::strerror(errno));
  UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return Outcome::failed(errno, std::string("no process: ") + std::strerror(errno));
  if (child == 0) {
    ::setsid();
    waiting_ = std::move(writing);
    split_ = true;
    reading = UniqueFd();
    close_inherited(waiting_.get());
    attach_to_nothing();
    return std::nullopt;
  }
  writing = UniqueFd();
  std::string words;
  std::array<char, 512> chunk{};
  for (;;) {
    const long got = ::read(reading.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    words.append(chunk.data(), static_cast<std::size_t>(got));
  }
  const Outcome outcome = outcome_of(words);
  if (!outcome.ok()) ::waitpid(child, nullptr, 0);
  return outcome;
}

void Background::tell(const Outcome& outcome) {
  if (!waiting_.valid()) return;
  const std::string words = std::to_string(outcome.error) + " " + outcome.reason;
  (void)!::write(waiting_.get(), words.data(), words.size());
  waiting_ = UniqueFd();
}

long own_process_id() {
  return ::getpid();
}

void wait_until_orphaned(int pid, int limit_ms) {
  constexpr int look_ms = 5;
  for (int waited = 0; waited < limit_ms; waited += look_ms) {
    // "PID (NAME) STATE PARENT ...", proc(5); the name may hold anything.
    const Result<std::string> stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t name_end = stat.ok() ? stat.value().rfind(')') : std::string::npos;
    if (name_end == std::string::npos || stat.value().substr(name_end + 3, 3) == " 1 ") return;
    const timespec moment{0, look_ms * 1'000'000};
    (void)::nanosleep(&moment, nullptr);
  }
}

std::string supervisor_socket() {
  const char* const path = std::getenv(supervisor_variable);
  return path != nullptr && (path[0] == '/' || path[0] == '@') ? path : std::string();
}

void use_supervisor(const std::string& socket) {
  (void)::setenv(supervisor_variable, socket.c_str(), 1);
}

void tell_supervisor(std::string_view state) {
  const std::string path = supervisor_socket();
  const std::size_t length = path.size();
  sockaddr_un address{};
  if (path.empty() || length >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // a name without a file
  const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return;
  (void)::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
}

}  // namespace bondbox::lnx

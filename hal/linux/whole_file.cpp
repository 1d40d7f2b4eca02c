#include "hal/linux/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

namespace bondbox::lnx {
namespace {

constexpr std::array fatal_signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr std::size_t stack_size = 32 * 1024;

void (*fatal_function)(void*, int) = nullptr;
void* fatal_context = nullptr;
alignas(16) std::array<std::uint8_t, stack_size> fatal_stack;

/// The handler is taken away before it runs, so a fault within it ends the process, as the signal itself does then.
void handle_fatal(int number) {
  if (auto* const function = std::exchange(fatal_function, nullptr); function != nullptr)
    function(fatal_context, number);
  ::raise(number);
}

}  // namespace

WholeFile::WholeFile(std::string_view path) noexcept {
  constexpr std::string_view suffix = ".new";
  path = path.substr(0, path_max);
  std::copy(path.begin(), path.end(), path_.begin());
  std::copy(suffix.begin(), suffix.end(), std::copy(path.begin(), path.end(), fresh_.begin()));
}

WholeFile::~WholeFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(fresh_.data());
}

int WholeFile::open() noexcept {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  ::unlink(fresh_.data());
  fd_ = ::open(fresh_.data(), flags, 0600);
  if (fd_ < 0 && errno == ENOENT && make_directory()) fd_ = ::open(fresh_.data(), flags, 0600);
  return fd_ < 0 ? errno : 0;
}

bool WholeFile::make_directory() noexcept {
  char* const slash = std::strrchr(fresh_.data(), '/');
  if (slash == nullptr || slash == fresh_.data()) return false;
  *slash = '\0';
  const bool made = ::mkdir(fresh_.data(), 0700) == 0;
  *slash = '/';
  return made;
}

bool WholeFile::write(std::span<const std::uint8_t> bytes) noexcept {
  while (!bytes.empty() && error_ == 0) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (written == 0 || errno != EINTR) {
      error_ = written == 0 ? ENOSPC : errno;
    }
  }
  return error_ == 0;
}

int WholeFile::commit() noexcept {
  if (error_ == 0 && ::close(std::exchange(fd_, -1)) != 0) error_ = errno;
  if (error_ == 0 && ::rename(fresh_.data(), path_.data()) != 0) error_ = errno;
  if (error_ != 0) ::unlink(fresh_.data());
  return error_;
}

void on_fatal_signal(void (*last_words)(void* context, int signal), void* context) noexcept {
  fatal_function = last_words;
  fatal_context = context;
  stack_t stack{};
  stack.ss_sp = fatal_stack.data();
  stack.ss_size = fatal_stack.size();
  if (::sigaltstack(&stack, nullptr) != 0) return;
  struct sigaction action {};
  action.sa_handler = handle_fatal;
  action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND | SA_NODEFER);
  for (const int number : fatal_signals) ::sigaction(number, &action, nullptr);
}

}  // namespace bondbox::lnx

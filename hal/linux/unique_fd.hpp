// A file descriptor with one owner.
#pragma once

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace bondbox::lnx {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const noexcept { return fd_; }
  bool valid() const noexcept { return fd_ >= 0; }
  /// The caller's from now on.
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  /// Puts a descriptor that never becomes ready in its place, under the same number. For a device that has gone: its
  /// own descriptor would report errors for ever and keep whoever waits on it awake.
  void silence() noexcept {
    const UniqueFd quiet(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (valid() && quiet.valid()) (void)::dup3(quiet.get(), fd_, O_CLOEXEC);
  }

 private:
  int fd_ = -1;
};

}  // namespace bondbox::lnx

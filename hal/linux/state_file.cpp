#include "hal/linux/state_file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "hal/linux/run_dir.hpp"

namespace bondbox::lnx {
namespace {

Outcome failure(const char* what, const std::string& path, int error) {
  return Outcome::failed(error, std::string("cannot ") + what + " " + path + ": " + std::strerror(error));
}

}  // namespace

Result<std::vector<std::uint8_t>> StateFile::read() const {
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat found {};
  if (!fd.valid() || ::fstat(fd.get(), &found) != 0) return failure("read", path_, errno);
  const bool is_ours = found.st_uid == ::geteuid() || found.st_uid == 0;
  if (!S_ISREG(found.st_mode) || !is_ours || (found.st_mode & 077) != 0)
    return Outcome::failed(EPERM, path_ + " is not this user's alone (a file of mode 0600), so it is not believed");
  if (static_cast<std::size_t>(found.st_size) > size_max) return failure("read", path_, EFBIG);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(found.st_size));
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", path_, errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

Outcome StateFile::replace(std::span<const std::uint8_t> bytes) {
  const std::string fresh = path_ + ".new";
  UniqueFd fd(::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid() && errno == ENOENT) {
    // Its own alone: one above it that was removed is made again by whoever holds its lock.
    (void)::mkdir(path_.substr(0, path_.rfind('/')).c_str(), 0700);
    fd = UniqueFd(::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  }
  if (!fd.valid()) return failure("write", fresh, errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (!bytes.empty() || ::rename(fresh.c_str(), path_.c_str()) != 0) {
    const int error = bytes.empty() ? errno : ENOSPC;
    ::unlink(fresh.c_str());
    return failure("write", path_, error);
  }
  written_ = std::move(fd);
  return Outcome::done();
}

void StateFile::put(std::size_t at, std::span<const std::uint8_t> bytes) noexcept {
  if (written_.valid()) (void)!::pwrite(written_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
}

void StateFile::remove() noexcept {
  written_.reset();
  ::unlink(path_.c_str());
}

}  // namespace bondbox::lnx

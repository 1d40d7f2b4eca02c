#include "hal/linux/run_dir.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bondbox::lnx {
namespace {

Outcome failure(const char* what, const std::string& path, int error) {
  return Outcome::failed(error, std::string("cannot ") + what + " " + path + ": " + std::strerror(error));
}

constexpr int tree_depth_max = 8;

void remove_below(int parent, const char* name, int depth) {
  const int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  DIR* const opened = fd >= 0 ? ::fdopendir(fd) : nullptr;
  if (opened == nullptr) {
    if (fd >= 0) ::close(fd);
    return;
  }
  while (const dirent* const entry = ::readdir(opened)) {
    const std::string_view one = entry->d_name;
    if (one == "." || one == "..") continue;
    if (::unlinkat(fd, entry->d_name, 0) != 0 && depth > 0) remove_below(fd, entry->d_name, depth - 1);
  }
  ::closedir(opened);
  ::unlinkat(parent, name, AT_REMOVEDIR);
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// What to type so that nobody else may write it; empty: nobody may. What lies in a file system that is mounted read
/// only cannot be written by anybody, and what is no file is somebody's pipe.
std::string remedy(int fd, const std::string& path) {
  struct stat status {};
  struct statvfs place {};
  if (::fstat(fd, &status) != 0) return {};
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return {};
  if (::fstatvfs(fd, &place) == 0 && (place.f_flag & ST_RDONLY) != 0) return {};
  const bool foreign = status.st_uid != 0 && status.st_uid != ::geteuid();
  const bool open_to_group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
  const bool open_to_all = (status.st_mode & S_IWOTH) != 0;
  std::string words;
  if (foreign) words = "chown root " + path;
  if (open_to_group || open_to_all) words += (words.empty() ? "chmod go-w " : "; chmod go-w ") + path;
  return words;
}

Outcome trusted(int fd, const std::string& path) {
  const std::string words = remedy(fd, path);
  if (words.empty()) return Outcome::done();
  return Outcome::failed(EPERM, path + " can be written by others than root, so it is not used; type: " + words);
}

}  // namespace

Outcome RunDir::open(std::string path) {
  if (Outcome outcome = make_directories(path); !outcome.ok()) return outcome;
  // Notes in it are obeyed: what ports were, and what to go on with.
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return failure("open", path, errno);
  if (Outcome outcome = trusted(directory.get(), path); !outcome.ok()) return outcome;
  const std::string lock_path = path + "/lock";
  UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.get() < 0) return failure("open", lock_path, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failure("lock", lock_path, errno);
    return Outcome::failed(EBUSY, "another bondbox is running with " + path + "; --run-dir gives this one its own");
  }
  path_ = std::move(path);
  lock_ = std::move(lock);
  return Outcome::done();
}

/// It is let go for a moment in between; nobody waits for it.
void RunDir::own_lock() const {
  (void)::flock(lock_.get(), LOCK_SH | LOCK_NB);
  (void)::flock(lock_.get(), LOCK_EX | LOCK_NB);
}

bool RunDir::is_in_place() const {
  return lock_.valid() && identity_of(lock_.get()) == identity_of(path_ + "/lock");
}

Outcome RunDir::put_back() {
  // A tmpfs that was mounted over it is open to all until somebody says otherwise, and nothing is in it yet. Of another
  // user's, open() says what is wrong.
  const UniqueFd directory(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.valid()) (void)::fchmod(directory.get(), 0755);
  return open(std::string(path_));
}

void RunDir::take_over(std::string path, UniqueFd lock) {
  path_ = std::move(path);
  lock_ = std::move(lock);
}

Outcome FileTree::write(std::string_view name, std::string_view text) const {
  const std::string target = file(name);
  if (Outcome outcome = make_directories(target.substr(0, target.rfind('/'))); !outcome.ok()) return outcome;
  return replace_file(target, text);
}

bool is_place_of_file(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode);
}

Outcome replace_file(const std::string& target, std::string_view text) {
  const std::string fresh = target + ".new";
  UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (fd.get() < 0) return failure("write", fresh, errno);
  if (!write_all(fd.get(), text) || ::rename(fresh.c_str(), target.c_str()) != 0) {
    const int error = errno;
    ::unlink(fresh.c_str());
    return failure("write", target, error);
  }
  return Outcome::done();
}

void FileTree::remove(std::string_view name) const {
  ::unlink(file(name).c_str());
}

Outcome FileTree::link(std::string_view name, const std::string& target) const {
  const std::string at = file(name);
  if (Outcome outcome = make_directories(at.substr(0, at.rfind('/'))); !outcome.ok()) return outcome;
  const std::string fresh = at + ".new";
  ::unlink(fresh.c_str());
  if (::symlink(target.c_str(), fresh.c_str()) == 0 && ::rename(fresh.c_str(), at.c_str()) == 0) return Outcome::done();
  const int error = errno;
  ::unlink(fresh.c_str());
  return failure("make the link", at, error);
}

void FileTree::prune(std::string_view name) const {
  std::string at = file(name);
  ::unlink(at.c_str());
  for (at.resize(at.rfind('/')); at.size() > path_.size() && ::rmdir(at.c_str()) == 0;) at.resize(at.rfind('/'));
}

void FileTree::remove_tree(std::string_view directory) const {
  std::string at = file(directory);
  while (at.ends_with('/')) at.pop_back();
  remove_below(AT_FDCWD, at.c_str(), tree_depth_max);
}

FileIdentity identity_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino};
}

FileIdentity identity_of(int fd) {
  struct stat found {};
  if (::fstat(fd, &found) != 0) return {};
  return {found.st_dev, found.st_ino};
}

std::string absolute_path(const std::string& path) {
  char* const resolved = ::realpath(path.c_str(), nullptr);
  std::string result = resolved != nullptr ? std::string(resolved) : path;
  std::free(resolved);
  return result;
}

void make_private(int fd) noexcept {
  (void)::fchmod(fd, 0600);
}

Outcome make_directories(const std::string& path, unsigned mode) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    const auto part_mode = static_cast<mode_t>(end == std::string::npos ? mode : 0755);
    if (::mkdir(part.c_str(), part_mode) != 0 && errno != EEXIST) return failure("make the directory", part, errno);
  }
  return Outcome::done();
}

namespace {

Result<std::string> read_all(const UniqueFd& fd, const std::string& path, std::size_t most) {
  std::string text;
  std::array<char, 4096> chunk{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", path, errno);
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > most) return failure("read", path, EFBIG);
  }
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd.valid() ? read_all(fd, path, most) : failure("read", path, errno);
}

Result<std::string> read_own_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return failure("read", path, errno);
  if (Outcome outcome = trusted(fd.get(), path); !outcome.ok()) return outcome;
  return read_all(fd, path, read_size_max);
}

namespace {

/// '*' and '?' as a shell has them.
bool matches(std::string_view name, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resumed = 0;
  while (at < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resumed = at;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[at])) {
      ++p;
      ++at;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      at = ++resumed;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace

// Not glob(3): in a static program it brings the user database with it.
std::vector<std::string> matching_files(const std::string& pattern, std::size_t most) {
  const std::size_t slash = pattern.rfind('/');
  const std::string before = slash == std::string::npos ? std::string() : pattern.substr(0, slash + 1);
  const std::string last = pattern.substr(before.size());
  if (last.find_first_of("*?") == std::string::npos) {
    if (::access(pattern.c_str(), R_OK) != 0) return {};
    return {pattern};
  }
  std::vector<std::string> names;
  DIR* const directory = ::opendir(before.empty() ? "." : before.c_str());
  if (directory == nullptr) return names;
  while (const dirent* const entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    const bool hidden = name.starts_with('.') && !last.starts_with('.');
    if (!hidden && matches(name, last)) names.push_back(before + std::string(name));
  }
  ::closedir(directory);
  std::sort(names.begin(), names.end());
  if (names.size() > most) names.resize(most);
  return names;
}

}  // namespace bondbox::lnx

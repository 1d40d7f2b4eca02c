#include "hal/linux/journal.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <utility>

#include "hal/linux/run_dir.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::string_view last_line = "end\n";  // so that a cut file is no record
constexpr std::size_t file_size_max = 8192;
constexpr unsigned directory_mode = 0700;

std::string directory_of(const std::string& run_dir, std::string_view kind) {
  return run_dir + "/state/" + std::string(kind);
}

std::string suffix_of(std::uint64_t namespace_inode) {
  return "@" + std::to_string(namespace_inode);
}

}  // namespace

RecordWriter::RecordWriter(std::string_view first_line) : text_(first_line) {}

void RecordWriter::line(std::string_view key, std::string_view value) {
  text_.append("\n").append(key).append("=").append(value);
}

std::string RecordWriter::finish() {
  return std::move(text_) + "\n" + std::string(last_line);
}

bool read_record(std::string_view text, std::string_view first_line, const RecordLine& line) {
  if (!text.ends_with(last_line)) return false;
  text.remove_suffix(last_line.size());
  for (bool first = true; !text.empty(); first = false) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return false;
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (first && one != first_line) return false;
    if (first) continue;
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos || !line(one.substr(0, equals), one.substr(equals + 1))) return false;
  }
  return true;
}

std::string Journal::path_of(const std::string& run_dir, std::string_view kind, std::string_view name,
                             std::uint64_t namespace_inode) {
  return directory_of(run_dir, kind) + "/" + std::string(name) + suffix_of(namespace_inode);
}

int Journal::open(const std::string& run_dir, std::string_view kind, std::string_view name,
                  std::uint64_t namespace_inode) {
  const std::string directory = directory_of(run_dir, kind);
  if (const Outcome outcome = make_directories(directory, directory_mode); !outcome.ok()) return outcome.error;
  path_ = path_of(run_dir, kind, name, namespace_inode);
  // Another process may remove the file between our open and our lock; then the lock is on nothing.
  for (int attempt = 0; attempt < 8; ++attempt) {
    lock_ = UniqueFd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock_.valid()) return errno;
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      lock_.reset();
      return error == EWOULDBLOCK ? EBUSY : error;
    }
    if (identity_of(lock_.get()) == identity_of(path_)) return 0;
  }
  lock_.reset();
  return EBUSY;
}

void Journal::take_over(const std::string& run_dir, std::string_view kind, std::string_view name,
                        std::uint64_t namespace_inode, UniqueFd lock) {
  path_ = path_of(run_dir, kind, name, namespace_inode);
  lock_ = std::move(lock);
}

std::vector<std::string> Journal::list(const std::string& run_dir, std::string_view kind,
                                       std::uint64_t namespace_inode) {
  std::vector<std::string> names;
  DIR* directory = ::opendir(directory_of(run_dir, kind).c_str());
  if (directory == nullptr) return names;
  const std::string suffix = suffix_of(namespace_inode);
  constexpr std::size_t names_max = 1024;
  while (names.size() < names_max) {
    const dirent* entry = ::readdir(directory);
    if (entry == nullptr) break;
    const std::string_view file(entry->d_name);
    if (!file.starts_with('.') && file.ends_with(suffix))
      names.emplace_back(file.substr(0, file.size() - suffix.size()));
  }
  ::closedir(directory);
  return names;
}

std::string Journal::read() const {
  std::string text(file_size_max, '\0');
  const ssize_t got = ::pread(lock_.get(), text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

int Journal::write(std::string_view text) {
  if (!lock_.valid()) return EBADF;
  const std::size_t slash = path_.rfind('/') + 1;
  const std::string fresh_path = path_.substr(0, slash) + "." + path_.substr(slash);
  UniqueFd fresh(::open(fresh_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fresh.valid()) return errno;
  int error = 0;
  // Locked before it gets the name: there is no moment at which the port looks unowned.
  if (::flock(fresh.get(), LOCK_EX | LOCK_NB) != 0) error = errno;
  if (error == 0 && ::write(fresh.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) error = ENOSPC;
  if (error == 0 && ::rename(fresh_path.c_str(), path_.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(fresh_path.c_str());
    return error;
  }
  lock_ = std::move(fresh);
  return 0;
}

int Journal::put_back() {
  if (!lock_.valid() || identity_of(lock_.get()) == identity_of(path_)) return 0;
  if (const Outcome outcome = make_directories(path_.substr(0, path_.rfind('/')), directory_mode); !outcome.ok())
    return outcome.error;
  return write(read());
}

void Journal::remove() {
  if (!lock_.valid()) return;
  ::unlink(path_.c_str());
  lock_.reset();
}

std::string read_boot_id() {
  const UniqueFd file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::array<char, 36> text{};
  if (!file.valid() || ::read(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return {};
  return std::string(text.data(), text.size());
}

}  // namespace bondbox::lnx

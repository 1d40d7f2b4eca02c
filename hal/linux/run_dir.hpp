// /run/bondbox: where the control socket, the status files and the journal of claimed ports live.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "hal/outcome.hpp"

namespace bondbox::lnx {

/// Files below a directory, by names from there on. Holds no more than its path, so any thread may have a copy.
class FileTree {
 public:
  FileTree() = default;
  explicit FileTree(std::string path) : path_(std::move(path)) {}

  const std::string& path() const noexcept { return path_; }
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

  /// Replaces the file in one go (0644): a reader sees the old text or the new, never half. Directories are made.
  Outcome write(std::string_view name, std::string_view text) const;
  /// No error when it is not there.
  void remove(std::string_view name) const;
  /// As write(), of a symbolic link.
  Outcome link(std::string_view name, const std::string& target) const;
  /// Removes it and the directories above it that are empty then.
  void prune(std::string_view name) const;
  /// Removes a directory with all that is in it, as far as that can be done. Links are not followed.
  void remove_tree(std::string_view directory) const;

 protected:
  std::string path_;
};

class RunDir : public FileTree {
 public:
  /// Makes the directory (0755) with its parents and takes its lock, which ends with the object or the process.
  /// EBUSY: another process holds it. EPERM: others may write in it. EACCES, EROFS, ENOTDIR, ...: it cannot be made.
  Outcome open(std::string path);

  /// Whether its path still leads to it: nothing was mounted over it, and nobody removed it.
  bool is_in_place() const;
  /// Makes it again at its path, empty but for the lock. As open(); after a failure all is as before.
  Outcome put_back();

  /// With the lock of the process before, which goes on with this one.
  void take_over(std::string path, UniqueFd lock);
  int lock_handle() const noexcept { return lock_.get(); }
  /// The kernel names this process as the one that holds it, not the one that took it.
  void own_lock() const;

 private:
  UniqueFd lock_;
};

/// Which file a name leads to. All zero: none.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
FileIdentity identity_of(const std::string& path);
FileIdentity identity_of(int fd);

/// From the root on, for whoever is elsewhere; as it is where it leads nowhere.
std::string absolute_path(const std::string& path);

/// For its owner alone (0600), whatever the umask says: of a local socket before it is bound, so that its file never
/// was anybody else's. (A umask would be that of other threads, too.)
void make_private(int fd) noexcept;

/// Whether there is nothing at this path yet, or a file: not a device, a pipe or a directory, which a file would take
/// the place of.
bool is_place_of_file(const std::string& path);

/// Replaces the file in one go (0644): a reader sees the old text or the new, never half.
Outcome replace_file(const std::string& path, std::string_view text);

/// Makes the directory with `mode`, and those above it with 0755; what exists stays as it is.
Outcome make_directories(const std::string& path, unsigned mode = 0755);

inline constexpr std::size_t read_size_max = 1024 * 1024;
inline constexpr std::size_t trace_size_max = 256 * 1024 * 1024;
/// The whole of a regular file of at most so many bytes. ENOENT, EACCES, EISDIR, EFBIG.
Result<std::string> read_file(const std::string& path, std::size_t most = read_size_max);
/// The same, of at most 1 MiB, of a file that is obeyed. EPERM: somebody else than root and this process's user may
/// write it; the reason says what to type.
Result<std::string> read_own_file(const std::string& path);

/// The files that a pattern stands for, with '*' and '?' in its last part, in their order; at most `most`.
std::vector<std::string> matching_files(const std::string& pattern, std::size_t most);

}  // namespace bondbox::lnx

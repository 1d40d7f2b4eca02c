// What the next process has to know of something that this one changed, should it be killed.
//
// One file a thing, RUN_DIR/state/KIND/NAME@NAMESPACE, "key=value" lines, replaced atomically. Its owner holds an
// exclusive flock(2) on it for as long as it lives: the lock goes with the process, however that ends.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {

/// An open, locked journal file. While it exists the thing is this process's.
class Journal {
 public:
  /// Makes the directories too. errno, 0: done; EBUSY: a live process holds it.
  int open(const std::string& run_dir, std::string_view kind, std::string_view name, std::uint64_t namespace_inode);
  /// For those who only read, and take no lock.
  static std::string path_of(const std::string& run_dir, std::string_view kind, std::string_view name,
                             std::uint64_t namespace_inode);
  /// The things of this kind that have a file, by name, for this namespace.
  static std::vector<std::string> list(const std::string& run_dir, std::string_view kind,
                                       std::uint64_t namespace_inode);

  /// The lock of the process before, which goes on with this one; an invalid one leaves it closed.
  void take_over(const std::string& run_dir, std::string_view kind, std::string_view name,
                 std::uint64_t namespace_inode, UniqueFd lock);
  int handle() const noexcept { return lock_.get(); }

  bool is_open() const noexcept { return lock_.valid(); }
  /// What is in it; empty text for one just made.
  std::string read() const;
  /// errno, 0: done. The old content stays when it fails.
  int write(std::string_view text);
  /// Writes it again where its name no longer leads to it, because somebody removed it or mounted something over it.
  /// errno, 0: it is there.
  int put_back();
  /// Removes the file and unlocks.
  void remove();

 private:
  std::string path_;
  UniqueFd lock_;
};

class RecordWriter {
 public:
  explicit RecordWriter(std::string_view first_line);
  void line(std::string_view key, std::string_view value);
  std::string finish();

 private:
  std::string text_;
};

using RecordLine = std::function<bool(std::string_view key, std::string_view value)>;
/// Hands on each line after the first; false when the text was cut, begins otherwise, or a line is refused.
bool read_record(std::string_view text, std::string_view first_line, const RecordLine& line);

/// Identity of this boot; empty where /proc does not tell.
std::string read_boot_id();

}  // namespace bondbox::lnx

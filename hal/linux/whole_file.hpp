// A file that is there whole or not at all: written under another name first. Allocates nothing and takes no lock, so
// that a signal handler may write one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bondbox::lnx {

class WholeFile {
 public:
  /// The path cut to what fits. Nothing is opened yet.
  explicit WholeFile(std::string_view path) noexcept;
  /// What was not committed is removed.
  ~WholeFile();
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  /// Makes "PATH.new" for its owner alone (0600), and its directory (0700) where only that is missing. 0 or an errno.
  int open() noexcept;
  /// False: it could not be written, and commit() will say why.
  bool write(std::span<const std::uint8_t> bytes) noexcept;
  /// Puts it in its place. 0 or an errno.
  int commit() noexcept;

 private:
  static constexpr std::size_t path_max = 240;

  bool make_directory() noexcept;

  std::array<char, path_max + 1> path_{};
  std::array<char, path_max + 5> fresh_{};
  int fd_ = -1;
  int error_ = 0;
};

/// From here on `last_words` is called when this process is about to die of a fault of its own (SIGSEGV, SIGBUS,
/// SIGILL, SIGFPE, SIGABRT), on a stack of its own, once; then the signal takes its course. It may call nothing that a
/// signal handler may not.
void on_fatal_signal(void (*last_words)(void* context, int signal), void* context) noexcept;

}  // namespace bondbox::lnx

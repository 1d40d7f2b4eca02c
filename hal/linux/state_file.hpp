// A file of RUN_DIR/state that is replaced as a whole, and read by the next process. Nobody else's business: 0600, and
// what is not this user's alone is not believed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "hal/outcome.hpp"

namespace bondbox::lnx {

class StateFile {
 public:
  static constexpr std::size_t size_max = 16 * 1024 * 1024;

  explicit StateFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const noexcept { return path_; }
  /// ENOENT: there is none. EPERM: it is somebody else's, or others may write or read it; EFBIG.
  Result<std::vector<std::uint8_t>> read() const;
  /// In one go: whoever reads finds the old bytes or the new. Its directory is made (0700). Not synchronised: what it
  /// is for ends with the machine.
  Outcome replace(std::span<const std::uint8_t> bytes);
  /// Bytes of what was written last, in place.
  void put(std::size_t at, std::span<const std::uint8_t> bytes) noexcept;
  void remove() noexcept;

 private:
  std::string path_;
  UniqueFd written_;
};

}  // namespace bondbox::lnx

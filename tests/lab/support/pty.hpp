// A serial line with the test at its far end: a pseudo terminal pair.
#pragma once

#include <string>
#include <string_view>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lab {

class Pty {
 public:
  Pty();

  /// The device at the other end.
  const std::string& device() const noexcept { return device_; }
  void type(std::string_view keys) const;
  /// All that came since the last call, until nothing comes for a moment or `wanted` is in it; at most five seconds.
  std::string reads_until(std::string_view wanted) const;
  /// Takes what there is, without waiting.
  std::string read_some() const;
  /// As much of it as goes without anybody reading, at most `bytes`; how much that was.
  std::size_t flood(std::string_view pattern, std::size_t bytes) const;
  /// Nobody is at this end any more.
  void hang_up() { master_.reset(); }

 private:
  lnx::UniqueFd master_;
  std::string device_;
};

}  // namespace bondbox::lab

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
  /// Throws when nobody takes it within two seconds.
  void type(std::string_view keys);
  /// All that came since the last call and comes until `wanted` is in it, for at most five seconds.
  std::string reads_until(std::string_view wanted);
  /// What came since the last call, without waiting.
  std::string read_some();
  /// As much of it as goes without anybody reading, at most `bytes`; how much that was.
  std::size_t flood(std::string_view pattern, std::size_t bytes) const;
  /// Nobody is at this end any more.
  void hang_up() { master_.reset(); }

 private:
  std::string read_now() const;

  lnx::UniqueFd master_;
  std::string kept_;  ///< that came while something was typed
  std::string device_;
};

}  // namespace bondbox::lab

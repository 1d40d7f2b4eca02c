// Frames that a fake was given, kept without allocating as long as they fit into what was reserved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hal/wire/bytes.hpp"

namespace bondbox::test {

class FrameRecord {
 public:
  FrameRecord() {
    bytes_.reserve(512 * 1024);
    ends_.reserve(4096);
  }
  void add(wire::Bytes frame) {
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    ends_.push_back(bytes_.size());
  }
  void clear() noexcept {
    bytes_.clear();
    ends_.clear();
  }
  std::size_t size() const noexcept { return ends_.size(); }
  std::size_t bytes() const noexcept { return bytes_.size(); }
  /// Valid until the next add().
  wire::Bytes operator[](std::size_t index) const noexcept {
    const std::size_t start = index == 0 ? 0 : ends_[index - 1];
    return wire::Bytes(bytes_).subspan(start, ends_[index] - start);
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::vector<std::size_t> ends_;
};

}  // namespace bondbox::test

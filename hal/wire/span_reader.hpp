// Reads a frame that lies in one piece of memory, for frame_class.hpp and what is built upon it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hal/wire/bytes.hpp"

namespace bondbox::wire {

/// `frame` has at least 14 bytes; every VLAN tag is among them.
class SpanReader {
 public:
  explicit SpanReader(Bytes frame) noexcept : frame_(frame) {}

  const std::uint8_t* head() const noexcept { return frame_.data(); }
  template <std::uint32_t N>
  bool load(std::uint32_t offset, std::uint8_t (&into)[N]) const noexcept {
    if (offset > frame_.size() || frame_.size() - offset < N) return false;
    std::memcpy(into, frame_.data() + offset, N);
    return true;
  }
  template <class T>
  static constexpr T settle(T value) noexcept {
    return value;
  }
  static constexpr bool has_tag_beside() noexcept { return false; }
  static constexpr std::uint16_t tag_beside() noexcept { return 0; }

 private:
  Bytes frame_;
};

}  // namespace bondbox::wire

// What a fuzz target makes of its input: numbers, bytes and texts drawn from the front until nothing is left. Every
// sequence of bytes is one input of every target, and the same bytes always draw the same.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hal/wire/bytes.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::fuzz {

/// Bytes in an allocation of just their size: a sanitizer sees whatever is read beyond them.
class Exact {
 public:
  explicit Exact(wire::Bytes bytes) : bytes_(new std::uint8_t[bytes.size()]), size_(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  wire::Bytes bytes() const noexcept { return {bytes_.get(), size_}; }
  wire::MutableBytes writable() noexcept { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_;
};

class Input {
 public:
  explicit Input(wire::Bytes bytes) : left_(bytes) {}

  bool is_empty() const noexcept { return left_.empty(); }
  std::size_t size() const noexcept { return left_.size(); }

  /// 0 when nothing is left.
  std::uint8_t byte() noexcept {
    if (left_.empty()) return 0;
    const std::uint8_t value = left_[0];
    left_ = left_.subspan(1);
    return value;
  }
  std::uint16_t word() noexcept { return static_cast<std::uint16_t>(byte() << 8 | byte()); }
  std::uint32_t long_word() noexcept { return static_cast<std::uint32_t>(word()) << 16 | word(); }
  bool flag() noexcept { return (byte() & 1) != 0; }
  /// `limit` is at least 1; up to 256 takes one byte, above two.
  std::uint32_t below(std::uint32_t limit) noexcept { return (limit <= 256 ? byte() : word()) % limit; }

  /// At most `count`; what there is.
  wire::Bytes bytes(std::size_t count) noexcept {
    const wire::Bytes taken = left_.first(std::min(count, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  wire::Bytes rest() noexcept { return bytes(left_.size()); }
  std::string text(std::size_t count) { return as_text(bytes(count)); }
  std::string rest_text() { return as_text(rest()); }
  /// Up to the next byte of this value, which is taken too, or to the end.
  std::string text_until(std::uint8_t end) {
    const auto found = std::find(left_.begin(), left_.end(), end);
    std::string text = as_text(bytes(static_cast<std::size_t>(found - left_.begin())));
    (void)bytes(1);
    return text;
  }

  MacAddress mac() noexcept {
    MacAddress address;
    for (std::uint8_t& octet : address.octets) octet = byte();
    return address;
  }
  IpAddress ip(IpAddress::Family family) noexcept {
    IpAddress address{family, {}};
    for (std::size_t i = 0; i < (address.is_v4() ? 4U : 16U); ++i) address.octets[i] = byte();
    return address;
  }

 private:
  static std::string as_text(wire::Bytes bytes) { return std::string(bytes.begin(), bytes.end()); }

  wire::Bytes left_;
};

}  // namespace bondbox::fuzz

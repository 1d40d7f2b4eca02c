#include "firmware/trace/codec.hpp"

namespace bondbox::trace {

void Writer::number(std::uint64_t value) noexcept {
  for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
  byte(static_cast<std::uint8_t>(value));
}

void Writer::bytes(wire::Bytes bytes) noexcept {
  for (const std::uint8_t one : bytes) byte(one);
}

void Writer::text(std::string_view text) noexcept {
  number(text.size());
  for (const char c : text) byte(static_cast<std::uint8_t>(c));
}

std::uint8_t Reader::byte() noexcept {
  if (rest_.empty()) {
    ok_ = false;
    return 0;
  }
  const std::uint8_t value = rest_[0];
  rest_ = rest_.subspan(1);
  return value;
}

std::uint64_t Reader::number() noexcept {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t next = byte();
    if (shift == 63 && next > 1) break;
    value |= static_cast<std::uint64_t>(next & 0x7f) << shift;
    if ((next & 0x80) == 0) return ok_ ? value : 0;
  }
  refuse();
  return 0;
}

std::uint64_t Reader::number_to(std::uint64_t most) noexcept {
  const std::uint64_t value = number();
  if (value <= most) return value;
  refuse();
  return 0;
}

wire::Bytes Reader::bytes(std::size_t count) noexcept {
  if (count > rest_.size()) {
    refuse();
    return {};
  }
  const wire::Bytes taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::string_view Reader::text() noexcept {
  const wire::Bytes taken = bytes(static_cast<std::size_t>(number_to(rest_.size())));
  return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

}  // namespace bondbox::trace

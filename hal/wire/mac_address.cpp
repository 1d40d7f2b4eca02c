#include "hal/wire/mac_address.hpp"

namespace bondbox {

namespace {

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress mac;
  char separator = 0;
  std::size_t at = 0;
  for (std::size_t group = 0; group < mac.octets.size(); ++group) {
    if (group > 0) {
      if (at == text.size()) return std::nullopt;
      const char c = text[at++];
      if (separator == 0) separator = c;
      if (c != separator || (c != ':' && c != '-')) return std::nullopt;
    }
    unsigned value = 0;
    std::size_t digits = 0;
    for (; digits < 2 && at < text.size(); ++digits, ++at) {
      const std::optional<std::uint8_t> digit = hex_digit(text[at]);
      if (!digit) break;
      value = value * 16 + *digit;
    }
    if (digits == 0) return std::nullopt;
    mac.octets[group] = static_cast<std::uint8_t>(value);
  }
  if (at != text.size()) return std::nullopt;
  return mac;
}

std::string MacAddress::text() const {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(17);
  for (const std::uint8_t octet : octets) {
    if (!out.empty()) out += ':';
    out += digits[octet >> 4];
    out += digits[octet & 15];
  }
  return out;
}

}  // namespace bondbox

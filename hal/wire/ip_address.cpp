#include "hal/wire/ip_address.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace bondbox {

namespace {

/// A decimal number of at most `digits_max` digits, without sign and without leading zeros, at the front of `text`,
/// which is moved past it.
std::optional<unsigned> take_decimal(std::string_view& text, std::size_t digits_max) {
  unsigned value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits == digits_max) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[digits] - '0');
    ++digits;
  }
  if (digits == 0 || (digits > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

/// Leading zeros are refused because some programs read them as octal: 010 is not one address everywhere.
bool parse_v4(std::string_view text, std::uint8_t* octets) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) {
      if (text.empty() || text.front() != '.') return false;
      text.remove_prefix(1);
    }
    const std::optional<unsigned> value = take_decimal(text, 3);
    if (!value || *value > 255) return false;
    octets[i] = static_cast<std::uint8_t>(*value);
  }
  return text.empty();
}

/// The groups on one side of "::" (or all of them): written to `octets`, at most `space` bytes. The byte count, or
/// none. Only the last group may be a dotted quad (RFC 4291 2.2, form 3), and only where `may_end_v4`.
std::optional<std::size_t> parse_groups(std::string_view text, std::uint8_t* octets, std::size_t space,
                                        bool may_end_v4) {
  std::size_t used = 0;
  if (text.empty()) return used;
  for (;;) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (colon == std::string_view::npos && may_end_v4 && group.find('.') != std::string_view::npos) {
      if (used + 4 > space || !parse_v4(group, octets + used)) return std::nullopt;
      return used + 4;
    }
    unsigned value = 0;
    const char* const end = group.data() + group.size();
    if (group.empty() || group.size() > 4 || used + 2 > space) return std::nullopt;
    const auto [stop, error] = std::from_chars(group.data(), end, value, 16);
    if (error != std::errc{} || stop != end) return std::nullopt;
    octets[used] = static_cast<std::uint8_t>(value >> 8);
    octets[used + 1] = static_cast<std::uint8_t>(value & 0xff);
    used += 2;
    if (colon == std::string_view::npos) return used;
    text.remove_prefix(colon + 1);
  }
}

bool parse_v6(std::string_view text, std::array<std::uint8_t, 16>& octets) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return parse_groups(text, octets.data(), 16, true) == std::size_t{16};
  // "::" stands for one group or more (RFC 4291 2.2, form 2), which leaves 14 bytes for the two sides.
  const std::optional<std::size_t> head = parse_groups(text.substr(0, gap), octets.data(), 14, false);
  if (!head) return false;
  std::array<std::uint8_t, 16> right{};
  const std::optional<std::size_t> tail = parse_groups(text.substr(gap + 2), right.data(), 14 - *head, true);
  if (!tail) return false;
  for (std::size_t i = 0; i < *tail; ++i) octets[16 - *tail + i] = right[i];
  return true;
}

void append_number(std::string& out, unsigned value, int base) {
  char digits[12];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value, base);
  if (error == std::errc{}) out.append(digits, end);
}

void append_v4(std::string& out, const std::uint8_t* octets) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) out += '.';
    append_number(out, octets[i], 10);
  }
}

struct Run {
  std::size_t first = 0;
  std::size_t length = 0;
};

/// The first of the longest runs of two or more zero groups (RFC 5952 4.2.2, 4.2.3).
Run longest_zero_run(const std::array<std::uint8_t, 16>& octets) {
  Run best;
  Run current;
  for (std::size_t group = 0; group < 8; ++group) {
    if (wire::load_be16(octets.data() + 2 * group) != 0) {
      current.length = 0;
      continue;
    }
    if (current.length == 0) current.first = group;
    ++current.length;
    if (current.length >= 2 && current.length > best.length) best = current;
  }
  return best;
}

void append_v6(std::string& out, const std::array<std::uint8_t, 16>& octets) {
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), octets.begin())) {  // RFC 5952 5
    out += "::ffff:";
    append_v4(out, octets.data() + 12);
    return;
  }
  const Run run = longest_zero_run(octets);
  for (std::size_t group = 0; group < 8; ++group) {
    if (run.length != 0 && group == run.first) {
      out += "::";
      group += run.length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    append_number(out, wire::load_be16(octets.data() + 2 * group), 16);
  }
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress address;
  if (text.find(':') == std::string_view::npos) {
    if (!parse_v4(text, address.octets.data())) return std::nullopt;
    return address;
  }
  address.family = Family::v6;
  if (!parse_v6(text, address.octets)) return std::nullopt;
  return address;
}

std::string IpAddress::text() const {
  std::string out;
  if (is_v4()) {
    append_v4(out, octets.data());
  } else {
    append_v6(out, octets);
  }
  return out;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  std::string_view rest = text.substr(slash + 1);
  const std::optional<unsigned> length = take_decimal(rest, 3);
  if (!address || !length || !rest.empty()) return std::nullopt;
  if (*length > (address->is_v4() ? 32U : 128U)) return std::nullopt;
  return IpPrefix{*address, static_cast<std::uint8_t>(*length)};
}

std::string IpPrefix::text() const {
  std::string out = address.text();
  out += '/';
  append_number(out, length, 10);
  return out;
}

}  // namespace bondbox

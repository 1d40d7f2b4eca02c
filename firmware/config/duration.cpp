#include "firmware/config/duration.hpp"

#include "firmware/text.hpp"

namespace bondbox {
namespace {

std::optional<std::int64_t> unit_ms(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "m") return 60 * 1000;
  if (unit == "h") return 3600 * 1000;
  return std::nullopt;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<Ticks> parse_duration(std::string_view text) {
  constexpr std::size_t digits_max = 12;  // keeps the product below within 64 bits
  std::int64_t number = 0;
  std::int64_t divisor = 1;
  std::size_t at = 0;
  std::size_t digits = 0;
  bool fraction = false;
  for (; at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !fraction)); ++at) {
    if (text[at] == '.') {
      fraction = true;
      continue;
    }
    if (++digits > digits_max) return std::nullopt;
    number = number * 10 + (text[at] - '0');
    if (fraction) divisor *= 10;
  }
  const bool bare_point = at == 0 || text[0] == '.' || text[at - 1] == '.';
  const std::optional<std::int64_t> unit = unit_ms(text.substr(at));
  if (bare_point || !unit || (number * *unit) % divisor != 0) return std::nullopt;
  const std::int64_t milliseconds = number * *unit / divisor;
  if (milliseconds > duration_max_ms) return std::nullopt;
  return ticks_from_ms(milliseconds);
}

std::string duration_text(Ticks span) {
  const auto seconds = static_cast<long long>(span.count / 1000);
  const auto rest = static_cast<int>(span.count % 1000);
  if (seconds == 0 && rest != 0) return format("%dms", rest);
  std::string text = format("%lld", seconds);
  if (rest != 0) {
    text += format(".%03d", rest);
    while (text.back() == '0') text.pop_back();
  }
  return text + "s";
}

}  // namespace bondbox

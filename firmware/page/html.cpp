#include "firmware/page/html.hpp"

#include <cstdint>

namespace bondbox::page {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

/// A character's code and how many bytes it takes; length 0: this is not UTF-8 (RFC 3629).
struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;
};

Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  std::uint32_t code = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  const std::uint32_t least = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < least || code > 0x10ffff || is_surrogate ? Character{} : Character{code, length};
}

/// C0 but for the end of a line, DEL, C1, and what turns the direction of writing (U+200E, U+200F, U+202A to U+202E,
/// U+2066 to U+2069).
bool is_unfit(std::uint32_t code) {
  return (code < 0x20 && code != '\n') || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string all;
  all.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const Character character = first_of(text);
    const std::size_t length = character.length == 0 ? 1 : character.length;
    switch (character.code) {
      case '&':
        all += "&amp;";
        break;
      case '<':
        all += "&lt;";
        break;
      case '>':
        all += "&gt;";
        break;
      case '"':
        all += "&quot;";
        break;
      case '\'':
        all += "&#39;";
        break;
      default:
        all += character.length == 0 || is_unfit(character.code) ? replacement : text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return all;
}

Html& Html::add(std::string_view pattern, std::initializer_list<std::string_view> texts) {
  const std::string_view* next = texts.begin();
  for (const char character : pattern) {
    if (character != '%' && character != '@') {
      all_ += character;
    } else if (next != texts.end()) {
      if (character == '%')
        all_ += escaped(*next++);
      else
        all_ += *next++;
    }
  }
  return *this;
}

}  // namespace bondbox::page

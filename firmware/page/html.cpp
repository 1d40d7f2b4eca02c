#include "firmware/page/html.hpp"

#include "hal/wire/characters.hpp"

namespace bondbox::page {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

}  // namespace

std::string escaped(std::string_view text) {
  std::string all;
  all.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const Character character = first_character(text);
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
        all += character.length == 0 || is_unfit_to_show(character.code) ? replacement : text.substr(0, length);
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

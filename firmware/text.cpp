#include "firmware/text.hpp"

#include <cstdio>

namespace bondbox {
namespace {

void append_list(std::string& text, const char* pattern, std::va_list arguments) {
  std::va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, pattern, arguments);
  if (length > 0) {
    const std::size_t old_size = text.size();
    text.resize(old_size + static_cast<std::size_t>(length) + 1);
    std::vsnprintf(text.data() + old_size, static_cast<std::size_t>(length) + 1, pattern, again);
    text.pop_back();
  }
  va_end(again);
}

}  // namespace

std::string format(const char* pattern, ...) {
  std::string text;
  std::va_list arguments;
  va_start(arguments, pattern);
  append_list(text, pattern, arguments);
  va_end(arguments);
  return text;
}

void append_format(std::string& text, const char* pattern, ...) {
  std::va_list arguments;
  va_start(arguments, pattern);
  append_list(text, pattern, arguments);
  va_end(arguments);
}

}  // namespace bondbox

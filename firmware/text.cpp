#include "firmware/text.hpp"

#include <algorithm>
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

std::string duration_text(std::int64_t ms) {
  const long long seconds = ms / 1000;
  if (ms < 1000) return format("%lld ms", static_cast<long long>(ms));
  if (seconds < 60) return format("%lld s", seconds);
  if (seconds < 3600) return format("%lld m %lld s", seconds / 60, seconds % 60);
  if (seconds < 86400) return format("%lld h %lld m", seconds / 3600, seconds / 60 % 60);
  return format("%lld d %lld h", seconds / 86400, seconds / 3600 % 24);
}

std::string wrapped(const std::string& text) {
  constexpr std::size_t columns = 80;
  std::string result;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    std::string line = text.substr(start, end - start);
    start = end + 1;
    while (line.size() > columns) {
      std::size_t at = line.rfind(", ", columns - 1);
      at = at != std::string::npos && at > columns / 2 ? at + 1 : line.rfind(' ', columns);
      // A number stays with its unit: "for 4" and "s" on the next line is hard to read.
      const std::size_t before = at != std::string::npos && at > 0 ? line.rfind(' ', at - 1) : std::string::npos;
      if (before != std::string::npos && line.find_first_not_of("0123456789", before + 1) == at) at = before;
      if (at == std::string::npos || at < line.find_first_not_of(' ')) at = columns;  // one word is as long
      result += line.substr(0, at) + "\n";
      line = "    " + line.substr(line[at] == ' ' ? at + 1 : at);
    }
    result += line + "\n";
  }
  return result;
}

}  // namespace bondbox

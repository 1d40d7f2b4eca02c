#include "firmware/import/lines.hpp"

#include <algorithm>

namespace bondbox::import {
namespace {

constexpr std::string_view blanks = " \t\r";

}  // namespace

/// One line of the file, its end without blanks.
bool Lines::take_part() {
  const std::size_t end = std::min(rest_.find('\n'), rest_.size());
  std::string_view part = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  ++parts_;
  while (!part.empty() && blanks.find(part.back()) != std::string_view::npos) part.remove_suffix(1);
  const bool goes_on = part.ends_with('\\');
  if (goes_on) part.remove_suffix(1);
  const std::size_t room = line_bytes_max - std::min(line_bytes_max, line_.size());
  cut_ = cut_ || part.size() > room;
  line_.append(part.substr(0, room));
  return goes_on;
}

bool Lines::next() {
  while (!rest_.empty()) {
    line_.clear();
    cut_ = false;
    number_ = parts_ + 1;
    while (take_part() && !rest_.empty()) {
    }
    const std::size_t first = line_.find_first_not_of(blanks);
    if (first == std::string::npos || line_[first] == '#') continue;
    line_.erase(0, first);
    return true;
  }
  return false;
}

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (words.size() < words_max && (at = line.find_first_not_of(blanks, at)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(blanks, at), line.size());
    words.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

std::vector<std::string> split_quoted(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = 0;
  for (const char c : line) {
    if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      inside = true;
    } else if (blanks.find(c) != std::string_view::npos) {
      if (inside) words.push_back(std::move(word));
      word.clear();
      inside = false;
      if (words.size() == words_max) return words;
    } else if (c == '#' && !inside) {
      break;
    } else {
      word += c;
      inside = true;
    }
  }
  if (inside) words.push_back(std::move(word));
  return words;
}

std::vector<std::string> list_items(std::string_view text) {
  std::vector<std::string> items;
  std::size_t at = 0;
  while (at <= text.size() && items.size() < words_max) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    if (end > at) items.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return items;
}

std::string rest_of(std::string_view line, std::size_t words) {
  std::size_t at = line.find_first_not_of(blanks);
  for (std::size_t i = 0; i < words && at != std::string_view::npos; ++i) {
    at = line.find_first_of(blanks, at);
    at = line.find_first_not_of(blanks, at);
  }
  return at == std::string_view::npos ? std::string() : std::string(line.substr(at));
}

}  // namespace bondbox::import

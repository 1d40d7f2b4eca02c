// Lines and words of old configuration files, within limits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bondbox::import {

inline constexpr std::size_t line_bytes_max = 4096;
inline constexpr std::size_t words_max = 256;

/// Gives one logical line after the other: a backslash at the end joins the next, '#' at the beginning of a line makes
/// a comment, and lines that are empty are left out. What is longer than line_bytes_max is cut.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool next();
  const std::string& line() const noexcept { return line_; }
  /// Of its first part, from 1.
  unsigned number() const noexcept { return number_; }
  bool was_cut() const noexcept { return cut_; }

 private:
  bool take_part();

  std::string_view rest_;
  std::string line_;
  unsigned number_ = 0;
  unsigned parts_ = 0;
  bool cut_ = false;
};

/// By spaces and tabs; at most words_max.
std::vector<std::string> split_words(std::string_view line);
/// The same with a shell's quotes taken off, and with '#' in front of a word beginning a comment.
std::vector<std::string> split_quoted(std::string_view line);
/// At commas; empty items are left out.
std::vector<std::string> list_items(std::string_view text);
/// From the word of that index to the end of the line.
std::string rest_of(std::string_view line, std::size_t words);

}  // namespace bondbox::import

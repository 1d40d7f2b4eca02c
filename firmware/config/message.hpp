// What is wrong with something that a person wrote, where, and what would be right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bondbox {

/// In a file lines and columns count from 1, columns in characters. On a command line there is no column and `line`
/// is the number of the argument, from 1.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct ConfigMessage {
  std::string file;  ///< empty: the command line
  Position at;
  std::string wrong;
  std::string right;  ///< may be empty

  /// "bondbox.toml:7:1: unknown option "mimon" in [bond.bond0]; did you mean "miimon"?" or "argument 3: ...".
  std::string text() const;
};

/// Collects all that is wrong, so that a person need not find it one start at a time.
class ConfigMessages {
 public:
  explicit ConfigMessages(std::string_view file) : file_(file) {}

  void error(Position at, std::string wrong, std::string right = {});
  void warning(Position at, std::string wrong, std::string right = {});

  /// Sorted by position; of errors, at most 50.
  std::vector<ConfigMessage> take_errors();
  std::vector<ConfigMessage> take_warnings();
  bool any_error() const noexcept { return !errors_.empty(); }
  std::size_t error_count() const noexcept { return errors_.size(); }
  /// Whether this is about words of a command line rather than about a file.
  bool about_words() const noexcept { return file_.empty(); }

 private:
  std::string file_;
  std::vector<ConfigMessage> errors_;
  std::vector<ConfigMessage> warnings_;
};

}  // namespace bondbox

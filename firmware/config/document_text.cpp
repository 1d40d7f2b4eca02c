#include "firmware/config/document_text.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bondbox {
namespace {

constexpr std::size_t key_parts_max = 32;

/// Walks over TOML just well enough to tell comments, strings and the rest apart.
class Scanner {
 public:
  explicit Scanner(std::string& text) : text_(text) {}

  std::optional<TextProblem> run() {
    for (at_ = 0; at_ < text_.size(); ++at_) {
      const auto byte = static_cast<std::uint8_t>(text_[at_]);
      const bool continues_character = (byte & 0xc0) == 0x80;
      if (!continues_character) ++position_.column;
      if (byte >= 0x80) {
        if (state_ != State::comment)
          return TextProblem{position_, "a character that is not ASCII stands outside a comment",
                             "in a string \\u00e4 stands for it"};
        text_[at_] = '?';
      } else if (byte == '\n') {
        end_line();
      } else {
        step(text_[at_]);
      }
      if (dots_ >= key_parts_max) return TextProblem{position_, "a key has more than 32 parts", {}};
    }
    return std::nullopt;
  }

 private:
  enum class State : std::uint8_t { plain, comment, string, long_string };

  void end_line() {
    ++position_.line;
    position_.column = 0;
    dots_ = 0;
    if (state_ != State::long_string) state_ = State::plain;
  }

  void step(char c) {
    switch (state_) {
      case State::plain:
        if (c == '#') state_ = State::comment;
        if (c == '.') ++dots_;
        if (c == '=' || c == ',') dots_ = 0;
        if (c == '"' || c == '\'') open_string(c);
        break;
      case State::comment:
        break;
      case State::string:
      case State::long_string:
        if (c == '\\' && quote_ == '"' && at_ + 1 < text_.size() && is_plain(text_[at_ + 1]))
          skip(1);
        else if (c == quote_ && (state_ == State::string || three_quotes()))
          close_string();
        break;
    }
  }

  void open_string(char quote) {
    quote_ = quote;
    state_ = State::string;
    if (!three_quotes()) return;
    state_ = State::long_string;
    skip(2);
  }

  void close_string() {
    if (state_ == State::long_string) skip(2);
    state_ = State::plain;
  }

  static bool is_plain(char c) { return c != '\n' && static_cast<std::uint8_t>(c) < 0x80; }
  bool three_quotes() const { return std::string_view(text_).substr(at_, 3) == std::string(3, quote_); }
  void skip(std::size_t bytes) {
    at_ += bytes;
    position_.column += static_cast<std::uint32_t>(bytes);
  }

  std::string& text_;
  std::size_t at_ = 0;
  Position position_{1, 0};
  std::size_t dots_ = 0;
  State state_ = State::plain;
  char quote_ = 0;
};

}  // namespace

std::optional<TextProblem> prepare_text(std::string& text) {
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  return Scanner(text).run();
}

}  // namespace bondbox

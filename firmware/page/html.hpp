// Text for HTML: what comes from outside (names, sentences, events) is escaped.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace bondbox::page {

/// With the five characters that mean something to HTML as references, so that it may stand between tags and in a
/// quoted attribute. Control characters other than the end of a line, what is not UTF-8, and characters that turn the
/// direction of writing become U+FFFD.
std::string escaped(std::string_view text);

class Html {
 public:
  /// The pattern, each '%' in it replaced by the next text, escaped, and each '@' by the next as it stands: markup of
  /// ours.
  Html& add(std::string_view pattern, std::initializer_list<std::string_view> texts = {});
  std::string take() { return std::move(all_); }

 private:
  std::string all_;
};

}  // namespace bondbox::page

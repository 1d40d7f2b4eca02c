// What a document's text must be before it may reach the TOML parser. Private to document.cpp.
#pragma once

#include <optional>
#include <string>

#include "firmware/config/message.hpp"

namespace bondbox {

struct TextProblem {
  Position at;
  std::string wrong;
  std::string right;
};

/// Makes the text plain ASCII: a byte order mark goes, other characters in comments become '?'. Finds what the parser
/// could not be trusted with: characters beyond ASCII elsewhere (toml++ 3.3 has undefined behaviour for some), and keys
/// of so many parts that walking their tables could exhaust the stack.
std::optional<TextProblem> prepare_text(std::string& text);

}  // namespace bondbox

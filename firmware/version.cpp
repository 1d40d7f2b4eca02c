#include "firmware/version.hpp"

#include <cstddef>

namespace bondbox {
namespace {

// Written by the Makefile into build/generated, so that a new commit compiles this file and no other.
#include "version_generated.hpp"

struct FullText {
  char text[sizeof version_text + sizeof commit_text + 3] = {};
  std::size_t length = 0;

  constexpr void append(std::string_view part) {
    for (const char c : part) text[length++] = c;
  }
  constexpr FullText() {
    append(version_text);
    if (std::string_view(commit_text).empty()) return;
    append(" (");
    append(commit_text);
    append(")");
  }
};

constexpr FullText full_text;

}  // namespace

std::string_view version() {
  return version_text;
}

std::string_view version_full() {
  return {full_text.text, full_text.length};
}

}  // namespace bondbox

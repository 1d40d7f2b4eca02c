// The source tree as the frame tests read it.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/source_dir.hpp"

namespace bondbox::test {

inline const std::filesystem::path source_root = test::source_dir();

/// The whole file; empty when it cannot be read.
inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// Paths of the files below a room ("hal", "tests"), relative to the top, sorted by nothing in particular.
inline std::vector<std::string> files_below(const std::string& room) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_root / room)) {
    if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(source_root).generic_string());
  }
  return files;
}

inline bool is_cpp(std::string_view path) {
  return path.ends_with(".cpp") || path.ends_with(".hpp");
}

}  // namespace bondbox::test

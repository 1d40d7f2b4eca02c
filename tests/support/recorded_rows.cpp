#include "tests/support/recorded_rows.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>

#include "tests/support/source_dir.hpp"

namespace bondbox::test {
namespace {

std::string read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "r"), std::fclose);
  std::string text;
  if (!file) return text;
  char part[4096];
  for (std::size_t got; (got = std::fread(part, 1, sizeof part, file.get())) != 0;) text.append(part, got);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    parts.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

}  // namespace

std::vector<std::vector<std::string>> read_recorded_rows(std::string_view name) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : split(read_file(recording(std::string(name))), '\n')) {
    if (!line.empty()) rows.push_back(split(line, ','));
  }
  return rows;
}

std::vector<std::uint8_t> bytes_from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return {};
  std::vector<std::uint8_t> bytes(hex.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* const at = hex.data() + i * 2;
    if (std::from_chars(at, at + 2, bytes[i], 16).ptr != at + 2) return {};
  }
  return bytes;
}

}  // namespace bondbox::test

#include "tests/support/documents.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/source_dir.hpp"

namespace bondbox::test {
namespace {

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string trimmed(std::string_view line) {
  const std::size_t end = line.find_last_not_of(" \r");
  return std::string(line.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

/// "console on no-link" -> its two parts.
void read_info(std::string_view info, Block& block) {
  const std::size_t space = info.find(' ');
  block.language = std::string(info.substr(0, space));
  if (space != std::string_view::npos) block.rule = trimmed(info.substr(space + 1));
}

/// mdoc's escapes, as far as the pages use them.
std::string unescaped(std::string line) {
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>{"\\&", ""}, {"\\e", "\\"}, {"\\-", "-"}}) {
    for (std::size_t at = line.find(from); at != std::string::npos; at = line.find(from, at + to.size()))
      line.replace(at, from.size(), to);
  }
  return line;
}

/// "..." within a line stands for any text.
bool is_line_as_shown(const std::string& shown, const std::string& line) {
  const std::size_t gap = shown.find("...");
  if (gap == std::string::npos) return shown == line;
  const std::string_view end = std::string_view(shown).substr(gap + 3);
  return line.size() >= gap + end.size() && line.compare(0, gap, shown, 0, gap) == 0 && line.ends_with(end);
}

/// From `i` on in the lines; both end with the last of them.
bool matches(const std::vector<std::string>& shown, std::size_t i, const std::vector<std::string>& lines,
             std::size_t j) {
  for (; i < shown.size(); ++i, ++j) {
    if (shown[i] == "...") {
      for (std::size_t rest = j; rest <= lines.size(); ++rest)
        if (matches(shown, i + 1, lines, rest)) return true;
      return false;
    }
    if (j == lines.size() || !is_line_as_shown(trimmed(shown[i]), trimmed(lines[j]))) return false;
  }
  return j == lines.size();
}

}  // namespace

std::vector<std::string> documents() {
  std::vector<std::string> files = {"README.md", "ARCHITECTURE.md", "CHANGELOG.md"};
  const std::filesystem::path top = source_dir();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(top / "board")) {
    const std::string path = entry.path().lexically_relative(top).generic_string();
    if (path.ends_with(".md") || path.starts_with("board/man/")) files.push_back(path);
  }
  std::sort(files.begin() + 3, files.end());
  return files;
}

std::vector<Block> markdown_blocks(std::string_view text) {
  std::vector<Block> blocks;
  bool inside = false;
  std::size_t indent = 0;
  int number = 0;
  for (const std::string& line : split_lines(text)) {
    ++number;
    const std::size_t start = line.find_first_not_of(' ');
    if (start != std::string::npos && line.compare(start, 3, "```") == 0) {
      if (!inside) {
        blocks.push_back({});
        blocks.back().line = number;
        read_info(std::string_view(line).substr(start + 3), blocks.back());
        indent = start;
      }
      inside = !inside;
    } else if (inside) {
      blocks.back().text += line.substr(std::min(indent, start == std::string::npos ? line.size() : start)) + "\n";
    }
  }
  return blocks;
}

std::vector<Block> mdoc_blocks(std::string_view text) {
  std::vector<Block> blocks;
  std::string info;
  bool inside = false;
  int number = 0;
  for (const std::string& line : split_lines(text)) {
    ++number;
    if (line.starts_with(".Bd ")) {
      blocks.push_back({});
      blocks.back().line = number;
      read_info(info, blocks.back());
      inside = true;
    } else if (line == ".Ed") {
      inside = false;
    } else if (inside) {
      blocks.back().text += unescaped(line) + "\n";
    }
    info = line.starts_with(".\\\" ") ? line.substr(4) : std::string();
  }
  return blocks;
}

std::vector<Block> blocks_of(const std::string& file) {
  std::ifstream stream(source_dir() + "/" + file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  std::vector<Block> blocks = file.ends_with(".md") ? markdown_blocks(text) : mdoc_blocks(text);
  for (Block& block : blocks) block.file = file;
  return blocks;
}

std::vector<Shown> commands_in(const Block& block) {
  std::vector<Shown> commands;
  int number = block.line;
  for (const std::string& line : split_lines(block.text)) {
    ++number;
    if (line.starts_with("# ") || line.starts_with("$ "))
      commands.push_back({number, line.substr(2), {}});
    else if (!commands.empty())
      commands.back().output += line + "\n";
  }
  return commands;
}

bool is_as_shown(std::string_view shown, std::string_view output) {
  return matches(split_lines(shown), 0, split_lines(output), 0);
}

}  // namespace bondbox::test

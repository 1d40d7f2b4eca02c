// The examples in the documents, as the tests that run them read them. What is to be done with a block stands behind
// the language that its fence names: "```console on no-link"; in a manual page above it, in a comment: ".\" on
// no-link".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bondbox::test {

struct Block {
  std::string file;      ///< below the top of the source tree
  int line = 0;          ///< of the opening fence
  std::string language;  ///< "toml"; empty where none is named
  std::string rule;      ///< what stands behind it: "on no-link", "not run: a drawing"; empty: the language's own rule
  std::string text;

  std::string where() const { return file + ":" + std::to_string(line); }
  bool is_run() const { return !rule.starts_with("not run: "); }
};

/// All documents with examples, below the top of the source tree.
std::vector<std::string> documents();

/// The fenced blocks of a Markdown file, or the literal displays of an mdoc(7) file.
std::vector<Block> blocks_of(const std::string& file);
std::vector<Block> markdown_blocks(std::string_view text);
std::vector<Block> mdoc_blocks(std::string_view text);

/// A command that a block shows behind "# " or "$ ", with the output that it shows below it.
struct Shown {
  int line = 0;
  std::string command;
  std::string output;
};
std::vector<Shown> commands_in(const Block& block);

/// Whether `output` is what is shown: line by line, without spaces at their ends; a line "..." stands for any number of
/// lines, "..." within a line for any text.
bool is_as_shown(std::string_view shown, std::string_view output);

}  // namespace bondbox::test

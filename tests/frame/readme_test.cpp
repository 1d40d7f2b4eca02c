#include <boost/test/unit_test.hpp>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/frame/command.hpp"
#include "tests/frame/source_tree.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::test {
namespace {

struct Block {
  std::string language;
  int line = 0;  ///< of the opening fence
  std::string text;
};

std::vector<Block> fenced_blocks(const std::string& markdown) {
  std::vector<Block> blocks;
  bool inside = false;
  int number = 0;
  for (const std::string& line : lines_of(markdown)) {
    ++number;
    if (line.starts_with("```")) {
      if (!inside) blocks.push_back({line.substr(3), number, {}});
      inside = !inside;
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    if (word.starts_with("#")) break;
    words.push_back(word);
  }
  return words;
}

/// The words of every line with a prompt ("$ " or "# ") in the shell blocks, without prompt and sudo.
struct Command {
  int line = 0;
  std::vector<std::string> words;
};

std::vector<Command> commands_of(const std::string& markdown) {
  std::vector<Command> commands;
  for (const Block& block : fenced_blocks(markdown)) {
    if (block.language != "sh" && block.language != "console") continue;
    int number = block.line;
    for (const std::string& line : lines_of(block.text)) {
      ++number;
      if (!line.starts_with("$ ") && !line.starts_with("# ")) continue;
      std::vector<std::string> words = words_of(line.substr(2));
      if (!words.empty() && words.front() == "sudo") words.erase(words.begin());
      if (!words.empty()) commands.push_back({number, words});
    }
  }
  return commands;
}

bool is_bondbox(const std::string& word) {
  return word == "bondbox" || word.ends_with("/bondbox");
}

bool has_target(const std::string& target) {
  const std::string makefile = "\n" + read_text(source_root / "Makefile");
  return makefile.find("\n" + target + ":") != std::string::npos;
}

std::string readme() {
  return read_text(source_root / "README.md");
}

/// What the program says of a TOML block: empty when it is content.
std::string complaint_about_toml(const std::string& text) {
  const ScratchDirectory scratch;
  const std::filesystem::path file = scratch.path() + "/readme.toml";
  std::ofstream(file) << text;
  const bool scenario = text.find("[[nic]]") != std::string::npos;
  const CommandResult result = run_bondbox((scenario ? "sim " : "check -c ") + file.string());
  return result.status == 0 ? "" : "exit status " + std::to_string(result.status) + ": " + result.err;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(readme_commands)

BOOST_AUTO_TEST_CASE(the_readme_shows_the_two_commands_of_a_newcomer) {
  bool run = false;
  bool test = false;
  for (const Command& command : commands_of(readme())) {
    if (command.words.size() < 2 || command.words[0] != "make") continue;
    run = run || command.words[1] == "run";
    test = test || command.words[1] == "test";
  }
  BOOST_TEST(run);
  BOOST_TEST(test);
}

BOOST_AUTO_TEST_CASE(every_make_target_in_the_readme_exists) {
  for (const Command& command : commands_of(readme())) {
    if (command.words[0] != "make") continue;
    for (std::size_t i = 1; i < command.words.size(); ++i) {
      const std::string& word = command.words[i];
      if (word.starts_with("-") || word.find('=') != std::string::npos) continue;
      BOOST_TEST(has_target(word), "README.md:" << command.line << ": make has no target " << word);
    }
  }
  BOOST_TEST(!has_target("no-such-target"));
}

BOOST_AUTO_TEST_CASE(every_bondbox_command_in_the_readme_exists) {
  for (const Command& command : commands_of(readme())) {
    if (!is_bondbox(command.words[0])) continue;
    // `bondbox --run-dir DIR status`: the command is the first word that help knows.
    std::string help;
    for (std::size_t i = 1; i < command.words.size() && help.empty(); ++i) {
      if (!std::islower(static_cast<unsigned char>(command.words[i][0]))) continue;
      const CommandResult result = run_bondbox("help " + command.words[i]);
      if (result.status == 0) help = result.out;
    }
    const bool is_help = command.words.size() > 1 && command.words[1] == "--help";
    BOOST_TEST((is_help || !help.empty()), "README.md:" << command.line << ": bondbox knows no such command");
    const std::string general = run_bondbox("help").out;
    for (const std::string& word : command.words) {
      if (word == "--") break;
      if (!word.starts_with("--")) continue;
      const std::string option = word.substr(0, word.find('='));
      const bool known = help.find(option) != std::string::npos || general.find(option) != std::string::npos;
      BOOST_TEST(known, "README.md:" << command.line << ": help does not name " << option);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_configuration_in_the_readme_is_accepted) {
  std::size_t seen = 0;
  for (const Block& block : fenced_blocks(readme())) {
    if (block.language != "toml") continue;
    ++seen;
    const std::string complaint = complaint_about_toml(block.text);
    BOOST_TEST(complaint.empty(), "README.md:" << block.line << ": " << complaint);
  }
  BOOST_TEST(seen > 0U);
  BOOST_TEST(!complaint_about_toml("[bond.bond0]\nno_such_key = 1\n").empty());
}

BOOST_AUTO_TEST_CASE(every_path_that_the_readme_links_to_exists) {
  const std::string text = readme();
  for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 2)) {
    const std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
    if (target.find("://") != std::string::npos || target.starts_with("#")) continue;
    BOOST_TEST(std::filesystem::exists(source_root / target.substr(0, target.find('#'))),
               "README.md links to " << target);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

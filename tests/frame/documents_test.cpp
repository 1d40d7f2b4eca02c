// Every example in the documents is run: what a fence names as its language, and what stands behind it, says how.
//
//   toml                  a configuration: `bondbox check` is content; with [[nic]]s a scenario: `bondbox sim` is
//   toml refused          `bondbox check` is not content
//   toml imported         what `bondbox import` makes of the blocks below, since the last of these
//   modprobe interfaces uci    files of old: `bondbox import` carries all of it
//   interfaces ifup       and ifup brings it up (tests/lab/documents_test.cpp)
//   sh, console           commands behind "# " or "$ ": make has the target, bondbox the command and its options
//   console checked       and for `bondbox run` what `bondbox check` says of the same words
//   console on STAGE      typed on a simulated board (tests/support/stages/STAGE.toml), and the output is as shown
//   console alone         typed where no bondbox runs, beside the last configuration as bondbox.toml
//   console in the lab    typed on an appliance of namespaces (tests/lab/documents_test.cpp)
//   not run: REASON       behind any language
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/frame/command.hpp"
#include "tests/frame/source_tree.hpp"
#include "tests/support/documents.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/stage.hpp"

namespace bondbox::test {
namespace {

const std::map<std::string, std::string> files_of_old = {
    {"modprobe", "bonding.conf"}, {"interfaces", "interfaces"}, {"uci", "network"}};

bool is_command_block(const Block& block) {
  return block.is_run() && (block.language == "sh" || block.language == "console");
}

/// Calls `visit` for every block of every document.
template <class Visit>
std::size_t for_each_block(Visit visit) {
  std::size_t visited = 0;
  for (const std::string& file : documents())
    for (const Block& block : blocks_of(file)) visited += visit(block) ? 1 : 0;
  return visited;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    if (word.starts_with("#") || word == "|") break;
    words.push_back(word);
  }
  if (!words.empty() && words.front() == "sudo") words.erase(words.begin());
  return words;
}

bool is_bondbox(const std::string& word) {
  return word == "bondbox" || word.ends_with("/bondbox");
}

bool has_target(const std::string& target) {
  return ("\n" + read_text(source_root / "Makefile")).find("\n" + target + ":") != std::string::npos;
}

const std::string& help_of(const std::string& what) {
  static std::map<std::string, std::string> known;
  const auto [at, is_new] = known.try_emplace(what);
  if (is_new) {
    const CommandResult result = run_bondbox("help " + what);
    if (result.status == 0) at->second = result.out;
  }
  return at->second;
}

/// What is wrong with the words of a make or bondbox command; empty: nothing.
std::string complaint_about(const std::vector<std::string>& words) {
  if (words.empty()) return "is empty";
  if (words[0] == "make") {
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i].starts_with("-") || words[i].find('=') != std::string::npos) continue;
      if (!has_target(words[i])) return "make has no target " + words[i];
    }
    return "";
  }
  if (!is_bondbox(words[0])) return "no rule runs " + words[0];
  // `bondbox --run-dir DIR status`: the command is the first word that help knows.
  std::string help;
  for (std::size_t i = 1; i < words.size() && help.empty(); ++i)
    if (std::islower(static_cast<unsigned char>(words[i][0]))) help = help_of(words[i]);
  if (help.empty() && !(words.size() > 1 && words[1] == "--help")) return "bondbox knows no such command";
  for (const std::string& word : words) {
    if (word == "--") break;
    if (!word.starts_with("--")) continue;
    const std::string option = word.substr(0, word.find('='));
    if (help.find(option) == std::string::npos && help_of("").find(option) == std::string::npos)
      return "help does not name " + option;
  }
  return "";
}

/// What the program says of a TOML block: empty when it is content.
std::string complaint_about_toml(const std::string& text) {
  const ScratchDirectory scratch;
  const std::string file = scratch.path() + "/document.toml";
  std::ofstream(file) << text;
  const bool scenario = text.find("[[nic]]") != std::string::npos;
  const CommandResult result = run_bondbox((scenario ? "sim " : "check -c ") + file);
  return result.status == 0 ? "" : "exit status " + std::to_string(result.status) + ": " + result.err;
}

/// Without comments, and without the spaces before them.
std::string without_origins(const std::string& toml) {
  return std::regex_replace(toml, std::regex(" *#[^\n]*"), "");
}

/// A directory with what the last blocks hold, for the commands of the next ones.
class Desk {
 public:
  void put(const std::string& name, const std::string& text) { std::ofstream(scratch_.path() + "/" + name) << text; }

  /// As typed there: stdout and stderr together. No bondbox runs.
  std::string type(const std::string& line) {
    put("line", "cd " + scratch_.path() + "\nPATH=" + scratch_.path() + "/bin:$PATH\n" + line + "\n");
    return run_shell("export BONDBOX_RUN_DIR=/nonexistent; sh " + scratch_.path() + "/line 2>&1").out;
  }

  /// Where bondbox is a command.
  std::string bin() const { return scratch_.path() + "/bin"; }

  Desk() {
    const char* const given = std::getenv("BONDBOX");
    const std::string program = std::filesystem::absolute(source_root / (given ? given : "build/bondbox")).string();
    std::filesystem::create_directory(scratch_.path() + "/bin");
    std::filesystem::create_symlink(program, scratch_.path() + "/bin/bondbox");
  }

 private:
  ScratchDirectory scratch_;
};

const Desk& desk() {
  static const Desk empty;
  return empty;
}

/// The commands of a page of examples, each as it is run.
void check_commands(const Block& block) {
  const std::vector<Shown> commands = commands_in(block);
  BOOST_TEST(!commands.empty(), block.where() << ": there is no command behind a prompt");
  for (const Shown& shown : commands) {
    const std::string complaint = complaint_about(words_of(shown.command));
    BOOST_TEST(complaint.empty(), block.file << ":" << shown.line << ": " << shown.command << ": " << complaint);
  }
}

void check_run_words(const Block& block) {
  for (const Shown& shown : commands_in(block)) {
    const std::vector<std::string> words = words_of(shown.command);
    if (words.size() < 3 || words[1] != "run" || words[2].starts_with("-")) continue;
    std::string line = "check";
    for (std::size_t i = 2; i < words.size(); ++i) line += " " + words[i];
    const CommandResult result = run_bondbox(line);
    BOOST_TEST(result.status == 0, block.file << ":" << shown.line << ": " << result.err);
  }
}

template <class Type>
void compare_with(const Block& block, Type type) {
  for (const Shown& shown : commands_in(block)) {
    const std::string said = type(shown.command);
    BOOST_TEST(is_as_shown(shown.output, said), block.file << ":" << shown.line << ": " << shown.command << " says:\n"
                                                           << said);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(document_examples)

BOOST_AUTO_TEST_CASE(every_example_has_a_rule_that_runs_it_or_a_reason_why_not) {
  const std::set<std::string> rules = {"toml",       "toml refused",    "toml imported", "modprobe",
                                       "interfaces", "interfaces ifup", "uci",           "sh",
                                       "console",    "console checked", "console alone", "console in the lab"};
  const std::size_t seen = for_each_block([&rules](const Block& block) {
    if (!block.is_run()) {
      BOOST_TEST(block.rule.size() > 14U, block.where() << ": the reason is missing");
      return false;
    }
    const std::string name = block.language + (block.rule.empty() ? "" : " " + block.rule);
    BOOST_TEST((rules.contains(name) || name.starts_with("console on ")), block.where()
                                                                              << ": no rule runs \"" << name << "\"");
    return true;
  });
  BOOST_TEST(seen > 50U);
}

BOOST_AUTO_TEST_CASE(every_configuration_is_accepted_or_refused_as_it_says) {
  const std::size_t seen = for_each_block([](const Block& block) {
    if (block.language != "toml" || !block.is_run()) return false;
    const std::string complaint = complaint_about_toml(block.text);
    BOOST_TEST(complaint.empty() == (block.rule != "refused"), block.where() << ": " << complaint);
    return true;
  });
  BOOST_TEST(seen > 15U);
  BOOST_TEST(!complaint_about_toml("[bond.bond0]\nno_such_key = 1\n").empty());
}

BOOST_AUTO_TEST_CASE(every_file_of_old_is_imported_into_what_stands_beside_it) {
  std::size_t compared = 0;
  for (const std::string& document : documents()) {
    Desk desk;
    std::string names;
    for (const Block& block : blocks_of(document)) {
      if (!block.is_run()) continue;
      if (const auto old = files_of_old.find(block.language); old != files_of_old.end()) {
        desk.put(old->second, block.text);
        names += " " + old->second;
      } else if (block.language == "toml" && block.rule == "imported") {
        const std::string made = desk.type("bondbox import" + names);
        BOOST_TEST(without_origins(made) == block.text, block.where() << ": bondbox import" << names << " says:\n"
                                                                      << made);
        names.clear();
        ++compared;
      }
    }
    BOOST_TEST(names.empty(), document << ": nothing stands beside" << names);
  }
  BOOST_TEST(compared >= 3U);
}

BOOST_AUTO_TEST_CASE(every_make_and_bondbox_command_exists_with_its_options) {
  const std::size_t seen = for_each_block([](const Block& block) {
    if (!is_command_block(block) || (!block.rule.empty() && block.rule != "checked")) return false;
    check_commands(block);
    check_run_words(block);
    return true;
  });
  BOOST_TEST(seen > 3U);
  BOOST_TEST(complaint_about({"make", "no-such-target"}) != "");
  BOOST_TEST(complaint_about({"bondbox", "fly"}) != "");
  BOOST_TEST(complaint_about({"bondbox", "status", "--no-such-option"}) != "");
}

/// What bondbox(8) shows with each command comes from the program's help.
BOOST_AUTO_TEST_CASE(every_example_of_the_programs_help_is_understood_by_it) {
  // Some that would do something where nobody asked for it are only looked at.
  const std::set<std::string> not_typed = {"run", "add", "init", "upgrade", "console", "capture", "page"};
  std::size_t typed = 0;
  for (const std::string& entry : lines_of(help_of(""))) {
    const std::vector<std::string> words = words_of(entry);
    if (!entry.starts_with("  ") || words.empty()) continue;
    for (const std::string& line : lines_of(help_of(words[0]))) {
      if (!line.starts_with("  bondbox ")) continue;
      const std::string complaint = complaint_about(words_of(line));
      BOOST_TEST(complaint.empty(), line << ": " << complaint);
      const std::string example = line.substr(10);
      if (words[0] == "run" || words[0] == "add") {
        BOOST_TEST(run_bondbox("check" + example.substr(3)).status == 0, line);
      } else if (!not_typed.contains(words[0]) && line.find("$(") == std::string::npos) {
        const CommandResult said =
            run_shell("export BONDBOX_RUN_DIR=/nonexistent; PATH=" + desk().bin() + ":$PATH; " + line);
        BOOST_TEST(said.status < 2, line << " ends with " << said.status << ": " << said.err);
      }
      ++typed;
    }
  }
  BOOST_TEST(typed > 20U);
}

/// In the text: `bondbox set bond0 miimon 50`.
BOOST_AUTO_TEST_CASE(every_bondbox_command_between_backticks_exists_with_its_options) {
  std::size_t seen = 0;
  const std::regex quoted("`(bondbox [^`\n]+)`");
  for (const std::string& document : documents()) {
    if (!document.ends_with(".md") || document == "CHANGELOG.md") continue;
    int number = 0;
    for (const std::string& line : lines_of(read_text(source_root / document))) {
      ++number;
      for (std::sregex_iterator at(line.begin(), line.end(), quoted), end; at != end; ++at) {
        const std::string complaint = complaint_about(words_of((*at)[1].str()));
        BOOST_TEST(complaint.empty(), document << ":" << number << ": " << (*at)[1].str() << ": " << complaint);
        ++seen;
      }
    }
  }
  BOOST_TEST(seen > 50U);
}

BOOST_AUTO_TEST_CASE(every_key_of_the_json_status_is_told_in_architecture) {
  const std::string all = read_text(source_root / "ARCHITECTURE.md");
  const std::size_t from = all.find("\n## JSON status\n");
  BOOST_REQUIRE(from != std::string::npos);
  const std::string told = all.substr(from, all.find("\n## ", from + 1) - from);
  const std::string source = read_text(source_root / "firmware/render_json.cpp");
  const std::regex key("(?:\\{|\\[)\"([a-z_]+)\"(?:,\\s+(?![\\s\"])|\\])");
  std::set<std::string> keys;
  for (std::sregex_iterator at(source.begin(), source.end(), key), end; at != end; ++at) keys.insert((*at)[1].str());
  for (const std::string& name : keys) BOOST_TEST(told.find("`" + name + "`") != std::string::npos, name);
  BOOST_TEST(keys.size() > 100U);
}

BOOST_AUTO_TEST_CASE(every_command_on_a_simulated_board_says_what_is_shown) {
  const std::size_t seen = for_each_block([](const Block& block) {
    if (!block.is_run() || !block.rule.starts_with("on ")) return false;
    Stage stage(block.rule.substr(3));
    compare_with(block, [&stage](const std::string& line) { return stage.type(line); });
    return true;
  });
  BOOST_TEST(seen > 10U);
}

BOOST_AUTO_TEST_CASE(every_command_where_no_bondbox_runs_says_what_is_shown) {
  std::size_t seen = 0;
  for (const std::string& document : documents()) {
    Desk desk;
    for (const Block& block : blocks_of(document)) {
      if (block.language == "toml" && block.is_run()) desk.put("bondbox.toml", block.text);
      if (block.rule != "alone") continue;
      ++seen;
      compare_with(block, [&desk](const std::string& line) { return desk.type(line); });
    }
  }
  BOOST_TEST(seen > 2U);
}

BOOST_AUTO_TEST_CASE(every_path_that_a_document_links_to_exists) {
  for (const std::string& document : documents()) {
    if (!document.ends_with(".md")) continue;
    const std::string text = read_text(source_root / document);
    const std::filesystem::path place = (source_root / document).parent_path();
    for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 2)) {
      const std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
      if (target.find("://") != std::string::npos) continue;
      const std::size_t hash = target.find('#');
      const std::filesystem::path path = hash == 0 ? source_root / document : place / target.substr(0, hash);
      BOOST_TEST(std::filesystem::exists(path), document << " links to " << target);
      if (hash == std::string::npos || !std::filesystem::is_regular_file(path)) continue;
      // A heading, as its address is made: lower case, without signs, words joined by "-".
      std::set<std::string> headings;
      for (const std::string& line : lines_of(read_text(path))) {
        if (!line.starts_with("#")) continue;
        std::string name;
        for (const char c : line.substr(line.find_first_not_of("# "))) {
          if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_')
            name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
          else if (c == ' ')
            name += '-';
        }
        headings.insert(name);
      }
      BOOST_TEST(headings.contains(target.substr(hash + 1)), document << " links to " << target);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_a_fence_says_is_read) {
  const std::vector<Block> markdown = markdown_blocks(
      "a\n```toml\nb\n```\n  ```console on no-link\n  # c\n  d\n  ...\n  ```\n```text not run: a drawing\n```\n");
  BOOST_REQUIRE(markdown.size() == 3U);
  BOOST_TEST(markdown[0].line == 2);
  BOOST_TEST(markdown[0].text == "b\n");
  BOOST_TEST(markdown[1].language == "console");
  BOOST_TEST(markdown[1].rule == "on no-link");
  BOOST_REQUIRE(commands_in(markdown[1]).size() == 1U);
  BOOST_TEST(commands_in(markdown[1])[0].command == "c");
  BOOST_TEST(commands_in(markdown[1])[0].output == "d\n...\n");
  BOOST_TEST(!markdown[2].is_run());
  const std::vector<Block> mdoc = mdoc_blocks(".\\\" sh\n.Bd -literal\n# bondbox\n.Ed\n.Bd -literal\nx\n.Ed\n");
  BOOST_REQUIRE(mdoc.size() == 2U);
  BOOST_TEST(mdoc[0].language == "sh");
  BOOST_TEST(mdoc[0].text == "# bondbox\n");
  BOOST_TEST(mdoc[1].language == "");
}

BOOST_AUTO_TEST_CASE(dots_stand_for_what_is_not_shown) {
  BOOST_TEST(is_as_shown("a\n...\nd\n", "a\nb\nc\nd\n"));
  BOOST_TEST(is_as_shown("a\n...\n", "a\n"));
  BOOST_TEST(is_as_shown("a 1...\n", "a 12\n"));
  BOOST_TEST(is_as_shown("", ""));
  BOOST_TEST(!is_as_shown("", "a\n"));
  BOOST_TEST(!is_as_shown("a\n...\nd\n", "a\nb\nc\n"));
  BOOST_TEST(!is_as_shown("a\n", "a\nb\n"));
  BOOST_TEST(!is_as_shown("a 1...\n", "b 12\n"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

#include <boost/test/unit_test.hpp>
#include <cctype>
#include <cstdlib>
#include <set>
#include <span>
#include <string>

#include "firmware/config/file_keys.hpp"
#include "firmware/version.hpp"
#include "tests/frame/command.hpp"
#include "tests/frame/source_tree.hpp"

namespace bondbox::test {
namespace {

constexpr const char* commands[] = {"run",      "check",   "status",  "get",       "set",     "enslave", "release",
                                    "activate", "add",     "remove",  "ifenslave", "reload",  "events",  "which",
                                    "explain",  "sim",     "version", "help",      "import",  "init",    "page",
                                    "drill",    "upgrade", "trace",   "capture",   "console", "replay"};

/// The long options that a help text names: "--format" of "--format text|proc|json".
std::set<std::string> options_in(const std::string& text) {
  std::set<std::string> options;
  for (std::size_t at = text.find("--"); at != std::string::npos; at = text.find("--", at + 2)) {
    std::size_t end = at + 2;
    while (end < text.size() && (std::islower(static_cast<unsigned char>(text[end])) || text[end] == '-')) ++end;
    if (end > at + 2) options.insert(text.substr(at, end - at));
    at = end - 2;
  }
  return options;
}

bool is_content(const std::string& complaint) {
  return complaint.find("unknown option") == std::string::npos && complaint.find("unexpected") == std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(help)

BOOST_AUTO_TEST_CASE(help_names_every_command) {
  const CommandResult help = run_bondbox("help");
  BOOST_TEST(help.status == 0);
  for (const char* command : commands) {
    BOOST_TEST(help.out.find(std::string(" ") + command + " ") != std::string::npos, "help does not name " << command);
  }
  BOOST_TEST(run_bondbox("--help").out == help.out);
}

BOOST_AUTO_TEST_CASE(every_command_explains_itself_with_an_example) {
  for (const char* command : commands) {
    const CommandResult by_help = run_bondbox(std::string("help ") + command);
    const CommandResult by_option = run_bondbox(std::string(command) + " --help");
    BOOST_TEST(by_help.status == 0, "help " << command << ": " << by_help.err);
    BOOST_TEST(by_option.status == 0, command << " --help: " << by_option.err);
    BOOST_TEST(by_help.out == by_option.out, "help " << command << " and " << command << " --help differ");
    BOOST_TEST(by_help.out.find(std::string("bondbox ") + command) != std::string::npos,
               "help " << command << " shows no example");
  }
}

BOOST_AUTO_TEST_CASE(every_option_that_help_names_is_known_to_its_command) {
  // Nothing listens there, so that a command cannot do more than look at its words.
  setenv("BONDBOX_RUN_DIR", "/nonexistent", 1);
  for (const char* command : commands) {
    const std::string text = run_bondbox(std::string("help ") + command).out;
    for (const std::string& option : options_in(text)) {
      // Without --help, which would keep the command from looking at the rest; some options take a value.
      const std::string words = std::string(command) + " " + option;
      const std::string complaint = run_bondbox(words).err;
      BOOST_TEST((is_content(complaint) || is_content(run_bondbox(words + " 1").err)), words << ": " << complaint);
    }
  }
  unsetenv("BONDBOX_RUN_DIR");
}

BOOST_AUTO_TEST_CASE(what_a_file_may_have_beside_options_is_listed_and_explained) {
  const std::string list = run_bondbox("help options").out;
  for (const std::span<const FileKey> keys : {std::span<const FileKey>(program_keys), {bond_keys}}) {
    for (const FileKey& key : keys) {
      const CommandResult help = run_bondbox("help " + std::string(key.name));
      BOOST_TEST(help.status == 0, key.name);
      BOOST_TEST(help.out.starts_with(std::string(key.name) + ": "), help.out);
      BOOST_TEST(list.find("\n  " + std::string(key.name) + " ") != std::string::npos, key.name);
    }
  }
  BOOST_TEST(run_bondbox("help reders").err.find("did you mean \"readers\"?") != std::string::npos);
  BOOST_TEST(run_bondbox("help stats").err.find("did you mean \"status\"?") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_option_that_does_not_exist_is_refused) {
  for (const char* command : commands) {
    const CommandResult result = run_bondbox(std::string(command) + " --no-such-option");
    BOOST_TEST(result.status == 2, command << " --no-such-option ends with " << result.status);
    BOOST_TEST(!result.err.empty(), command << " --no-such-option says nothing");
    BOOST_TEST(result.out.empty(), command << " --no-such-option writes to stdout");
  }
}

BOOST_AUTO_TEST_CASE(a_command_that_does_not_exist_is_refused_with_a_sentence) {
  for (const char* words : {"no-such-command", "help no-such-command"}) {
    const CommandResult result = run_bondbox(words);
    BOOST_TEST(result.status == 2, words << " ends with " << result.status);
    BOOST_TEST(result.err.find("no-such-command") != std::string::npos, words << " says: " << result.err);
  }
}

BOOST_AUTO_TEST_CASE(version_is_the_release_of_the_makefile) {
  BOOST_TEST(run_bondbox("version").out.find(version()) != std::string::npos);
  BOOST_TEST(read_text(source_root / "Makefile").find("VERSION := " + std::string(version()) + "\n") !=
             std::string::npos);
  BOOST_TEST(version_full().starts_with(version()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

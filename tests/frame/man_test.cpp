// The manual pages are made from what the program says of itself, and mandoc finds nothing wrong with them.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "firmware/option_table.hpp"
#include "tests/frame/command.hpp"
#include "tests/frame/source_tree.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::test {
namespace {

namespace ut = boost::unit_test;

boost::test_tools::assertion_result has_mandoc(ut::test_unit_id) {
  boost::test_tools::assertion_result here(run_shell("command -v mandoc").status == 0);
  here.message() << "there is no mandoc";
  return here;
}

struct Pages {
  Pages() {
    const char* const given = std::getenv("BONDBOX");
    const CommandResult made =
        run_shell(std::string("toolchain/man.sh ") + (given != nullptr ? given : "build/bondbox") + " " + place.path());
    BOOST_REQUIRE(made.status == 0);
    BOOST_TEST(made.err.empty(), made.err);
  }
  std::string read(const std::string& page) const {
    return run_shell("mandoc -Tascii -O width=78 " + place.path() + "/" + page + " | col -b").out;
  }
  ScratchDirectory place;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(manual_pages, *ut::precondition(has_mandoc))

// Which other pages are installed is the machine's affair.
BOOST_AUTO_TEST_CASE(mandoc_has_nothing_to_say_of_them) {
  const Pages pages;
  const CommandResult lint =
      run_shell("mandoc -Tlint -W all " + pages.place.path() +
                "/* 2>&1 | grep -v -e \"referenced manual not found\" -e \"outdated mandoc.db\"");
  BOOST_TEST(lint.out.empty(), lint.out);
}

BOOST_AUTO_TEST_CASE(every_command_and_every_option_is_explained) {
  const Pages pages;
  const std::string commands = pages.read("bondbox.8");
  std::istringstream help(run_bondbox("help").out);
  int found = 0;
  for (std::string line; std::getline(help, line);) {
    if (!line.starts_with("  ")) continue;
    ++found;
    const std::string name = line.substr(2, line.find(' ', 2) - 2);
    BOOST_TEST(commands.find("\n     " + name + "\n") != std::string::npos, name);
  }
  BOOST_TEST(found > 15);
  const std::string options = pages.read("bondbox.toml.5");
  for (const OptionInfo& option : all_options())
    BOOST_TEST(options.find("\n     " + std::string(option.name)) != std::string::npos, option.name);
}

/// Options are above; the rest stands in the readers of configurations and scenarios.
BOOST_AUTO_TEST_CASE(every_key_that_a_file_may_have_is_explained) {
  std::set<std::string> keys;
  const auto collect = [&keys](const std::string& text, const char* pattern) {
    const std::regex expression(pattern);
    for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at)
      keys.insert((*at)[1].str());
  };
  for (const std::string& path : files_below("firmware/config")) {
    if (!path.ends_with(".cpp")) continue;
    const std::string text = read_text(source_root / path);
    collect(text, "entry\\.key == \"(\\w+)\"");
    collect(text, "key\\.name == \"(\\w+)\"");
    collect(text, "\\{\"(\\w+)\", &StepReader::");
    // Lists of all keys of a table.
    const std::regex list("keys\\[\\] = (\\{[^}]*\\})");
    for (std::sregex_iterator at(text.begin(), text.end(), list), end; at != end; ++at)
      collect((*at)[1].str(), "\"(\\w+)\"");
  }
  BOOST_TEST(keys.size() > 25U);
  const Pages pages;
  const std::string page = read_text(pages.place.path() + "/bondbox.toml.5");
  for (const std::string& key : keys) {
    // A bond has a table of its own; what is said of one end of `send` is in its paragraph.
    const bool named = std::regex_search(page, std::regex("\n\\.I[tc] (Ic )?([^\n]* )?(bond\\.)?" + key + "\\b"));
    BOOST_TEST(named, key << " is not in bondbox.toml(5)");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

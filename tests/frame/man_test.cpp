// The manual pages are made from what the program says of itself, and mandoc finds nothing wrong with them.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <sstream>
#include <string>

#include "firmware/option_table.hpp"
#include "tests/frame/command.hpp"
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

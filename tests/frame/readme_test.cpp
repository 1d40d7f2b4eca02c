// The first page. Its examples are run with those of the other documents: documents_test.cpp.
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

#include "tests/support/documents.hpp"

namespace bondbox::test {

BOOST_AUTO_TEST_SUITE(readme)

BOOST_AUTO_TEST_CASE(the_readme_shows_the_two_commands_of_a_newcomer) {
  std::set<std::string> commands;
  for (const Block& block : blocks_of("README.md"))
    for (const Shown& shown : commands_in(block)) commands.insert(shown.command.substr(0, shown.command.find("  ")));
  BOOST_TEST(commands.contains("make run"));
  BOOST_TEST(commands.contains("make test"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

// What the documents show to be typed on an appliance is typed there, and a stanza that they show is brought up by
// ifup.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/old_host.hpp"
#include "tests/support/documents.hpp"

namespace bondbox::lab {
namespace {

template <class Visit>
std::size_t for_each_block(const std::string& rule, Visit visit) {
  std::size_t visited = 0;
  for (const std::string& file : test::documents()) {
    for (const test::Block& block : test::blocks_of(file)) {
      if (block.rule != rule) continue;
      visit(block);
      ++visited;
    }
  }
  return visited;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_documents, *needs_old_tools)

BOOST_AUTO_TEST_CASE(every_command_that_a_document_shows_in_the_lab_says_what_is_shown) {
  const std::size_t seen = for_each_block("in the lab", [](const test::Block& block) {
    const House house;
    OldHost host(house, IfTools::debian, "");
    for (const test::Shown& shown : test::commands_in(block)) {
      const CommandResult result = host.run(shown.command);
      const std::string where = block.file + ":" + std::to_string(shown.line) + ": " + shown.command;
      BOOST_TEST(result.ok(), where << " ends with " << result.status << ": " << result.output);
      BOOST_TEST(test::is_as_shown(shown.output, result.output), where << " says:\n" << result.output);
    }
  });
  BOOST_TEST(seen > 0U);
}

BOOST_AUTO_TEST_CASE(every_stanza_that_a_document_shows_is_brought_up_and_taken_down) {
  const std::size_t seen = for_each_block("ifup", [](const test::Block& block) {
    const House house;
    OldHost host(house, IfTools::debian, block.text);
    host.must("ifup -a");
    BOOST_TEST(reaches(house.town, House::box_v4), block.where());
    BOOST_TEST(host.option("slaves") == "eth0 eth1", block.where());
    host.must("ifdown -a");
    BOOST_TEST(!reaches(house.town, House::box_v4), block.where());
  });
  BOOST_TEST(seen > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

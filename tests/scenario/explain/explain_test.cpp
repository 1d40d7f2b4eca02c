// Every sentence of explain, said of a situation that was played.
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/scenario/explain/situations.hpp"
#include "tests/support/source_dir.hpp"

namespace bondbox::test {
namespace {

/// The part of a sentence that it is known by in a failed test.
std::string name_of(Said said) {
  return all_sentences()[static_cast<std::size_t>(said)].cause;
}

std::string names_of(const std::vector<Said>& list) {
  std::string text;
  for (const Said said : list) text += "\n    " + name_of(said);
  return text;
}

void play(const Situations& situations) {
  for (const Situation& situation : situations) {
    BOOST_TEST_CHECKPOINT(situation.name);
    const Explanation told = situation.play();
    BOOST_TEST_CONTEXT(situation.name) {
      BOOST_TEST((told.said == situation.said),
                 "said:" << names_of(told.said) << "\n  and not:" << names_of(situation.said));
      BOOST_TEST(told.cause == situation.cause);
      BOOST_TEST(told.remedy == situation.remedy);
    }
  }
}

Situations all_situations() {
  Situations all;
  for (const auto& some : {link_situations(), arp_situations(), mode_situations(), lacp_situations(), bond_situations(),
                           monitor_situations()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

std::ptrdiff_t words_in(const std::string& text) {
  std::istringstream words(text);
  std::ptrdiff_t count = 0;
  for (std::string word; words >> word;) count += std::isalpha(static_cast<unsigned char>(word[0])) != 0 ? 1 : 0;
  return count;
}

/// The string literals of a source file, comments and #includes left out.
std::vector<std::string> literals_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> found;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#include")) continue;
    line = line.substr(0, line.find("//"));
    for (std::size_t at = line.find('"'); at != std::string::npos; at = line.find('"', at)) {
      const std::size_t end = line.find('"', at + 1);
      if (end == std::string::npos) break;
      found.push_back(line.substr(at + 1, end - at - 1));
      at = end + 1;
    }
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_situations)

BOOST_AUTO_TEST_CASE(links_and_delays) {
  play(link_situations());
}

BOOST_AUTO_TEST_CASE(targets_that_answer_or_do_not) {
  play(arp_situations());
}

BOOST_AUTO_TEST_CASE(ports_that_carry_or_stand_by) {
  play(mode_situations());
}

BOOST_AUTO_TEST_CASE(what_keeps_a_port_from_being_aggregated) {
  play(lacp_situations());
}

BOOST_AUTO_TEST_CASE(bonds_as_a_whole) {
  play(bond_situations());
}

BOOST_AUTO_TEST_CASE(ports_that_are_kept_out_of_use) {
  play(monitor_situations());
}

BOOST_AUTO_TEST_CASE(every_sentence_there_is_has_a_situation_that_brings_it_about) {
  std::set<Said> played;
  for (const Situation& situation : all_situations()) played.insert(situation.said.begin(), situation.said.end());
  for (const Sentence& sentence : all_sentences())
    BOOST_TEST(played.contains(sentence.said), "nobody has heard: " << sentence.cause);
}

BOOST_AUTO_TEST_CASE(nothing_is_said_that_is_not_in_the_table) {
  // Words that fill a sentence's places are no sentences; a text of more than four words would be one.
  constexpr std::ptrdiff_t words_max = 4;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() + "/firmware")) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("explain") || !name.ends_with(".cpp") || name == "explain_words.cpp") continue;
    ++files;
    for (const std::string& literal : literals_of(entry.path()))
      BOOST_TEST(words_in(literal) <= words_max, name << ": " << literal);
  }
  BOOST_TEST(files == 4U);
}

BOOST_AUTO_TEST_CASE(a_bond_that_works_is_told_in_one_sentence_and_without_remarks) {
  for (int mode = 0; mode <= 6; ++mode) {
    const bool is_lacp = static_cast<Mode>(mode) == Mode::lacp_8023ad;
    LacpBench bench;
    bench.near.options.mode = static_cast<Mode>(mode);
    bench.far.options.mode = is_lacp ? Mode::lacp_8023ad : Mode::broadcast;
    if (!is_lacp) bench.near.options.lacp_rate = bench.far.options.lacp_rate = LacpRate::slow;
    bench.start();
    bench.run_for(6'000);
    const BondStatus bond = bench.status();
    BOOST_TEST_CONTEXT("mode " << mode) {
      BOOST_TEST(explain_bond(bond).verdict == "works");
      BOOST_TEST(explain_bond(bond).cause.starts_with("both ports are up"));
      BOOST_TEST(explain_bond(bond).remedy == "Nothing needs to be done");
      BOOST_TEST(explain_remarks(bond, nullptr).empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

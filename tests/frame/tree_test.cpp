#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/frame/source_tree.hpp"

namespace bondbox::test {
namespace {

constexpr const char* rooms[] = {"firmware", "hal", "policies", "tests", "board", "toolchain"};
constexpr std::size_t lines_max = 450;

/// Data files of tests may be anything: captures, tables that another program wrote.
bool is_written_by_hand(std::string_view path) {
  for (const std::string_view extension : {".cpp", ".hpp", ".sh", ".toml", ".md"}) {
    if (path.ends_with(extension)) return true;
  }
  return false;
}

void for_each_file(bool (*wanted)(std::string_view), void (*look)(const std::string& path, const std::string& text)) {
  std::size_t seen = 0;
  for (const char* room : rooms) {
    for (const std::string& path : files_below(room)) {
      if (!wanted(path)) continue;
      ++seen;
      look(path, read_text(source_root / path));
    }
  }
  BOOST_TEST(seen > 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(source_tree)

BOOST_AUTO_TEST_CASE(the_top_level_holds_the_agreed_names_and_no_other) {
  const std::set<std::string> agreed = {"Makefile",        "firmware",      "hal",         "policies",
                                        "tests",           "board",         "toolchain",   "README.md",
                                        "ARCHITECTURE.md", "CHANGELOG.md",  "LICENSE",     ".ci",
                                        ".gitignore",      ".clang-format", ".clang-tidy", ".editorconfig"};
  // Not sources: what a build makes and what the version control keeps.
  const std::set<std::string> passed_over = {"build", ".git"};

  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(source_root)) {
    const std::string name = entry.path().filename().string();
    if (passed_over.count(name) == 0) found.insert(name);
  }
  for (const std::string& name : agreed) BOOST_TEST(found.count(name) == 1U, "missing at the top level: " << name);
  for (const std::string& name : found) BOOST_TEST(agreed.count(name) == 1U, "not agreed for the top level: " << name);
  BOOST_TEST(std::filesystem::is_regular_file(source_root / ".ci/run"));
}

BOOST_AUTO_TEST_CASE(every_file_ends_with_one_newline) {
  for_each_file(&is_written_by_hand, [](const std::string& path, const std::string& text) {
    BOOST_TEST(text.ends_with('\n'), path << " does not end with a newline");
    BOOST_TEST(!text.ends_with("\n\n"), path << " ends with an empty line");
  });
}

BOOST_AUTO_TEST_CASE(no_line_has_a_tab_a_carriage_return_or_trailing_space) {
  for_each_file(&is_cpp, [](const std::string& path, const std::string& text) {
    std::size_t number = 0;
    for (const std::string& line : lines_of(text)) {
      ++number;
      BOOST_TEST(line.find_first_of("\t\r") == std::string::npos, path << ":" << number << ": tab or carriage return");
      BOOST_TEST(!line.ends_with(' '), path << ":" << number << ": space at the end of the line");
    }
  });
}

BOOST_AUTO_TEST_CASE(no_file_of_code_is_too_long_to_read) {
  for_each_file(&is_cpp, [](const std::string& path, const std::string& text) {
    const std::size_t lines = lines_of(text).size();
    BOOST_TEST(lines <= lines_max, path << " has " << lines << " lines; " << lines_max << " are allowed");
  });
}

BOOST_AUTO_TEST_CASE(every_header_is_included_once) {
  for_each_file([](std::string_view path) { return path.ends_with(".hpp"); },
                [](const std::string& path, const std::string& text) {
                  BOOST_TEST(text.find("#pragma once\n") != std::string::npos, path << " has no #pragma once");
                });
}

BOOST_AUTO_TEST_CASE(board_and_toolchain_hold_no_code_of_the_program) {
  for (const char* room : {"board", "toolchain"}) {
    for (const std::string& path : files_below(room)) BOOST_TEST(!is_cpp(path), path << " is C++");
  }
}

BOOST_AUTO_TEST_CASE(unit_tests_stand_where_their_source_stands) {
  std::size_t seen = 0;
  for (const std::string& path : files_below("tests/unit")) {
    ++seen;
    const std::filesystem::path room = std::filesystem::path(path).lexically_relative("tests/unit").parent_path();
    BOOST_TEST(std::filesystem::is_directory(source_root / room), path << " mirrors no directory");
  }
  BOOST_TEST(seen > 0U);
}

BOOST_AUTO_TEST_CASE(scripts_can_be_executed) {
  std::vector<std::string> scripts = {".ci/run"};
  for (const char* room : rooms) {
    for (const std::string& path : files_below(room)) {
      if (path.ends_with(".sh")) scripts.push_back(path);
    }
  }
  for (const std::string& path : scripts) {
    const auto permissions = std::filesystem::status(source_root / path).permissions();
    const bool executable = (permissions & std::filesystem::perms::owner_exec) != std::filesystem::perms::none;
    BOOST_TEST(executable, path << " is not executable");
    BOOST_TEST(read_text(source_root / path).starts_with("#!"), path << " does not say which shell runs it");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

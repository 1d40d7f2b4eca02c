// The page as the built program writes it: what its policy names is what is in it.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/frame/command.hpp"
#include "tests/frame/source_tree.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::test {
namespace {

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t at = text.find(before);
  BOOST_REQUIRE(at != std::string::npos);
  const std::size_t start = at + before.size();
  return text.substr(start, text.find(after, start) - start);
}

constexpr const char* as_server = "REQUEST_METHOD=GET BONDBOX_RUN_DIR=/nonexistent ";

CommandResult answer(const std::string& words = "page --cgi", const std::string& environment = {}) {
  const char* const given = std::getenv("BONDBOX");
  return run_shell(as_server + environment + (given != nullptr ? given : "build/bondbox") + " " + words);
}

/// SHA-256 in base64, by another program than the build's.
std::string hash_of(const std::string& text) {
  const ScratchDirectory scratch;
  const std::string file = scratch.path() + "/text";
  std::ofstream(file) << text;
  std::ofstream(file + ".py") << "import sys, hashlib, base64\n"
                                 "text = open(sys.argv[1], \"rb\").read()\n"
                                 "sys.stdout.write(base64.b64encode(hashlib.sha256(text).digest()).decode())\n";
  return run_shell("python3 " + file + ".py " + file).out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(page_program)

BOOST_AUTO_TEST_CASE(the_policy_names_the_style_and_the_script_that_are_there) {
  const CommandResult page = answer();
  BOOST_TEST(page.status == 0);
  const std::string policy = between(page.out, "\r\nContent-Security-Policy: ", "\r\n");
  BOOST_TEST(between(policy, "style-src 'sha256-", "'") == hash_of(between(page.out, "<style>", "</style>")));
  BOOST_TEST(between(policy, "script-src 'sha256-", "'") == hash_of(between(page.out, "<script>", "</script>")));
}

BOOST_AUTO_TEST_CASE(without_a_bondbox_the_page_says_so_and_asks_again) {
  const CommandResult page = answer();
  BOOST_TEST(page.out.starts_with("Status: 503 Service Unavailable\r\n"));
  BOOST_TEST(page.out.find("<h1>bondbox does not answer</h1>") != std::string::npos);
  BOOST_TEST(page.out.find("data-json=\"?format=json\"") != std::string::npos);
  const CommandResult json = answer("page --cgi", "QUERY_STRING=format=json ");
  BOOST_TEST(json.out.find("\r\n\r\n{\"version\":1,\"error\":\"") != std::string::npos, json.out);
  const CommandResult written = answer("page");
  BOOST_TEST(written.status == 1);
  BOOST_TEST(written.out.empty());
  BOOST_TEST(!written.err.empty());
}

BOOST_AUTO_TEST_CASE(words_that_do_not_go_together_are_refused) {
  for (const char* words : {"page --watch", "page --output", "page --output a/", "page --cgi --watch --output a",
                            "page bond0 bond1", "page --cgi --output a"})
    BOOST_TEST(answer(words).status == 2, words);
}

BOOST_AUTO_TEST_CASE(the_build_leaves_comments_and_indentation_behind_and_nothing_else) {
  const std::string page = answer().out;
  const std::string script = between(page, "<script>", "</script>");
  std::string expected;
  for (const std::string& line : lines_of(read_text(source_root / "firmware/page/page.js"))) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start == std::string::npos || line.compare(start, 2, "//") == 0) continue;
    expected += line.substr(start) + "\n";
  }
  BOOST_TEST(script + "\n" == expected);
  const std::string style = between(page, "<style>", "</style>");
  BOOST_TEST(style.find("/*") == std::string::npos);
  BOOST_TEST(style.find("@media (prefers-color-scheme: dark)") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

// tests/run.sh itself: what it counts, what gets a second try, and what it says of that.
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/frame/command.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::test {
namespace {

/// Plays a test binary with the suite and the cases in the file beside it, a line each: how often it fails from now on,
/// and its name. "crash" fails as Boost.Test tells of a signal, and ends the run; "outside" fails after the cases;
/// "silent" ends without a report; "away" is known only beside others.
constexpr const char* player = R"script(#!/bin/sh
list=$0.cases
suite=$(basename "$0" | tr - _)
if [ "$1" = --list_content ]; then
  echo "$suite*" >&2
  while read -r times name; do echo "    $name*" >&2; done < "$list"
  exit 0
fi
for word; do
  case $word in
    --run_test=*/*) chosen=${word##*/} ;;
    --logger=*) log=${word##*,} ;;
    --report_sink=*) report=${word#*=} ;;
  esac
done
passed=0 failed=0 status=0
: "${log:=/dev/null}"
echo "$0 ${chosen:-all}" >> "$(dirname "$0")/ran"
printf '<TestLog><TestSuite name="all"><TestSuite name="%s">' "$suite" > "$log"
while read -r times name <&3; do
  [ -z "${chosen:-}" ] || [ "$chosen" = "$name" ] || continue
  [ "$name" != silent ] || exit 1
  if [ "$name" = away ] && [ -n "${chosen:-}" ]; then continue; fi
  printf '<TestCase name="%s" file="x.cpp" line="1">' "$name" >> "$log"
  if [ "$times" -gt 0 ]; then
    sed -i "s/^$times $name\$/$((times - 1)) $name/" "$list"
    [ "$name" = outside ] || printf '<Error file="x.cpp" line="2"><![CDATA[check %s < b has failed]]></Error>' "$name" >> "$log"
    if [ "$name" = outside ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    status=201
  else
    passed=$((passed + 1))
  fi
  printf '<TestingTime>1</TestingTime></TestCase>' >> "$log"
  if [ "$name" = outside ]; then printf '<Error file="x.cpp" line="3"><![CDATA[the fixture says no]]></Error>' >> "$log"; fi
  if [ "$name" = crash ] && [ $status -ne 0 ]; then printf '<Message><![CDATA[Test is aborted]]></Message>' >> "$log"; break; fi
done 3< "$list"
printf '</TestSuite></TestSuite></TestLog>' >> "$log"
[ $((passed + failed)) -gt 0 ] || exit 200
printf '<TestResult><TestSuite name="all" test_cases_passed="%s" test_cases_failed="%s" test_cases_skipped="0"></TestSuite></TestResult>' \
  $passed $failed > "$report"
exit $status
)script";

/// A directory of test binaries that are played, in each one case that passes.
class Binaries {
 public:
  Binaries() {
    for (const char* name : {"tests", "swarm", "lab", "live", "image"}) {
      std::ofstream(path(name)) << player;
      ::chmod(path(name).c_str(), 0755);
      has(name, "0 sound\n");
    }
  }

  void has(const std::string& binary, const std::string& cases) const {
    std::ofstream(path(binary) + ".cases") << cases;
  }
  CommandResult run(const std::string& environment = {}) const {
    return run_shell("unset ONLY THREADS EMULATOR TEST_MINUTES; " + environment + " tests/run.sh " + directory_.path());
  }
  /// How often the case was asked for by itself.
  std::size_t asked_for(const std::string& name) const {
    std::ifstream ran(directory_.path() + "/ran");
    std::size_t times = 0;
    for (std::string line; std::getline(ran, line);) times += line.ends_with(" " + name) ? 1U : 0U;
    return times;
  }

 private:
  std::string path(const std::string& name) const { return directory_.path() + "/bondbox-" + name; }
  ScratchDirectory directory_;
};

/// The last `count` lines.
std::string end_of(const std::string& text, int count) {
  std::size_t at = text.size();
  for (int i = 0; i <= count && at != std::string::npos; ++i) at = at == 0 ? at : text.rfind('\n', at - 1);
  return at == std::string::npos ? text : text.substr(at + 1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run_script)

BOOST_AUTO_TEST_CASE(a_run_without_failures_ends_with_what_passed) {
  const Binaries binaries;
  const CommandResult result = binaries.run();
  BOOST_TEST(result.status == 0, result.err);
  BOOST_TEST(end_of(result.out, 1) == "5 passed, 0 failed, 0 skipped\n", result.out);
  BOOST_TEST(result.out.find("unsteady") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_failed_beside_others_and_passes_alone_has_passed_and_is_told_as_unsteady) {
  const Binaries binaries;
  binaries.has("lab", "0 sound\n1 shaky\n0 other\n");
  binaries.has("image", "1 slow\n");
  const CommandResult result = binaries.run();
  BOOST_TEST(result.status == 0, result.err);
  BOOST_TEST(end_of(result.out, 4) ==
                 "  unsteady: bondbox_lab/shaky: check shaky < b has failed\n"
                 "  unsteady: bondbox_image/slow: check slow < b has failed\n"
                 "2 unsteady: failed beside others and passed alone\n"
                 "7 passed, 0 failed, 0 skipped\n",
             result.out);
  BOOST_TEST(binaries.asked_for("shaky") == 1U);
  BOOST_TEST(binaries.asked_for("other") == 0U);
}

BOOST_AUTO_TEST_CASE(what_fails_by_itself_too_has_failed) {
  const Binaries binaries;
  binaries.has("live", "2 broken\n0 sound\n");
  const CommandResult result = binaries.run();
  BOOST_TEST(result.status == 1);
  BOOST_TEST(end_of(result.out, 2) ==
                 "  failed: bondbox_live/broken, by itself, too: check broken < b has failed\n"
                 "5 passed, 1 failed, 0 skipped\n",
             result.out);
}

BOOST_AUTO_TEST_CASE(another_result_than_one_passed_case_leaves_the_failure) {
  const Binaries binaries;
  binaries.has("lab", "1 away\n0 sound\n");
  const CommandResult result = binaries.run();
  BOOST_TEST(result.status == 1);
  BOOST_TEST(end_of(result.out, 1) == "5 passed, 1 failed, 0 skipped\n", result.out);
  BOOST_TEST(binaries.asked_for("away") == 1U);
}

BOOST_AUTO_TEST_CASE(simulated_time_has_no_second_try) {
  for (const char* binary : {"tests", "swarm"}) {
    const Binaries binaries;
    binaries.has(binary, "1 shaky\n0 sound\n");
    const CommandResult result = binaries.run();
    BOOST_TEST(result.status == 1);
    BOOST_TEST(end_of(result.out, 1) == "5 passed, 1 failed, 0 skipped\n", result.out);
    BOOST_TEST(binaries.asked_for("shaky") == 0U);
  }
}

BOOST_AUTO_TEST_CASE(what_was_chosen_by_name_has_no_second_try) {
  const Binaries binaries;
  binaries.has("lab", "1 shaky\n");
  const CommandResult result = binaries.run("ONLY=bondbox_lab/shaky");
  BOOST_TEST(result.status == 1);
  BOOST_TEST(end_of(result.out, 1) == "0 passed, 1 failed, 0 skipped\n", result.out);
  BOOST_TEST(binaries.asked_for("shaky") == 5U);  // each binary is asked for it, once
}

BOOST_AUTO_TEST_CASE(a_run_has_five_second_tries_or_none) {
  const Binaries binaries;
  binaries.has("lab", "1 a\n1 b\n1 c\n");
  binaries.has("live", "1 d\n1 e\n");
  BOOST_TEST(end_of(binaries.run().out, 1) == "8 passed, 0 failed, 0 skipped\n");
  binaries.has("lab", "1 a\n1 b\n1 c\n");
  binaries.has("live", "1 d\n1 e\n1 f\n");
  const CommandResult result = binaries.run();
  BOOST_TEST(result.status == 1);
  BOOST_TEST(end_of(result.out, 1) == "3 passed, 6 failed, 0 skipped\n", result.out);
  BOOST_TEST(result.out.find("more than 5 cases failed: none has a second try\n") != std::string::npos, result.out);
  BOOST_TEST(binaries.asked_for("a") == 1U);
  BOOST_TEST(binaries.asked_for("f") == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_no_case_has_no_second_try) {
  struct Row {
    const char* cases;
    const char* said;
  };
  // The case behind a crash did not run, and counts as skipped.
  for (const Row& row : {Row{"1 crash\n0 sound\n", "4 passed, 1 failed, 1 skipped\n"},
                         Row{"1 outside\n0 sound\n", "6 passed, 1 failed, 0 skipped\n"},
                         Row{"1 shaky\n1 outside\n", "5 passed, 1 failed, 0 skipped\n"},
                         Row{"0 silent\n", "4 passed, 1 failed, 0 skipped\n"}}) {
    const Binaries binaries;
    binaries.has("lab", row.cases);
    const CommandResult result = binaries.run();
    BOOST_TEST(result.status == 1, row.cases);
    BOOST_TEST(end_of(result.out, 1) == row.said, result.out);
    BOOST_TEST(result.out.find("  AGAIN ") == std::string::npos, result.out);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

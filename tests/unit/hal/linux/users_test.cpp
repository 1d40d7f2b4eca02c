#include "hal/linux/users.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdio>

#include "hal/linux/run_dir.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::lnx {

BOOST_AUTO_TEST_SUITE(users)

BOOST_AUTO_TEST_CASE(a_group_is_found_by_its_whole_name) {
  constexpr const char* text =
      "root:x:0:\nmonitor:x:7:a\nmonitoring:x:108:icinga,prometheus\nbroken\nodd:x:9x:\nlast:x:12";
  BOOST_TEST((find_group(text, "monitoring") == 108u));
  BOOST_TEST((find_group(text, "root") == 0u));
  BOOST_TEST((find_group(text, "last") == 12u));
  for (const char* none : {"monitorin", "x", "", "broken", "odd", "icinga"}) BOOST_TEST(!find_group(text, none), none);
  BOOST_TEST(!find_group("", "root"));
}

BOOST_AUTO_TEST_CASE(a_number_stands_for_itself_and_an_unknown_name_is_told) {
  BOOST_TEST(group_number("4242").value() == 4242u);
  const Result<unsigned> none = group_number("no-such-group-here");
  BOOST_REQUIRE(!none.ok());
  BOOST_TEST(none.failure().error == ENOENT);
}

BOOST_AUTO_TEST_CASE(a_file_that_others_may_write_is_not_obeyed) {
  const test::ScratchDirectory scratch;
  const std::string path = scratch.path() + "/file";
  std::FILE* const file = std::fopen(path.c_str(), "we");
  BOOST_REQUIRE(file != nullptr);
  std::fputs("text", file);
  std::fclose(file);
  BOOST_REQUIRE(::chmod(path.c_str(), 0644) == 0);
  BOOST_REQUIRE(read_own_file(path).ok());
  BOOST_TEST(read_own_file(path).value() == "text");
  BOOST_REQUIRE(::chmod(path.c_str(), 0602) == 0);
  const Result<std::string> refused = read_own_file(path);
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST(refused.failure().error == EPERM);
  BOOST_TEST(refused.failure().reason.ends_with("type: chmod go-w " + path));
  BOOST_TEST(read_file(path).ok());
  BOOST_TEST(read_own_file(scratch.path() + "/none").failure().error == ENOENT);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lnx

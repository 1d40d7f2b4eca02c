#include "hal/linux/terminal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "hal/linux/run_dir.hpp"
#include "hal/linux/unique_fd.hpp"

#include "tests/support/scratch_directory.hpp"

namespace bondbox::lnx {

BOOST_AUTO_TEST_SUITE(terminal)

BOOST_AUTO_TEST_CASE(a_file_that_is_opened_again_goes_on_where_the_others_are) {
  const test::ScratchDirectory scratch;
  const std::string path = scratch.path() + "/out";
  const UniqueFd first(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  BOOST_REQUIRE(::write(first.get(), "one ", 4) == 4);
  const UniqueFd again(open_again(first.get()));
  BOOST_REQUIRE(again.valid());
  BOOST_TEST(again.get() != first.get());
  BOOST_REQUIRE(::write(again.get(), "two ", 4) == 4);
  BOOST_REQUIRE(::write(first.get(), "three", 5) == 5);
  BOOST_TEST(read_file(path).value() == "one two three");
}

BOOST_AUTO_TEST_CASE(a_pipe_that_is_opened_again_waits_or_not_by_itself) {
  int ends[2];
  BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  const UniqueFd again(open_again(read_end.get()));
  BOOST_REQUIRE(again.valid());
  BOOST_REQUIRE(::fcntl(again.get(), F_SETFL, O_NONBLOCK) == 0);
  BOOST_TEST((::fcntl(read_end.get(), F_GETFL) & O_NONBLOCK) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lnx

#include "hal/linux/log_stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <string>

#include "hal/linux/run_dir.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using bondbox::lnx::LogStream;

/// While it lives stderr is a pipe that is read only when read() is called.
class PipedStderr {
 public:
  PipedStderr() {
    BOOST_REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
    saved_ = ::dup(STDERR_FILENO);
    BOOST_REQUIRE(saved_ >= 0);
    BOOST_REQUIRE(::dup2(ends_[1], STDERR_FILENO) == STDERR_FILENO);
    BOOST_REQUIRE(::fcntl(ends_[0], F_SETFL, O_NONBLOCK) == 0);
  }
  ~PipedStderr() {
    ::dup2(saved_, STDERR_FILENO);
    for (const int fd : {saved_, ends_[0], ends_[1]}) ::close(fd);
  }

  std::string read() {
    std::string text;
    std::array<char, 4096> chunk{};
    for (;;) {
      const ssize_t got = ::read(ends_[0], chunk.data(), chunk.size());
      if (got <= 0) return text;
      text.append(chunk.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  int saved_ = -1;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(linux_log_stream)

BOOST_AUTO_TEST_CASE(lines_arrive_in_order) {
  PipedStderr reader;
  LogStream log;
  log.add("one");
  log.add("two");
  log.flush();
  BOOST_TEST(reader.read() == "one\ntwo\n");
}

BOOST_AUTO_TEST_CASE(lines_in_a_file_and_those_of_others_who_write_there_stand_behind_each_other) {
  const bondbox::test::ScratchDirectory scratch;
  const std::string path = scratch.path() + "/log";
  const int saved = ::dup(STDERR_FILENO);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  BOOST_REQUIRE((saved >= 0 && file >= 0 && ::dup2(file, STDERR_FILENO) == STDERR_FILENO));
  // As a shell whose output the file is, too.
  const bool before = ::write(file, "before\n", 7) == 7;
  {
    LogStream log;
    log.add("ours");
    log.flush();
  }
  const bool behind = ::write(file, "behind\n", 7) == 7;
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(file);
  BOOST_TEST((before && behind));
  BOOST_TEST(bondbox::lnx::read_file(path).value() == "before\nours\nbehind\n");
}

// Without it the test would never end: a plain write waits for the reader.
BOOST_AUTO_TEST_CASE(a_reader_who_does_not_read_holds_up_nobody_and_is_told_what_was_lost) {
  PipedStderr reader;
  LogStream log;
  const std::string line(99, 'x');
  constexpr int lines = 5'000;  // far more than the pipe and the log keep
  for (int i = 0; i < lines; ++i) {
    log.add(line);
    log.flush();
  }
  std::string text = reader.read();
  BOOST_TEST(text.size() < static_cast<std::size_t>(lines) * 100);
  log.flush();
  text += reader.read();
  log.add("back");
  log.flush();
  text += reader.read();
  BOOST_TEST(text.find(" lines were lost here: nobody read them\nback\n") != std::string::npos);
  BOOST_TEST(text.starts_with(line + "\n" + line + "\n"));
}

BOOST_AUTO_TEST_SUITE_END()

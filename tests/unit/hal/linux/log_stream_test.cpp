#include "hal/linux/log_stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <string>

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

#include "hal/linux/system_log.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/scratch_directory.hpp"
#include "tests/support/socket_address.hpp"

namespace {

using bondbox::lnx::LogLevel;
using bondbox::lnx::SystemLog;
using bondbox::test::ScratchDirectory;
using Lines = std::vector<std::string>;

/// A log daemon's socket, which is read only when read() is called.
class LogDaemon {
 public:
  LogDaemon(const std::string& path, int kind) : path_(path), kind_(kind) {
    const sockaddr_un address = bondbox::test::socket_address(path);
    ::unlink(path.c_str());
    socket_ = ::socket(AF_UNIX, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    BOOST_REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    if (kind == SOCK_STREAM) BOOST_REQUIRE(::listen(socket_, 4) == 0);
  }
  ~LogDaemon() {
    if (client_ >= 0) ::close(client_);
    ::close(socket_);
  }
  LogDaemon(const LogDaemon&) = delete;
  LogDaemon& operator=(const LogDaemon&) = delete;

  /// What has come, a datagram an entry; of a stream all in one.
  Lines read() {
    Lines lines;
    if (kind_ == SOCK_STREAM && client_ < 0) client_ = ::accept4(socket_, nullptr, nullptr, SOCK_NONBLOCK);
    std::array<char, 2048> text{};
    for (;;) {
      const ssize_t got = ::recv(kind_ == SOCK_STREAM ? client_ : socket_, text.data(), text.size(), MSG_DONTWAIT);
      if (got <= 0) return lines;
      lines.emplace_back(text.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  std::string path_;
  int kind_;
  int socket_ = -1;
  int client_ = -1;
};

std::string mine() {
  return "bondbox[" + std::to_string(::getpid()) + "]: ";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(linux_system_log)

// RFC 3164 4.1: <facility * 8 + severity>, then the program's name, its number and the text.
BOOST_AUTO_TEST_CASE(each_line_is_a_datagram_with_priority_and_tag) {
  const ScratchDirectory scratch;
  LogDaemon daemon(scratch.path() + "/log", SOCK_DGRAM);
  SystemLog log;
  log.open((scratch.path() + "/log").c_str());
  log.add(LogLevel::info, "bond0: (slave eth0): link status definitely down, disabling slave");
  log.add(LogLevel::warning, "two");
  log.flush(0);
  BOOST_TEST(log.is_empty());
  BOOST_TEST(
      daemon.read() == (Lines{"<30>" + mine() + "bond0: (slave eth0): link status definitely down, disabling slave",
                              "<28>" + mine() + "two"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_daemon_that_takes_streams_gets_lines) {
  const ScratchDirectory scratch;
  LogDaemon daemon(scratch.path() + "/log", SOCK_STREAM);
  SystemLog log;
  log.open((scratch.path() + "/log").c_str());
  log.add(LogLevel::info, "one");
  log.add(LogLevel::info, "two");
  log.flush(0);
  BOOST_TEST(daemon.read() == (Lines{"<30>" + mine() + "one\n<30>" + mine() + "two\n"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(lines_wait_for_a_daemon_that_starts_later_and_it_is_looked_for_once_a_second) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() + "/log";
  SystemLog log;
  log.open(path.c_str());
  log.add(LogLevel::info, "early");
  log.flush(5'000);
  BOOST_TEST(!log.is_empty());
  BOOST_TEST(!log.is_heard());
  LogDaemon daemon(path, SOCK_DGRAM);
  log.flush(5'999);
  BOOST_TEST(daemon.read().empty());
  log.flush(6'000);
  BOOST_TEST(log.is_heard());
  BOOST_TEST(daemon.read() == (Lines{"<30>" + mine() + "early"}), boost::test_tools::per_element());
  BOOST_TEST(log.lost() == 0U);
}

BOOST_AUTO_TEST_CASE(a_daemon_that_is_restarted_gets_what_came_in_between) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() + "/log";
  SystemLog log;
  log.open(path.c_str());
  for (int i = 0; i < 3; ++i) {
    log.add(LogLevel::info, "while nobody was there");
    log.flush(i * 10'000);
    LogDaemon daemon(path, SOCK_DGRAM);
    log.add(LogLevel::info, "and now");
    log.flush(i * 10'000 + 2'000);
    BOOST_TEST(daemon.read() == (Lines{"<30>" + mine() + "while nobody was there", "<30>" + mine() + "and now"}),
               boost::test_tools::per_element());
  }
  BOOST_TEST(log.lost() == 0U);
}

// Without MSG_DONTWAIT the test would never end.
BOOST_AUTO_TEST_CASE(a_daemon_that_hangs_holds_up_nobody_and_is_told_what_was_lost) {
  const ScratchDirectory scratch;
  LogDaemon daemon(scratch.path() + "/log", SOCK_DGRAM);
  SystemLog log;
  log.open((scratch.path() + "/log").c_str());
  constexpr std::uint64_t lines = 2'000;
  const std::string text(100, 'x');
  for (std::uint64_t i = 0; i < lines; ++i) {
    log.add(LogLevel::info, text);
    log.flush(0);
  }
  BOOST_TEST(log.lost() > 0U);
  const std::uint64_t lost = log.lost();
  std::uint64_t taken = 0;
  std::uint64_t told = 0;
  const auto read = [&] {
    constexpr std::string_view of_lost = " lines were lost here: nobody took them";
    for (const std::string& line : daemon.read()) {
      if (line.ends_with(text)) ++taken;
      if (line.ends_with(of_lost)) told += std::stoul(line.substr(line.find(": ") + 2));
    }
  };
  for (int i = 0; i < 100 && !log.is_empty(); ++i) {
    read();
    log.flush(0);
  }
  read();
  BOOST_TEST(taken + lost == lines);
  log.add(LogLevel::info, "again");
  log.flush(0);
  read();
  BOOST_TEST(told == lost);
}

BOOST_AUTO_TEST_CASE(a_line_that_is_too_long_is_cut) {
  const ScratchDirectory scratch;
  LogDaemon daemon(scratch.path() + "/log", SOCK_DGRAM);
  SystemLog log;
  log.open((scratch.path() + "/log").c_str());
  log.add(LogLevel::info, std::string(5'000, 'y'));
  log.flush(0);
  const Lines lines = daemon.read();
  BOOST_REQUIRE(lines.size() == 1U);
  BOOST_TEST(lines[0].size() == std::string("<30>" + mine()).size() + SystemLog::line_bytes_max);
  BOOST_TEST(lines[0].size() <= 1'024U);
}

BOOST_AUTO_TEST_SUITE_END()

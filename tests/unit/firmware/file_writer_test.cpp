// Files that a thread writes: in order, the newest content only, and never waited for. The obstacle is a pipe that the
// work reads from.
#include "firmware/file_writer.hpp"

#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "hal/linux/unique_fd.hpp"

namespace {

using namespace bondbox;

constexpr std::int64_t limit_ms = 20'000;

/// Work that waits until it is let go.
class Obstacle {
 public:
  Obstacle() {
    int ends[2]{-1, -1};
    BOOST_REQUIRE(::pipe(ends) == 0);
    reading_ = lnx::UniqueFd(ends[0]);
    writing_ = lnx::UniqueFd(ends[1]);
  }
  FileWriter::Work work() const {
    return [fd = reading_.get()] {
      char byte = 0;
      return ::read(fd, &byte, 1) == 1 ? Outcome::done() : Outcome::failed(5, "no byte");
    };
  }
  void let_go() const { BOOST_REQUIRE(::write(writing_.get(), "x", 1) == 1); }

 private:
  lnx::UniqueFd reading_;
  lnx::UniqueFd writing_;
};

/// What was written, in its order. The thread's, until it is idle.
struct Written {
  std::vector<std::string> all;
  FileWriter::Work operator()(std::string text) {
    return [this, text] {
      all.push_back(text);
      return Outcome::done();
    };
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(file_writer)

BOOST_AUTO_TEST_CASE(without_a_thread_everything_is_written_at_once) {
  FileWriter writer;
  Written written;
  bool told = false;
  writer.hand("a", written("one"), [&](const Outcome& outcome) { told = outcome.ok(); });
  BOOST_TEST(told);
  BOOST_TEST((written.all == std::vector<std::string>{"one"}));
  BOOST_TEST(writer.is_idle());
  BOOST_TEST(writer.handle() == -1);
}

BOOST_AUTO_TEST_CASE(what_is_slow_lags_and_is_not_stuck) {
  FileWriter writer;
  BOOST_REQUIRE(writer.start().ok());
  BOOST_TEST(writer.stuck_ms() == 0);
  const Obstacle first;
  const Obstacle second;
  writer.hand("first", first.work());
  writer.hand("second", second.work());
  const std::uint64_t both = writer.handed();
  while (writer.lag_ms() < 50) ::usleep(1'000);
  BOOST_TEST(writer.stuck_ms() >= 50);
  first.let_go();
  while (!writer.has_done(both - 1)) {
    ::usleep(1'000);
    writer.take_results();
  }
  // One has got on since then.
  BOOST_TEST(writer.stuck_ms() + 50 <= writer.lag_ms());
  second.let_go();
  BOOST_TEST(writer.wait(limit_ms));
  BOOST_TEST(writer.stuck_ms() == 0);
}

BOOST_AUTO_TEST_CASE(of_what_waits_only_the_newest_is_written_and_nobody_waits_meanwhile) {
  FileWriter writer;
  BOOST_REQUIRE(writer.start().ok());
  const Obstacle obstacle;
  Written written;
  std::vector<std::string> told;
  const auto tell = [&told](const char* what) { return [&told, what](const Outcome&) { told.emplace_back(what); }; };
  writer.hand("obstacle", obstacle.work(), tell("obstacle"));
  writer.hand("a", written("a1"), tell("a1"));
  writer.hand("b", written("b1"), tell("b1"));
  const std::uint64_t first = writer.handed();
  for (int i = 2; i <= 1'000; ++i) writer.hand("a", written("a" + std::to_string(i)), tell("a"));
  writer.take_results();
  BOOST_TEST(!writer.has_done(1));
  BOOST_TEST(!writer.has_done(first));
  BOOST_TEST(writer.status().waits_for == "obstacle");
  obstacle.let_go();
  BOOST_REQUIRE(writer.wait(limit_ms));
  BOOST_TEST(writer.has_done(writer.handed()));
  BOOST_TEST(written.all.back() == "a1000");
  const FileStatus status = writer.status();
  // Whatever the thread had taken before it met the obstacle.
  BOOST_TEST(status.written + status.replaced == 1'002U);
  BOOST_TEST(status.written == written.all.size() + 1);
  BOOST_TEST(told.size() == status.written);
  BOOST_TEST(status.replaced >= 998U);
  BOOST_TEST(status.lag_ms == 0);
  BOOST_TEST(status.waits_for == "");
}

BOOST_AUTO_TEST_CASE(a_failure_is_counted_under_its_name_and_told) {
  FileWriter writer;
  BOOST_REQUIRE(writer.start().ok());
  std::string reason;
  for (int i = 0; i < 3; ++i) {
    writer.hand(
        "full", [] { return Outcome::failed(28, "no room"); },
        [&](const Outcome& outcome) { reason = outcome.reason; });
    BOOST_REQUIRE(writer.wait(limit_ms));
  }
  BOOST_TEST(reason == "no room");
  const FileStatus status = writer.status();
  BOOST_REQUIRE(status.failed.size() == 1U);
  BOOST_TEST(status.failed[0].first == "full");
  BOOST_TEST(status.failed[0].second == 3U);
}

BOOST_AUTO_TEST_CASE(its_handle_is_readable_when_something_is_done_and_only_then) {
  FileWriter writer;
  BOOST_REQUIRE(writer.start().ok());
  BOOST_TEST(!writer.wait(0) == false);
  for (int i = 0; i < 200; ++i) {
    writer.hand("a", [] { return Outcome::done(); });
    BOOST_REQUIRE(writer.wait(limit_ms));
  }
  // The thread's last word may come after its last result.
  for (int i = 0; i < 100; ++i) {
    ::usleep(1'000);
    writer.take_results();
  }
  char bytes[8];
  BOOST_TEST(::read(writer.handle(), bytes, sizeof bytes) == -1);
}

BOOST_AUTO_TEST_CASE(the_end_waits_for_what_was_handed_over_and_calls_nobody_back) {
  Written written;
  bool called = false;
  {
    FileWriter writer;
    BOOST_REQUIRE(writer.start().ok());
    for (int i = 0; i < 50; ++i)
      writer.hand(std::to_string(i), written(std::to_string(i)), [&](const Outcome&) { called = true; });
  }
  BOOST_TEST(written.all.size() == 50U);
  BOOST_TEST(!called);
}

BOOST_AUTO_TEST_SUITE_END()

// What goes from a process to the one that takes its place, over a pair of sockets.
#include "hal/linux/handover.hpp"

#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <string>
#include <thread>

namespace bondbox::lnx {

namespace {

constexpr int patience_ms = 5'000;

struct TwoEnds {
  HandoverChannel old_end;
  HandoverChannel new_end;

  TwoEnds() {
    auto ends = HandoverChannel::pair();
    BOOST_REQUIRE(ends.ok());
    old_end = std::move(ends.value().first);
    new_end = std::move(ends.value().second);
  }
};

UniqueFd bytes(const std::string& text) {
  Result<UniqueFd> fd = bytes_as_descriptor(text);
  BOOST_REQUIRE(fd.ok());
  return std::move(fd.value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hal_linux_handover)

BOOST_AUTO_TEST_CASE(descriptors_arrive_under_their_names_and_facts_with_any_bytes) {
  TwoEnds ends;
  Handover given;
  std::vector<UniqueFd> mine;
  // More than one message holds.
  for (int i = 0; i < 150; ++i) {
    mine.push_back(bytes("content " + std::to_string(i)));
    given.lend("port/" + std::to_string(i), mine.back().get());
  }
  given.lend("closed", -1);
  given.note("text", std::string("two\nlines\0and a zero", 20));
  given.note("number", -7);
  Outcome sent;
  std::thread sender([&] { sent = ends.old_end.give(given, patience_ms); });
  Handover taken;
  const Outcome received = ends.new_end.take(taken, patience_ms);
  sender.join();
  BOOST_TEST(sent.ok(), sent.reason);
  BOOST_TEST(received.ok(), received.reason);
  for (int i = 0; i < 150; ++i) {
    const UniqueFd fd = taken.take("port/" + std::to_string(i));
    BOOST_REQUIRE(fd.valid());
    const auto content = bytes_of_descriptor(fd.get(), 100);
    BOOST_REQUIRE(content.ok());
    BOOST_TEST(content.value() == "content " + std::to_string(i));
  }
  BOOST_TEST(!taken.has("port/3"));
  BOOST_TEST(!taken.take("closed").valid());
  BOOST_TEST((taken.fact("text") == std::string_view("two\nlines\0and a zero", 20)));
  BOOST_TEST(taken.number("number") == -7);
  BOOST_TEST(taken.number("text") == 0);
  BOOST_TEST(!taken.has_fact("nothing"));
}

BOOST_AUTO_TEST_CASE(an_end_that_is_gone_silent_or_talks_nonsense_is_told_apart) {
  Handover taken;
  {
    TwoEnds ends;
    BOOST_TEST(ends.new_end.take(taken, 10).error == ETIMEDOUT);
    BOOST_TEST(!ends.new_end.has_ended(1));
    ends.old_end.close();
    BOOST_TEST(ends.new_end.has_ended(1));
    BOOST_TEST(ends.new_end.take(taken, patience_ms).error == ECONNRESET);
    BOOST_TEST(ends.new_end.send("ready", patience_ms).error == EPIPE);
  }
  const UniqueFd one = bytes("one");
  struct Nonsense {
    const char* word;
    const char* text;
    bool with_descriptor;
  };
  for (const Nonsense& it : {Nonsense{"hello", "", false}, Nonsense{"facts", "no value", false},
                             Nonsense{"facts", "key\n12\nshort", false}, Nonsense{"facts", "key\n-1\n", false},
                             Nonsense{"descriptors", "a\nb\n", true}, Nonsense{"descriptors", "", true}}) {
    TwoEnds ends;
    const std::array<int, 1> fds{one.get()};
    BOOST_TEST(ends.old_end.send(it.word, it.text, std::span(fds).first(it.with_descriptor ? 1 : 0), patience_ms).ok());
    BOOST_TEST(ends.new_end.take(taken, patience_ms).error == EBADMSG, it.word);
  }
  TwoEnds ends;
  BOOST_TEST(ends.old_end.send("fact", std::string(HandoverChannel::message_size_max, 'x'), {}, 10).error == EMSGSIZE);
}

BOOST_AUTO_TEST_CASE(a_listener_that_never_reads_is_waited_for_a_bounded_time) {
  TwoEnds ends;
  const std::string text(30'000, 'x');
  Outcome outcome;
  for (int i = 0; i < 1'000 && outcome.ok(); ++i) outcome = ends.old_end.send("fact", text, {}, 5);
  BOOST_TEST(outcome.error == ETIMEDOUT);
}

BOOST_AUTO_TEST_CASE(a_flood_of_facts_is_cut_off) {
  TwoEnds ends;
  Outcome received;
  std::thread receiver([&] {
    Handover taken;
    received = ends.new_end.take(taken, patience_ms);
    ends.new_end.close();
  });
  for (std::size_t i = 0; i < 2 * Handover::items_max; ++i)
    if (!ends.old_end.send("facts", std::to_string(i) + "\n1\n1", {}, patience_ms).ok()) break;
  receiver.join();
  BOOST_TEST(received.error == E2BIG);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_too_many_are_refused) {
  const UniqueFd fd = bytes("0123456789");
  BOOST_TEST(bytes_of_descriptor(fd.get(), 10).ok());
  const auto refused = bytes_of_descriptor(fd.get(), 9);
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST(refused.failure().error == E2BIG);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lnx

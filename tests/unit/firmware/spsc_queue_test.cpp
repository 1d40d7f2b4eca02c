#include "firmware/spsc_queue.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <thread>

#include "firmware/latest_value.hpp"

namespace bondbox::test {

BOOST_AUTO_TEST_SUITE(spsc_queue)

BOOST_AUTO_TEST_CASE(what_goes_in_comes_out_in_order_until_it_is_empty) {
  SpscQueue<int, 4> queue;
  int value = 0;
  BOOST_TEST(!queue.pop(value));
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 3; ++i) BOOST_TEST(queue.push(round * 10 + i));
    for (int i = 0; i < 3; ++i) {
      BOOST_TEST(queue.pop(value));
      BOOST_TEST(value == round * 10 + i);
    }
  }
  BOOST_TEST(!queue.pop(value));
}

BOOST_AUTO_TEST_CASE(a_full_queue_takes_nothing_and_loses_nothing) {
  SpscQueue<int, 4> queue;
  for (int i = 0; i < 4; ++i) BOOST_TEST(queue.push(i));
  BOOST_TEST(!queue.push(99));
  int value = -1;
  for (int i = 0; i < 4; ++i) {
    BOOST_TEST(queue.pop(value));
    BOOST_TEST(value == i);
  }
  BOOST_TEST(!queue.pop(value));
}

BOOST_AUTO_TEST_CASE(between_two_threads_everything_arrives_once_and_in_order) {
  SpscQueue<std::uint32_t, 16> queue;
  constexpr std::uint32_t count = 50'000;
  std::thread sender([&queue] {
    for (std::uint32_t i = 0; i < count;)
      if (queue.push(i)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
  });
  std::uint32_t expected = 0;
  std::uint32_t wrong = 0;
  while (expected < count) {
    std::uint32_t value = 0;
    if (!queue.pop(value)) {
      std::this_thread::yield();
      continue;
    }
    wrong += value != expected ? 1 : 0;
    ++expected;
  }
  sender.join();
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(latest_value)

BOOST_AUTO_TEST_CASE(only_what_was_shown_is_read_and_of_that_the_newest) {
  LatestValue<int> value;
  BOOST_TEST(value.read() == 0);
  value.draft() = 5;
  BOOST_TEST(value.read() == 0);
  value.show();
  BOOST_TEST(value.read() == 5);
  value.draft() = 6;
  value.show();
  value.draft() = 7;
  value.show();
  BOOST_TEST(value.read() == 7);
  BOOST_TEST(value.read() == 7);
}

BOOST_AUTO_TEST_CASE(another_thread_reads_whole_values_that_never_go_back) {
  struct Pair {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
  };
  LatestValue<Pair> value;
  constexpr std::uint64_t last = 50'000;
  std::thread writer([&value] {
    for (std::uint64_t i = 1; i <= last; ++i) {
      value.draft() = {i, i};
      value.show();
    }
  });
  std::uint64_t before = 0;
  std::uint64_t wrong = 0;
  while (before < last) {
    const Pair& now = value.read();
    wrong += now.first != now.second || now.first < before ? 1 : 0;
    before = now.first;
  }
  writer.join();
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

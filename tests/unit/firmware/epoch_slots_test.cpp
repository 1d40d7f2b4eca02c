#include "firmware/epoch_slots.hpp"

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <thread>
#include <vector>

namespace bondbox::test {
namespace {

constexpr std::size_t readers = 3;

/// A value that shows when it was changed while somebody read it.
struct Value {
  std::array<std::uint64_t, 64> words{};
  static Value of(std::uint64_t number) {
    Value value;
    value.words.fill(number);
    return value;
  }
};

using Slots = EpochSlots<Value, readers>;

}  // namespace

BOOST_AUTO_TEST_SUITE(epoch_slots)

BOOST_AUTO_TEST_CASE(a_reader_gets_the_newest_value) {
  Slots slots;
  BOOST_TEST(slots.enter(0).words[0] == 0U);
  slots.leave(0);
  slots.publish(Value::of(7));
  slots.publish(Value::of(8));
  BOOST_TEST(slots.enter(0).words[63] == 8U);
  slots.leave(0);
}

BOOST_AUTO_TEST_CASE(an_epoch_is_passed_when_no_reader_is_in_one_before) {
  Slots slots;
  slots.publish(Value::of(1));
  slots.enter(0);
  const Slots::Epoch epoch = slots.publish(Value::of(2));
  BOOST_TEST(!slots.passed(epoch));
  slots.enter(1);  // in the new one: holds up nobody
  BOOST_TEST(!slots.passed(epoch));
  slots.leave(0);
  BOOST_TEST(slots.passed(epoch));
  slots.leave(1);
}

BOOST_AUTO_TEST_CASE(a_reader_that_sleeps_has_passed_every_epoch) {
  Slots slots;
  for (std::uint64_t i = 1; i < 100; ++i) BOOST_TEST(slots.passed(slots.publish(Value::of(i))));
}

BOOST_AUTO_TEST_CASE(a_value_that_is_read_stays_however_many_are_published) {
  Slots slots;
  slots.publish(Value::of(1));
  const Value& old = slots.enter(0);
  slots.publish(Value::of(2));
  const Value& younger = slots.enter(1);
  for (std::uint64_t i = 3; i < 100; ++i) slots.publish(Value::of(i));
  BOOST_TEST(old.words[10] == 1U);
  BOOST_TEST(younger.words[10] == 2U);
  slots.leave(0);
  slots.leave(1);
  BOOST_TEST(slots.enter(0).words[0] == 99U);
  slots.leave(0);
}

BOOST_AUTO_TEST_CASE(threads_read_whole_values_that_never_go_back) {
  Slots slots;
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> torn = 0;
  std::atomic<std::uint64_t> backward = 0;
  std::array<std::atomic<std::uint64_t>, readers> seen{};
  std::vector<std::thread> threads;
  for (std::size_t reader = 0; reader < readers; ++reader) {
    threads.emplace_back([&, reader] {
      std::uint64_t last = 0;
      while (!stopping) {
        const Value& value = slots.enter(reader);
        const std::uint64_t first = value.words.front();
        for (const std::uint64_t word : value.words) torn += word != first ? 1 : 0;
        slots.leave(reader);
        backward += first < last ? 1 : 0;
        last = first;
        seen[reader] = last;
      }
    });
  }
  constexpr std::uint64_t last = 20'000;
  for (std::uint64_t i = 1; i <= last; ++i) slots.publish(Value::of(i));
  const Slots::Epoch epoch = slots.publish(Value::of(last + 1));
  while (!slots.passed(epoch)) std::this_thread::yield();
  for (const auto& one : seen)
    while (one < last + 1) std::this_thread::yield();
  stopping = true;
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(torn == 0U);
  BOOST_TEST(backward == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

#include "hal/sim/frame_queue.hpp"

#include <boost/test/unit_test.hpp>
#include <deque>
#include <random>

using bondbox::OffloadHeader;
using bondbox::PacketBatch;
using bondbox::sim::FrameQueue;

namespace {

std::vector<std::uint8_t> frame_of(std::size_t length, std::uint8_t first) {
  std::vector<std::uint8_t> frame(length);
  for (std::size_t i = 0; i < length; ++i) frame[i] = static_cast<std::uint8_t>(first + i);
  return frame;
}

std::vector<std::uint8_t> bytes_of(const bondbox::Packet& packet) {
  return {packet.frame().begin(), packet.frame().end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_frame_queue)

BOOST_AUTO_TEST_CASE(frames_come_out_in_order_with_their_offload) {
  FrameQueue queue(4, 1000);
  const OffloadHeader offload{1, 2, 3, 4, 5, 6};
  BOOST_TEST(queue.push(frame_of(60, 1), offload));
  BOOST_TEST(queue.push(frame_of(70, 2)));
  PacketBatch batch(1);
  BOOST_REQUIRE(queue.pop(batch.prepare()));
  BOOST_TEST(bytes_of(batch[0]) == frame_of(60, 1));
  BOOST_TEST((batch[0].offload() == offload));
  BOOST_REQUIRE(queue.pop(batch.prepare()));
  BOOST_TEST(bytes_of(batch[0]) == frame_of(70, 2));
  BOOST_TEST((batch[0].offload() == OffloadHeader{}));
  BOOST_TEST(!queue.pop(batch.prepare()));
}

BOOST_AUTO_TEST_CASE(both_bounds_are_kept) {
  FrameQueue few(2, 1000);
  BOOST_TEST(few.push(frame_of(1, 0)));
  BOOST_TEST(few.push(frame_of(1, 0)));
  BOOST_TEST(!few.push(frame_of(1, 0)));
  FrameQueue small(100, 100);
  BOOST_TEST(small.push(frame_of(60, 0)));
  BOOST_TEST(!small.push(frame_of(41, 0)));
  BOOST_TEST(small.push(frame_of(40, 0)));
  BOOST_TEST(small.size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_oldest_make_room_when_asked_to) {
  FrameQueue queue(10, 100);
  BOOST_TEST(queue.push_over_oldest(frame_of(50, 1)) == 0U);
  BOOST_TEST(queue.push_over_oldest(frame_of(50, 2)) == 0U);
  BOOST_TEST(queue.push_over_oldest(frame_of(60, 3)) == 2U);
  BOOST_TEST((queue.frames() == std::vector<std::vector<std::uint8_t>>{frame_of(60, 3)}));
  BOOST_TEST(queue.push_over_oldest(frame_of(101, 4)) == 0U);
  BOOST_TEST(queue.size() == 1U);
}

BOOST_AUTO_TEST_CASE(any_order_of_pushes_and_pops_is_a_queue) {
  std::mt19937 random(3);
  FrameQueue queue(7, 211);
  std::deque<std::vector<std::uint8_t>> model;
  std::size_t held = 0;
  PacketBatch batch(1);
  for (int round = 0; round < 20'000; ++round) {
    if (random() % 2 == 0) {
      const auto frame = frame_of(random() % 90, static_cast<std::uint8_t>(random()));
      const bool fits = model.size() < 7 && held + frame.size() <= 211;
      BOOST_REQUIRE(queue.push(frame) == fits);
      if (!fits) continue;
      held += frame.size();
      model.push_back(frame);
    } else {
      BOOST_REQUIRE(queue.pop(batch.prepare()) == !model.empty());
      if (model.empty()) continue;
      BOOST_REQUIRE(bytes_of(batch[0]) == model.front());
      held -= model.front().size();
      model.pop_front();
    }
    BOOST_REQUIRE((queue.frames() == std::vector<std::vector<std::uint8_t>>(model.begin(), model.end())));
  }
}

BOOST_AUTO_TEST_SUITE_END()

#include "hal/packet.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

using bondbox::OffloadHeader;
using bondbox::Packet;
using bondbox::PacketBatch;
namespace wire = bondbox::wire;

namespace {

std::vector<std::uint8_t> numbered(std::size_t length) {
  std::vector<std::uint8_t> bytes(length);
  for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::uint8_t>(i % 251);
  return bytes;
}

std::vector<std::uint8_t> frame_of(const Packet& packet) {
  return {packet.frame().begin(), packet.frame().end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(packet)

BOOST_AUTO_TEST_CASE(a_frame_is_copied_in_whole_with_no_offload) {
  PacketBatch batch(2);
  Packet& packet = batch.prepare();
  packet.set_offload({1, 1, 54, 1448, 34, 16});
  const auto bytes = numbered(Packet::frame_size_max);
  BOOST_TEST(packet.assign(bytes));
  BOOST_TEST(frame_of(packet) == bytes);
  BOOST_TEST((packet.offload() == OffloadHeader{}));
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_too_long_leaves_the_packet_empty) {
  PacketBatch batch(1);
  Packet& packet = batch.prepare();
  BOOST_TEST(packet.assign(numbered(60)));
  BOOST_TEST(!packet.assign(numbered(Packet::frame_size_max + 1)));
  BOOST_TEST(packet.frame().empty());
}

BOOST_AUTO_TEST_CASE(a_tag_goes_in_after_the_addresses_and_moves_the_checksum) {
  PacketBatch batch(1);
  Packet& packet = batch.prepare();
  const auto bytes = numbered(100);
  BOOST_TEST(packet.assign(bytes));
  packet.set_offload({OffloadHeader::needs_checksum, 1, 54, 1448, 34, 16});
  BOOST_TEST(packet.insert_vlan(0x8100, 0x2064));
  auto expected = bytes;
  const std::uint8_t tag[] = {0x81, 0x00, 0x20, 0x64};
  expected.insert(expected.begin() + 12, std::begin(tag), std::end(tag));
  BOOST_TEST(frame_of(packet) == expected, boost::test_tools::per_element());
  BOOST_TEST((packet.offload() == OffloadHeader{OffloadHeader::needs_checksum, 1, 58, 1448, 38, 16}));
}

BOOST_AUTO_TEST_CASE(an_offload_that_says_nothing_of_places_stays_as_it_is) {
  PacketBatch batch(1);
  Packet& packet = batch.prepare();
  BOOST_TEST(packet.assign(numbered(60)));
  packet.set_offload({OffloadHeader::data_valid, 0, 0, 0, 0, 0});
  BOOST_TEST(packet.insert_vlan(0x8100, 1));
  BOOST_TEST((packet.offload() == OffloadHeader{OffloadHeader::data_valid, 0, 0, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(there_is_room_for_two_tags_and_no_more) {
  PacketBatch batch(1);
  Packet& packet = batch.prepare();
  BOOST_TEST(packet.assign(numbered(60)));
  BOOST_TEST(packet.insert_vlan(0x8100, 1));
  BOOST_TEST(packet.insert_vlan(0x88a8, 2));
  const auto twice_tagged = frame_of(packet);
  BOOST_TEST(twice_tagged.size() == 68U);
  BOOST_TEST(!packet.insert_vlan(0x88a8, 3));
  BOOST_TEST(frame_of(packet) == twice_tagged, boost::test_tools::per_element());
  packet.reset();
  BOOST_TEST(packet.assign(numbered(60)));
  BOOST_TEST(packet.insert_vlan(0x8100, 1));
}

BOOST_AUTO_TEST_CASE(a_tag_is_refused_where_it_does_not_fit) {
  PacketBatch batch(1);
  Packet& packet = batch.prepare();
  BOOST_TEST(packet.assign(numbered(11)));
  BOOST_TEST(!packet.insert_vlan(0x8100, 1));
  BOOST_TEST(frame_of(packet) == numbered(11));
  BOOST_TEST(packet.assign(numbered(12)));
  BOOST_TEST(packet.insert_vlan(0x8100, 1));
  BOOST_TEST(packet.assign(numbered(Packet::frame_size_max - 3)));
  BOOST_TEST(!packet.insert_vlan(0x8100, 1));
}

BOOST_AUTO_TEST_CASE(a_batch_counts_frames_and_bytes_and_is_bounded) {
  PacketBatch batch(3);
  BOOST_TEST(batch.capacity() == 3U);
  BOOST_TEST(PacketBatch(10'000).capacity() == PacketBatch::frames_max);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(!batch.full());
    BOOST_TEST(batch.prepare().assign(numbered(60 + i)));
    batch.commit();
  }
  BOOST_TEST(batch.full());
  BOOST_TEST(batch.bytes() == 60U + 61U + 62U);
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(frame_of(batch[i]) == numbered(60 + i));
  batch.clear();
  BOOST_TEST(batch.size() == 0U);
  BOOST_TEST(batch.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(packets_prepared_ahead_do_not_share_memory) {
  PacketBatch batch(2);
  Packet& first = batch.prepare(0);
  Packet& second = batch.prepare(1);
  BOOST_TEST(first.assign(numbered(Packet::frame_size_max)));
  const std::vector<std::uint8_t> other(200, 0xee);
  BOOST_TEST(second.assign(other));
  second.set_offload({1, 2, 3, 4, 5, 6});
  BOOST_TEST(frame_of(first) == numbered(Packet::frame_size_max));
  BOOST_TEST(frame_of(second) == other);
}

BOOST_AUTO_TEST_SUITE_END()

#include "firmware/changeover.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace bondbox {
namespace {

constexpr PortId port{1};
constexpr MacAddress host{{0x02, 0, 0, 0, 0x0a, 0}};
constexpr MacAddress station{{0x02, 0, 0, 0, 0x0b, 1}};
using Frame = std::vector<std::uint8_t>;

Frame frame(const MacAddress& to, const MacAddress& from, std::size_t size = 60, std::uint8_t last = 0) {
  Frame bytes(size);
  to.store(bytes.data());
  from.store(bytes.data() + 6);
  bytes.back() = last;
  return bytes;
}

Newcomers begun(Deliver what) {
  Newcomers newcomers;
  newcomers.deliver[port.index] = what;
  newcomers.own_macs.push_back(host);
  return newcomers;
}

ForwardingPlan plan_with(Deliver what) {
  ForwardingPlan plan;
  for (PortRule& rule : plan.ports) rule.deliver = what;
  return plan;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(changeover)

BOOST_AUTO_TEST_CASE(a_frame_is_found_as_often_as_it_was_added) {
  FrameTwins twins;
  const Frame one = frame(host, station);
  BOOST_TEST(!twins.take(one));
  twins.add(one);
  twins.add(one);
  BOOST_TEST(twins.take(one));
  BOOST_TEST(twins.take(one));
  BOOST_TEST(!twins.take(one));
}

BOOST_AUTO_TEST_CASE(frames_that_differ_in_one_bit_or_in_their_length_are_two) {
  for (const std::size_t size : {14U, 15U, 60U, 63U, 64U, 65U, 1514U, 65'000U}) {
    FrameTwins twins;
    const Frame one = frame(host, station, size, 1);
    twins.add(one);
    for (std::size_t bit = 0; bit < 8 * size; bit += bit < 600 ? 1 : 97) {
      Frame other = one;
      other[bit / 8] = static_cast<std::uint8_t>(other[bit / 8] ^ 1U << bit % 8);
      BOOST_REQUIRE(!twins.take(other));
    }
    Frame longer = one;
    longer.push_back(0);
    BOOST_TEST(!twins.take(longer));
    BOOST_TEST(!twins.take(wire::Bytes(one).first(size - 1)));
    BOOST_TEST(twins.take(one));
  }
}

BOOST_AUTO_TEST_CASE(what_was_cleared_is_not_found_and_what_is_too_much_is_forgotten) {
  constexpr std::uint16_t many = 5'000;
  FrameTwins twins;
  for (int round = 0; round < 2; ++round) {
    std::size_t found = 0;
    for (std::uint16_t i = 0; i < many; ++i) {
      Frame one = frame(host, station);
      wire::store_be16(&one[20], i);
      twins.add(one);
    }
    for (std::uint16_t i = 0; i < many; ++i) {
      Frame one = frame(host, station);
      wire::store_be16(&one[20], i);
      found += twins.take(one) ? 1 : 0;
    }
    BOOST_TEST(found == 4'096U);
    twins.clear();
    BOOST_TEST(!twins.take(frame(host, station)));
  }
}

BOOST_AUTO_TEST_CASE(only_what_a_port_has_begun_to_deliver_is_compared) {
  CopyMemory memory;
  const Newcomers none;
  const ForwardingPlan plan = plan_with(deliver_unicast | deliver_broadcast);
  ChangeoverSieve left(PortId{0}, plan, none, memory, true);
  const Frame unicast = frame(host, station);
  const Frame broadcast = frame(broadcast_mac, station);
  for (const Frame& one : {unicast, broadcast}) BOOST_TEST(left.passes(one));
  const Newcomers groups = begun(deliver_broadcast | deliver_multicast);
  ChangeoverSieve next(port, plan, groups, memory, false);
  BOOST_TEST(next.passes(unicast));
  BOOST_TEST(!next.passes(broadcast));
  BOOST_TEST(next.passes(broadcast));
}

BOOST_AUTO_TEST_CASE(frames_of_the_hosts_own_do_not_come_in_by_a_port_that_has_just_begun) {
  CopyMemory memory;
  const Newcomers newcomers = begun(deliver_unicast | deliver_broadcast);
  const ForwardingPlan plan = plan_with(deliver_unicast | deliver_broadcast);
  ChangeoverSieve next(port, plan, newcomers, memory, false);
  BOOST_TEST(!next.passes(frame(broadcast_mac, host)));
  ChangeoverSieve other(PortId{0}, plan, newcomers, memory, false);
  BOOST_TEST((other.if_needed() == nullptr));
  BOOST_TEST((next.if_needed() == &next));
}

BOOST_AUTO_TEST_CASE(what_is_delivered_is_looked_at_only_while_another_port_brings_copies) {
  CopyMemory memory;
  const Newcomers none;
  BOOST_TEST(!memory.begin_batch(true, false, none));
  BOOST_TEST(!memory.begin_batch(false, false, none));
  const Frame one = frame(host, station);
  BOOST_TEST(memory.begin_batch(true, false, none));
  memory.add(one);
  BOOST_TEST(memory.begin_batch(true, false, none));
  BOOST_TEST(memory.take(one));
  memory.add(one);
  // The other port has been read since, so the copies of it are gone.
  BOOST_TEST(!memory.begin_batch(false, false, none));
  BOOST_TEST(memory.begin_batch(true, false, none));
  BOOST_TEST(!memory.take(one));
  memory.add(one);
  int more = 0;
  while (memory.begin_batch(true, false, none)) BOOST_REQUIRE(++more < 100);
  BOOST_TEST(more > 0);
  BOOST_TEST(!memory.take(one));
}

BOOST_AUTO_TEST_CASE(a_port_brings_no_copies_of_what_came_by_itself) {
  CopyMemory memory;
  const Newcomers newcomers = begun(deliver_unicast);
  const ForwardingPlan plan = plan_with(deliver_unicast);
  BOOST_TEST(!memory.begin_batch(false, false, newcomers));
  ChangeoverSieve next(port, plan, newcomers, memory, false);
  for (int i = 0; i < 3; ++i) BOOST_TEST(next.passes(frame(host, station)));
}

BOOST_AUTO_TEST_CASE(between_two_plans_nothing_is_forgotten) {
  CopyMemory memory;
  const Frame one = frame(host, station);
  BOOST_TEST(memory.begin_batch(true, true, {}));
  memory.add(one);
  const Newcomers newcomers = begun(deliver_unicast);
  BOOST_TEST(!memory.begin_batch(false, false, newcomers));
  BOOST_TEST(memory.begin_batch(true, false, newcomers));
  BOOST_TEST(memory.take(one));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox

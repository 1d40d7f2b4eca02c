#include "policies/resilient_hash.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

#include "hal/wire/ethernet.hpp"
#include "policies/transmit_hash.hpp"

namespace {

using namespace bondbox;
using Table = std::array<PortId, bucket_count>;

PortList ports_of(std::size_t count) {
  PortList ports;
  for (std::size_t i = 0; i < count; ++i) ports.push_back(PortId{static_cast<std::uint8_t>(i)});
  return ports;
}

PortList without(PortList ports, PortId gone) {
  ports.erase_at(static_cast<std::size_t>(std::find(ports.begin(), ports.end(), gone) - ports.begin()));
  return ports;
}

std::ptrdiff_t share(const Table& table, PortId port) {
  return std::count(table.begin(), table.end(), port);
}

/// The largest share of a usable port less the smallest.
std::ptrdiff_t unevenness(const Table& table, const PortList& usable) {
  std::array<std::ptrdiff_t, max_ports> shares{};
  for (std::size_t i = 0; i < usable.size(); ++i) shares[i] = share(table, usable[i]);
  const auto [least, most] =
      std::minmax_element(shares.begin(), shares.begin() + static_cast<std::ptrdiff_t>(usable.size()));
  return *most - *least;
}

/// A UDP packet of a flow of its own.
std::array<std::uint8_t, 42> random_flow(std::mt19937& random) {
  std::array<std::uint8_t, 42> frame{};
  for (std::uint8_t& byte : frame) byte = static_cast<std::uint8_t>(random());
  frame[0] &= 0xfe;
  wire::store_be16(&frame[12], wire::ethertype::ipv4);
  frame[14] = 0x45;
  wire::store_be16(&frame[20], 0);
  frame[23] = 17;
  return frame;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resilient_hash)

BOOST_AUTO_TEST_CASE(all_ports_usable_have_equal_shares_up_to_one) {
  for (std::size_t count = 1; count <= max_ports; ++count) {
    const PortList ports = ports_of(count);
    BOOST_TEST(unevenness(resilient_buckets(ports, ports), ports) <= 1, std::to_string(count) << " ports");
  }
}

BOOST_AUTO_TEST_CASE(only_the_buckets_of_a_dead_port_move_and_they_spread_evenly) {
  for (std::size_t count = 2; count <= max_ports; ++count) {
    const PortList ports = ports_of(count);
    const Table before = resilient_buckets(ports, ports);
    for (const PortId dead : ports) {
      const PortList usable = without(ports, dead);
      const Table after = resilient_buckets(ports, usable);
      bool only_its_own = true;
      for (std::size_t i = 0; i < bucket_count; ++i)
        only_its_own = only_its_own && (before[i] != after[i]) == (before[i] == dead);
      BOOST_TEST(only_its_own, count << " ports, port " << int{dead.index} << " dead");
      BOOST_TEST(share(after, dead) == 0);
      BOOST_TEST(unevenness(after, usable) <= 2, count << " ports, port " << int{dead.index} << " dead");
    }
  }
}

BOOST_AUTO_TEST_CASE(after_two_deaths_the_shares_differ_little_and_the_dead_ports_buckets_alone_have_moved) {
  for (std::size_t count = 3; count <= 8; ++count) {
    const PortList ports = ports_of(count);
    const Table before = resilient_buckets(ports, ports);
    for (const PortId first : ports) {
      for (const PortId second : without(ports, first)) {
        const PortList usable = without(without(ports, first), second);
        const Table after = resilient_buckets(ports, usable);
        bool only_theirs = true;
        for (std::size_t i = 0; i < bucket_count; ++i)
          only_theirs = only_theirs && (before[i] != after[i]) == (before[i] == first || before[i] == second);
        BOOST_TEST(only_theirs);
        BOOST_TEST(unevenness(after, usable) <= 4, count << " ports");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_table_does_not_depend_on_the_order_of_the_usable_ports) {
  const PortList ports = ports_of(4);
  PortList usable;
  for (const PortId port : {PortId{3}, PortId{0}, PortId{2}}) usable.push_back(port);
  BOOST_TEST((resilient_buckets(ports, usable) == resilient_buckets(ports, without(ports, PortId{1}))));
}

BOOST_AUTO_TEST_CASE(slots_that_are_not_in_order_keep_the_order_of_the_ports) {
  PortList ports;
  for (const PortId port : {PortId{7}, PortId{2}}) ports.push_back(port);
  const Table table = resilient_buckets(ports, ports);
  BOOST_TEST(int{table[0].index} == 7);
  BOOST_TEST(int{table[1].index} == 2);
}

BOOST_AUTO_TEST_CASE(without_a_usable_port_no_bucket_has_one) {
  BOOST_TEST(share(resilient_buckets(ports_of(3), {}), no_port) == static_cast<std::ptrdiff_t>(bucket_count));
  BOOST_TEST(share(resilient_buckets({}, {}), no_port) == static_cast<std::ptrdiff_t>(bucket_count));
}

// A measurement as well: the figures stand in ARCHITECTURE.md.
BOOST_AUTO_TEST_CASE(of_random_flows_exactly_those_of_the_dead_port_move) {
  constexpr int flows = 10'000;
  for (std::size_t count = 3; count <= 8; ++count) {
    const PortList ports = ports_of(count);
    const PortId dead{0};
    const PortList usable = without(ports, dead);
    const Table before = resilient_buckets(ports, ports);
    const Table after = resilient_buckets(ports, usable);
    std::mt19937 random(20'261'122);
    int of_the_dead = 0;
    int moved = 0;
    int moved_by_remainder = 0;
    for (int i = 0; i < flows; ++i) {
      const auto frame = random_flow(random);
      const std::uint32_t hash = transmit_hash(HashPolicy::layer34, frame);
      const std::uint8_t bucket =
          transmit_bucket(BucketKey::every_frame, HashPolicy::layer34, frame).value();  // every frame has one
      of_the_dead += before[bucket] == dead ? 1 : 0;
      moved += before[bucket] != after[bucket] ? 1 : 0;
      moved_by_remainder += ports[hash % ports.size()] != usable[hash % usable.size()] ? 1 : 0;
    }
    BOOST_TEST_MESSAGE(count << " ports, 1 dies: " << moved << " of " << flows << " flows move; by remainder "
                             << moved_by_remainder);
    BOOST_TEST(moved == of_the_dead);
    BOOST_TEST(moved < moved_by_remainder);
  }
}

BOOST_AUTO_TEST_SUITE_END()

// Modes 0, 2 and 3 as they run: who carries what, when a port fails, returns, refuses or waits, and when options
// change.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <map>
#include <set>

#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::data_numbers;
using test::Frame;
using test::SimBench;
using test::station_mac;
using Counts = std::vector<std::size_t>;

/// Three ports whose cables have no other end, so that what leaves on each can be counted.
struct Bundle : SimBench {
  Bundle(Mode mode, std::uint32_t updelay_ms = 0, std::uint32_t downdelay_ms = 0) : SimBench({"e0", "e1", "e2"}) {
    BondConfig config = SimBench::config({"e0", "e1", "e2"});
    config.options.mode = mode;
    config.options.updelay_ms = updelay_ms;
    config.options.downdelay_ms = downdelay_ms;
    config.options.xmit_hash_policy = HashPolicy::layer34;
    add(config);
    run_to(2'000 + updelay_ms);  // through every updelay of the beginning
    events_of_the_beginning = take_events();
    clear();
  }

  std::vector<std::string> events_of_the_beginning;

  void clear() {
    for (const char* card : {"e0", "e1", "e2"}) world.clear_sent(card);
  }
  /// How many frames have left on each port since the last call.
  Counts left() {
    Counts counts;
    for (const char* card : {"e0", "e1", "e2"}) counts.push_back(world.sent(card).size());
    clear();
    return counts;
  }
  Counts send(std::uint32_t frames) {
    for (std::uint32_t i = 0; i < frames; ++i) host_sends(data_frame(station_mac(1), host().mac(), i));
    return left();
  }
  /// The port that each of these UDP flows leaves on; 9 for none, 8 for several.
  std::vector<int> flows(std::uint16_t count) {
    std::vector<int> ports;
    for (std::uint16_t flow = 0; flow < count; ++flow) {
      host_sends(udp(flow));
      const Counts counts = left();
      const auto used = std::count_if(counts.begin(), counts.end(), [](std::size_t n) { return n != 0; });
      const auto first = std::find_if(counts.begin(), counts.end(), [](std::size_t n) { return n != 0; });
      ports.push_back(used == 1 ? static_cast<int>(first - counts.begin()) : used == 0 ? 9 : 8);
    }
    return ports;
  }

  Frame udp(std::uint16_t flow) {
    Frame frame(60);
    station_mac(1).store(frame.data());
    host().mac().store(frame.data() + 6);
    wire::store_be16(&frame[12], wire::ethertype::ipv4);
    frame[14] = 0x45;
    frame[23] = 17;
    wire::store_be32(&frame[26], 0xc0000201);
    wire::store_be32(&frame[30], 0xc0000202);
    wire::store_be16(&frame[34], static_cast<std::uint16_t>(30'000 + flow));
    wire::store_be16(&frame[36], 53);
    return frame;
  }
};

/// A station "s0" and three ports on a learning switch that knows nothing of a bond.
struct Street : SimBench {
  explicit Street(Mode mode) : SimBench({"e0", "e1", "e2", "s0"}) {
    BOOST_REQUIRE(world.add_switch("sw").ok());
    for (const char* card : {"e0", "e1", "e2", "s0"}) BOOST_REQUIRE(world.connect(card, "sw").ok());
    BondConfig config = SimBench::config({"e0", "e1", "e2"});
    config.options.mode = mode;
    add(config);
    run_to(2'000);
    (void)world.take_received("s0");
    (void)host().take_delivered();
  }
  std::vector<std::int64_t> to_station(std::uint32_t frames) {
    for (std::uint32_t i = 0; i < frames; ++i) host_sends(data_frame(card_mac(3), host().mac(), i));
    return data_numbers(world.take_received("s0"));
  }
  std::vector<std::int64_t> to_host(const MacAddress& to, std::uint32_t frames) {
    for (std::uint32_t i = 0; i < frames; ++i) {
      BOOST_REQUIRE_EQUAL(world.send("s0", data_frame(to, card_mac(3), i)), 0);
      settle();
    }
    return data_numbers(host().take_delivered());
  }
};

std::size_t differing(const std::vector<int>& a, const std::vector<int>& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1 : 0;
  return count;
}

constexpr auto each = boost::test_tools::per_element();

}  // namespace

BOOST_AUTO_TEST_SUITE(spread_modes)

BOOST_AUTO_TEST_CASE(round_robin_gives_each_port_the_same_and_a_dead_ports_share_to_the_next) {
  Bundle bench(Mode::balance_rr);
  BOOST_TEST(bench.send(300) == (Counts{100, 100, 100}), each);
  bench.link("e1", false);
  BOOST_TEST(bench.send(300) == (Counts{100, 0, 200}), each);
  bench.link("e2", false);
  BOOST_TEST(bench.send(300) == (Counts{300, 0, 0}), each);
  bench.link("e0", false);
  BOOST_TEST(bench.send(30) == (Counts{0, 0, 0}), each);
  BOOST_TEST(bench.status().counters.tx_no_port == 30U);
  BOOST_TEST(!bench.host().has_carrier());
  for (const char* card : {"e0", "e1", "e2"}) bench.link(card, true);
  BOOST_TEST(bench.send(300) == (Counts{100, 100, 100}), each);
  BOOST_TEST(bench.host().has_carrier());
}

BOOST_AUTO_TEST_CASE(a_pulled_cable_that_nobody_has_noticed_yet_costs_no_frame) {
  for (const Mode mode : {Mode::balance_rr, Mode::balance_xor}) {
    Bundle bench(mode);
    bench.world.events_enabled = false;
    bench.link("e1", false);
    BOOST_TEST((bench.state("e1") == LinkState::up));
    const Counts counts = bench.send(300);
    BOOST_TEST(counts[1] == 0U);
    BOOST_TEST(counts[0] + counts[2] == 300U);
    BOOST_TEST((bench.state("e1") == LinkState::down));  // the refused frame has asked for a look
  }
}

BOOST_AUTO_TEST_CASE(packets_per_slave_changes_while_frames_flow) {
  Bundle bench(Mode::balance_rr);
  BOOST_REQUIRE(bench.set("packets_per_slave", "4").ok());
  for (int i = 0; i < 5; ++i) BOOST_TEST(bench.send(12) == (Counts{4, 4, 4}), each);
  BOOST_REQUIRE(bench.set("packets_per_slave", "0").ok());
  const Counts chance = bench.send(900);
  for (const std::size_t count : chance) {
    BOOST_TEST(count > 200U);
    BOOST_TEST(count < 400U);
  }
  BOOST_REQUIRE(bench.set("packets_per_slave", "1").ok());
  BOOST_TEST(bench.send(9) == (Counts{3, 3, 3}), each);
}

BOOST_AUTO_TEST_CASE(a_flow_keeps_its_port_and_the_hash_policy_can_change_while_frames_flow) {
  Bundle bench(Mode::balance_xor);
  const std::vector<int> before = bench.flows(60);
  BOOST_TEST(bench.flows(60) == before, each);
  BOOST_TEST(std::set<int>(before.begin(), before.end()).size() == 3U);
  BOOST_REQUIRE(bench.set("xmit_hash_policy", "layer2").ok());
  const std::vector<int> by_address = bench.flows(60);
  BOOST_TEST(std::set<int>(by_address.begin(), by_address.end()).size() == 1U);
  BOOST_REQUIRE(bench.set("xmit_hash_policy", "layer3+4").ok());
  BOOST_TEST(bench.flows(60) == before, each);
}

BOOST_AUTO_TEST_CASE(with_the_resilient_hash_only_the_flows_of_the_dead_port_move_and_they_come_back) {
  Bundle bench(Mode::balance_xor);
  bench.link("e1", false);
  bench.link("e1", true);
  const std::vector<int> by_remainder = bench.flows(90);
  bench.link("e1", false);
  const std::vector<int> by_remainder_after = bench.flows(90);
  bench.link("e1", true);
  BOOST_REQUIRE(bench.set("xmit_hash_resilient", "1").ok());
  const std::vector<int> before = bench.flows(90);
  bench.link("e1", false);
  const std::vector<int> after = bench.flows(90);
  for (std::size_t i = 0; i < before.size(); ++i) BOOST_TEST((before[i] != after[i]) == (before[i] == 1));
  BOOST_TEST(differing(before, after) < differing(by_remainder, by_remainder_after));
  bench.link("e1", true);
  BOOST_TEST(bench.flows(90) == before, each);
  BOOST_REQUIRE(bench.set("xmit_hash_resilient", "0").ok());
  BOOST_TEST(bench.flows(90) == by_remainder, each);
}

BOOST_AUTO_TEST_CASE(broadcast_sends_a_copy_on_each_port_and_loses_a_refused_one_on_that_port_only) {
  Bundle bench(Mode::broadcast);
  BOOST_TEST(bench.send(10) == (Counts{10, 10, 10}), each);
  BOOST_REQUIRE(bench.world.refuse_transmits("e1", 4, ENOBUFS).ok());
  BOOST_TEST(bench.send(10) == (Counts{10, 6, 10}), each);
  BOOST_TEST(bench.port("e1").counters.tx_refused == 4U);
  bench.world.events_enabled = false;
  bench.link("e2", false);
  BOOST_TEST(bench.send(10) == (Counts{10, 10, 0}), each);
  BOOST_TEST(bench.port("e2").counters.tx_refused == 1U);
  BOOST_TEST(bench.port("e2").counters.tx_moved == 0U);
}

BOOST_AUTO_TEST_CASE(a_member_that_refuses_for_being_full_loses_its_own_frames_only) {
  for (const Mode mode : {Mode::balance_rr, Mode::balance_xor}) {
    Bundle bench(mode);
    BOOST_REQUIRE(bench.world.refuse_transmits("e0", 1'000, ENOBUFS).ok());
    std::size_t sent = 0;
    for (std::uint16_t flow = 0; flow < 300; ++flow) bench.host_sends(bench.udp(flow));
    for (const std::size_t count : bench.left()) sent += count;
    BOOST_TEST(sent + bench.port("e0").counters.tx_refused == 300U);
    BOOST_TEST(bench.port("e0").counters.tx_refused > 50U);
    BOOST_TEST((bench.port("e0").link == LinkState::up));
  }
}

BOOST_AUTO_TEST_CASE(a_port_that_is_going_down_is_not_sent_on) {
  for (const Mode mode : {Mode::balance_rr, Mode::balance_xor, Mode::broadcast}) {
    Bundle bench(mode, 0, 1'000);
    bench.link("e1", false);
    BOOST_REQUIRE((bench.state("e1") == LinkState::fail));
    const Counts counts = bench.send(30);
    BOOST_TEST(counts[1] == 0U);
    BOOST_TEST(counts[0] + counts[2] == (mode == Mode::broadcast ? 60U : 30U));
    bench.run_for(300);
    bench.link("e1", true);
    BOOST_TEST((bench.state("e1") == LinkState::up));
    BOOST_TEST(bench.port("e1").failures == 0U);
  }
}

// What follows of updelay was observed on Linux 6.1: see ARCHITECTURE.md, "Modes 0, 2 and 3".

BOOST_AUTO_TEST_CASE(round_robin_waits_for_updelay_even_when_nothing_else_is_up) {
  Bundle bench(Mode::balance_rr, 500);
  for (const char* card : {"e0", "e1", "e2"}) bench.link(card, false);
  bench.link("e1", true);
  BOOST_TEST((bench.state("e1") == LinkState::back));
  BOOST_TEST(!bench.host().has_carrier());
  bench.run_for(400);
  BOOST_TEST(bench.send(10) == (Counts{0, 0, 0}), each);
  bench.run_for(200);
  BOOST_TEST(bench.send(10) == (Counts{0, 10, 0}), each);
}

BOOST_AUTO_TEST_CASE(xor_skips_updelay_for_one_port_while_nothing_is_up) {
  Bundle bench(Mode::balance_xor, 500);
  for (const char* card : {"e0", "e1", "e2"}) bench.link(card, false);
  bench.world.events_enabled = false;
  bench.link("e1", true);
  bench.link("e2", true);
  bench.run_for(100);
  BOOST_TEST((bench.state("e1") == LinkState::up));
  BOOST_TEST((bench.state("e2") == LinkState::back));
  bench.run_for(600);
  BOOST_TEST((bench.state("e2") == LinkState::up));
}

BOOST_AUTO_TEST_CASE(broadcast_skips_updelay_for_one_port_a_pass) {
  Bundle bench(Mode::broadcast, 5'000);
  bench.world.events_enabled = false;
  bench.link("e1", false);
  bench.link("e2", false);
  bench.run_for(100);
  bench.link("e1", true);
  bench.link("e2", true);
  bench.run_for(100);
  BOOST_TEST((bench.state("e1") == LinkState::up));
  BOOST_TEST((bench.state("e2") == LinkState::back));
  bench.run_for(100);
  BOOST_TEST((bench.state("e2") == LinkState::up));
}

BOOST_AUTO_TEST_CASE(a_port_that_is_going_back_is_up_at_once_when_the_last_one_goes_down) {
  for (const Mode mode : {Mode::balance_rr, Mode::balance_xor}) {
    Bundle bench(mode, 3'000);
    bench.link("e1", false);
    bench.link("e2", false);
    bench.link("e1", true);
    BOOST_REQUIRE((bench.state("e1") == LinkState::back));
    bench.link("e0", false);
    BOOST_TEST((bench.state("e1") == LinkState::up));
    BOOST_TEST(bench.host().has_carrier());
    BOOST_TEST(bench.send(10) == (Counts{0, 10, 0}), each);
  }
}

BOOST_AUTO_TEST_CASE(what_is_told_is_what_the_kernel_driver_tells_and_nothing_is_called_a_failover) {
  Bundle bench(Mode::balance_rr);
  bench.link("e0", false);
  bench.link("e1", false);
  bench.link("e2", false);
  BOOST_TEST(bench.told("now running without any active interface!"));
  BOOST_TEST(!bench.told("making interface the new active one"));
  bench.link("e1", true);
  BOOST_TEST(bench.told("active interface up!"));
  BOOST_TEST(bench.status().failovers == 0U);
  BOOST_TEST(bench.active() == "");
}

BOOST_AUTO_TEST_CASE(groups_are_joined_again_on_the_port_that_igmp_leaves_by) {
  Bundle bench(Mode::balance_rr);
  HostGroup group;
  group.group = IpAddress::parse("239.1.2.3").value();
  group.source = IpAddress::parse("192.0.2.1").value();
  group.mac = bench.host().mac();
  bench.host().set_groups({group});
  BOOST_REQUIRE(bench.set("resend_igmp", "3").ok());
  bench.link("e2", false);
  bench.run_for(1'000);
  BOOST_TEST(bench.left() == (Counts{0, 0, 0}), each);
  bench.link("e0", false);
  bench.run_for(9);
  BOOST_TEST(bench.left() == (Counts{0, 0, 0}), each);
  bench.run_for(1);
  BOOST_TEST(bench.left() == (Counts{0, 1, 0}), each);
  bench.run_for(400);
  BOOST_TEST(bench.left() == (Counts{0, 2, 0}), each);
  bench.run_for(10'000);
  BOOST_TEST(bench.left() == (Counts{0, 0, 0}), each);
}

BOOST_AUTO_TEST_CASE(through_a_switch_frames_arrive_once_or_in_broadcast_once_for_each_port) {
  for (const Mode mode : {Mode::balance_rr, Mode::balance_xor, Mode::broadcast}) {
    Street street(mode);
    BOOST_TEST(street.to_host(street.host().mac(), 0).empty());
    BOOST_TEST(street.to_station(30).size() == (mode == Mode::broadcast ? 90U : 30U));
    // The switch has learned the bond behind one port, and sends there.
    BOOST_TEST(street.to_host(street.host().mac(), 30).size() == 30U);
    // It knows of no port group, so what it floods arrives by every port; all deliver, as with the kernel driver.
    BOOST_TEST(street.to_host(broadcast_mac, 10).size() == 30U);
    BOOST_REQUIRE(street.set("all_slaves_active", "1").ok());
    BOOST_TEST(street.to_host(broadcast_mac, 10).size() == 30U);
    street.link("e0", false);
    BOOST_TEST(street.to_station(30).size() == (mode == Mode::broadcast ? 60U : 30U));
    BOOST_TEST(street.to_host(street.host().mac(), 30).size() == 30U);
    street.link("e0", true);
    BOOST_TEST(street.to_station(30).size() == (mode == Mode::broadcast ? 90U : 30U));
    BOOST_TEST(street.to_host(street.host().mac(), 30).size() == 30U);
  }
}

BOOST_AUTO_TEST_CASE(a_port_taken_out_and_put_back_takes_its_place_in_the_round) {
  Bundle bench(Mode::balance_rr);
  BOOST_REQUIRE(bench.world.remove_nic("e1").ok());
  bench.run_for(100);
  BOOST_TEST(bench.send(30) == (Counts{15, 0, 15}), each);
  BOOST_REQUIRE(bench.world.restore_nic("e1").ok());
  bench.run_for(100);
  bench.clear();
  BOOST_TEST(bench.send(30) == (Counts{10, 10, 10}), each);
  BOOST_TEST((bench.card("e1").mac == bench.host().mac()));
}

BOOST_AUTO_TEST_SUITE_END()

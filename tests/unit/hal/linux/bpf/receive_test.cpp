// A port's socket filter and ingress program against the forwarder: each frame goes exactly one way, and arrives there
// as the forwarder would have delivered it.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/unit/hal/linux/bpf/bpf_fixture.hpp"

namespace ut = boost::unit_test;

namespace bondbox::test {
namespace {

constexpr int plans = 400;
constexpr int frames_a_plan = 16;
constexpr MacAddress no_address{};  // of the interface that test runs seem to come from

bool can_run(ut::test_unit_id) {
  return kernel_takes_programs();
}

bool is_slow(const FrameBytes& frame) {
  return wire::load_be16(frame.data() + 12) == wire::ethertype::slow_protocols;
}

struct ReceiveFixture : BpfFixture {
  bool listens = false;

  /// Receives the frame both ways. False, when one of them is wrong.
  bool same(std::uint8_t port, const FrameBytes& frame) {
    const Punt watched = static_cast<Punt>(listens ? punt_arp_received | punt_nd_received : punt_nothing);
    const bool is_daemons = is_slow(frame) || (punt_class(frame, false) & (plan.punt | watched)) != 0;
    const OffloadCounters before = bench.counted();
    const bool heard = bench.socket_hears(port, frame);
    const Passed passed = bench.port_receives(port, frame);
    const OffloadCounters::Port added = (bench.counted() - before).ports[port];
    if (heard != is_daemons) return false;
    if (is_daemons) return passed.verdict == verdict_drop && added.rx_frames == 0;

    if (added.rx_frames != 1 || added.rx_bytes != frame.size()) return false;
    host.delivered.clear();
    const std::uint64_t looped = counters(port).rx_looped;
    to_host(port, {frame});
    if (added.rx_looped != counters(port).rx_looped - looped) return false;
    if (host.delivered.size() == 0) return passed.verdict == verdict_drop && added.rx_suppressed == 1;
    return passed.verdict == verdict_redirect && added.rx_suppressed == 0 &&
           std::ranges::equal(host.delivered[0], passed.frame);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(bpf_receive, *ut::precondition(can_run))

BOOST_FIXTURE_TEST_CASE(frames_of_every_shape_arrive_as_the_forwarder_delivers_them, ReceiveFixture) {
  BOOST_REQUIRE(bench.refusal().empty());
  Chance chance(20'261'124);
  for (int i = 0; i < plans; ++i) {
    plan = random_plan(chance, port_macs);
    listens = chance.one_in(4);
    wire::FastPlan made = fast();
    made.listens = listens ? 1 : 0;
    bench.publish(made);
    for (int n = 0; n < frames_a_plan; ++n) {
      const auto port = static_cast<std::uint8_t>(chance.below(nic_count));
      BOOST_REQUIRE_MESSAGE(same(port, random_frame(chance)), "plan " << i << ", frame " << n);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(while_nothing_is_carried_the_socket_hears_everything, ReceiveFixture) {
  wire::FastPlan made = fast();
  made.serves = 0;
  for (wire::FastPort& port : made.ports) port.deliver = deliver_all;
  bench.publish(made);
  Chance chance(3);
  for (int n = 0; n < 300; ++n) {
    const FrameBytes frame = random_frame(chance);
    BOOST_REQUIRE(bench.socket_hears(1, frame));
    BOOST_REQUIRE(bench.port_receives(1, frame).verdict == verdict_drop);
  }
}

BOOST_FIXTURE_TEST_CASE(a_frame_goes_one_way_though_the_plan_is_swapped_under_it, ReceiveFixture) {
  plan.ports[1].deliver = deliver_all;
  const wire::FastPlan serving = fast();
  wire::FastPlan idle = serving;
  idle.serves = 0;

  bench.publish(serving);
  BOOST_TEST(!bench.socket_hears(1, numbered(1)));
  bench.publish(idle);
  BOOST_TEST(bench.port_receives(1, numbered(1)).verdict == verdict_redirect);

  BOOST_TEST(bench.socket_hears(1, numbered(2)));
  bench.publish(serving);
  BOOST_TEST(bench.port_receives(1, numbered(2)).verdict == verdict_drop);
  // The word was for that frame alone.
  BOOST_TEST(bench.port_receives(1, numbered(3)).verdict == verdict_redirect);
}

BOOST_FIXTURE_TEST_CASE(a_port_that_is_not_promiscuous_takes_no_frame_to_others, ReceiveFixture) {
  plan.ports[1].deliver = deliver_all;
  wire::FastPlan made = fast();
  for (wire::FastPort& port : made.ports) port.flags = 0;
  for (const bool serves : {false, true}) {
    made.serves = serves ? 1 : 0;
    bench.publish(made);
    BOOST_TEST(!bench.socket_hears(1, numbered(1, far_mac)));
    BOOST_TEST(bench.port_receives(1, numbered(1, far_mac)).verdict == verdict_drop);
    BOOST_TEST(bench.socket_hears(1, numbered(1, no_address)) == !serves);
    const std::int32_t verdict = bench.port_receives(1, numbered(1, no_address)).verdict;
    BOOST_TEST(verdict == (serves ? verdict_redirect : verdict_drop));
  }
  BOOST_TEST(bench.counted().ports[1].rx_frames == 1U);
}

/// Ports with addresses of their own, as in modes 5 and 6. What a test run receives is to others, whatever its address.
struct DistinctFixture : ReceiveFixture {
  wire::FastPlan distinct(std::uint8_t active, std::uint8_t other) {
    plan.transmit.spread = Spread::buckets;
    for (const std::uint8_t port : {active, other}) plan.transmit.usable.push_back(PortId{port});
    plan.ports[active].deliver = deliver_all;
    plan.ports[other].own_mac = port_mac(other & 3);
    wire::FastPlan made = fast();
    for (wire::FastPort& port : made.ports)
      port.flags = static_cast<std::uint8_t>(port.flags & ~wire::fast_promiscuous);
    return made;
  }
};

BOOST_FIXTURE_TEST_CASE(frames_to_a_port_without_carrier_are_taken_by_the_next_one, DistinctFixture) {
  // Port 9 has no entry among the devices.
  bench.publish(distinct(9, 1));
  const Passed passed = bench.port_receives(1, numbered(1, bond_mac));
  BOOST_TEST(passed.verdict == verdict_redirect);
  BOOST_TEST(passed.frame == numbered(1, bond_mac), boost::test_tools::per_element());
  // Not by the one after it, and not what is nobody's here.
  BOOST_TEST(bench.port_receives(2, numbered(2, bond_mac)).verdict == verdict_drop);
  BOOST_TEST(bench.port_receives(1, numbered(3, far_mac)).verdict == verdict_drop);
  BOOST_TEST(bench.counted().ports[1].rx_frames == 1U);
}

BOOST_FIXTURE_TEST_CASE(frames_to_the_address_of_a_dead_port_reach_the_host_under_the_bonds, DistinctFixture) {
  bench.publish(distinct(1, 9));
  const Passed passed = bench.port_receives(1, numbered(1, port_mac(9 & 3)));
  BOOST_TEST(passed.verdict == verdict_redirect);
  BOOST_TEST(passed.frame == numbered(1, bond_mac), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(while_both_ports_hear_a_copy_to_the_other_one_is_dropped, DistinctFixture) {
  bench.publish(distinct(1, 2));
  BOOST_TEST(bench.port_receives(2, numbered(1, bond_mac)).verdict == verdict_drop);
  BOOST_TEST(bench.port_receives(1, numbered(2, port_mac(2))).verdict == verdict_drop);
  BOOST_TEST(bench.counted().ports[1].rx_frames == 0U);
  BOOST_TEST(bench.counted().ports[2].rx_frames == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_a_dead_daemon_would_have_been_given_arrives_but_for_slow_protocols, ReceiveFixture) {
  plan.ports[1].deliver = deliver_all;
  plan.punt = punt_arp_received | punt_slow_protocols;
  publish();
  const FrameBytes arp = numbered(1, broadcast_mac, far_mac, wire::ethertype::arp);
  const FrameBytes lacp = numbered(1, slow_mac, far_mac, wire::ethertype::slow_protocols);
  BOOST_TEST(bench.port_receives(1, arp).verdict == verdict_drop);
  bench.set_daemon_alive(false);
  BOOST_TEST(bench.port_receives(1, arp).verdict == verdict_redirect);
  BOOST_TEST(bench.port_receives(1, lacp).verdict == verdict_drop);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

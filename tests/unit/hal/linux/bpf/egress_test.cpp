// bond0's egress program against the forwarder: what leaves on which port, byte by byte, and what is the daemon's.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "policies/choice.hpp"
#include "tests/unit/hal/linux/bpf/bpf_fixture.hpp"

namespace ut = boost::unit_test;

namespace bondbox::test {
namespace {

constexpr int plans = 400;
constexpr int frames_a_plan = 16;

bool can_run(ut::test_unit_id) {
  return kernel_takes_programs();
}

struct EgressFixture : BpfFixture {
  /// Sends the frame both ways. False, when one of them is wrong.
  bool same(const FrameBytes& frame) {
    for (FakeNic& nic : nics) nic.sent.clear();
    const Choice choice = choose_port(plan, frame, 0, 0);
    const BondCounters bond_before = forwarder.bond();
    const OffloadCounters before = bench.counted();
    const Passed passed = bench.host_sends(frame);
    const OffloadCounters added = bench.counted() - before;
    const bool is_punted = (punt_class(frame, true) & plan.punt) != 0;
    if (is_punted || choice.reason == ChoiceReason::unassigned)
      return passed.verdict == verdict_pass && passed.frame == frame && sent(added).empty() && added.tx_no_port == 0;
    if (choice.reason == ChoiceReason::random) return is_usable(sent(added)) && passed.verdict == verdict_redirect;

    to_ports({frame});
    if (added.tx_no_port != forwarder.bond().tx_no_port - bond_before.tx_no_port) return false;
    if (sent(added) != sent_by_forwarder()) return false;
    if (sent(added).empty()) return passed.verdict == verdict_drop;
    if (passed.verdict != verdict_redirect || !same_buckets(added, choice, frame.size())) return false;
    for (const std::uint8_t port : sent(added)) {
      if (added.ports[port].tx_bytes != frame.size()) return false;
      if (!std::ranges::equal(nics[port].sent[0], passed.frame)) return false;
    }
    return true;
  }

 private:
  static std::vector<std::uint8_t> sent(const OffloadCounters& added) {
    std::vector<std::uint8_t> ports;
    for (std::uint8_t i = 0; i < max_ports; ++i)
      for (std::uint64_t n = 0; n < added.ports[i].tx_frames; ++n) ports.push_back(i);
    return ports;
  }
  std::vector<std::uint8_t> sent_by_forwarder() const {
    std::vector<std::uint8_t> ports;
    for (std::uint8_t i = 0; i < nic_count; ++i)
      for (std::size_t n = 0; n < nics[i].sent.size(); ++n) ports.push_back(i);
    return ports;
  }
  bool is_usable(const std::vector<std::uint8_t>& ports) const {
    const PortList& usable = plan.transmit.usable;
    return ports.size() == 1 && std::find(usable.begin(), usable.end(), PortId{ports[0]}) != usable.end();
  }
  static bool same_buckets(const OffloadCounters& added, const Choice& choice, std::size_t size) {
    std::uint64_t sum = 0;
    for (const std::uint64_t bytes : added.bucket_bytes) sum += bytes;
    if (added.other_bytes != (choice.reason == ChoiceReason::bucketless ? size : 0)) return false;
    if (!choice.bucket) return sum == 0;
    return sum == size && added.bucket_bytes[*choice.bucket] == size;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(bpf_egress, *ut::precondition(can_run))

BOOST_FIXTURE_TEST_CASE(frames_of_every_shape_leave_as_the_forwarder_sends_them, EgressFixture) {
  BOOST_REQUIRE(bench.refusal().empty());
  Chance chance(20'261'123);
  std::array<int, 11> reasons{};
  for (int i = 0; i < plans; ++i) {
    plan = random_plan(chance, port_macs);
    for (PortRule& port : plan.ports) port.queue_id = 0;
    publish();
    for (int n = 0; n < frames_a_plan; ++n) {
      const FrameBytes frame = random_frame(chance);
      const ChoiceReason reason = choose_port(plan, frame, 0, 0).reason;
      ++reasons.at(static_cast<std::size_t>(reason));
      BOOST_REQUIRE_MESSAGE(same(frame), "plan " << i << ", frame " << n << ", reason " << static_cast<int>(reason));
    }
  }
  // Each kind of choice has been made, or the above says less than it seems to.
  for (const int count : reasons) BOOST_TEST(count > 0);
}

BOOST_FIXTURE_TEST_CASE(each_hash_policy_and_each_key_of_buckets_chooses_as_the_forwarder_does, EgressFixture) {
  Chance chance(7);
  for (const Spread spread : {Spread::hash, Spread::buckets}) {
    for (std::uint8_t policy = 0; policy < 6; ++policy) {
      for (std::uint8_t key = 0; key < 3; ++key) {
        use(spread, {3, 0, 2}, {1});
        plan.transmit.hash_policy = static_cast<HashPolicy>(policy);
        plan.transmit.bucket_key = static_cast<BucketKey>(key);
        for (std::size_t i = 0; i < bucket_count; ++i)
          plan.transmit.bucket_port[i] = PortId{static_cast<std::uint8_t>(i % nic_count)};
        if (key != 2) plan.transmit.rest_port = PortId{1};
        publish();
        for (int n = 0; n < 150; ++n)
          BOOST_REQUIRE_MESSAGE(same(random_frame(chance)), "policy " << +policy << ", key " << +key << ", " << n);
      }
    }
  }
}

BOOST_FIXTURE_TEST_CASE(without_a_plan_everything_is_the_daemons, BpfFixture) {
  BOOST_TEST(bench.host_sends(numbered(1)).verdict == verdict_pass);
  use(Spread::single, {0});
  wire::FastPlan made = fast();
  made.serves = 0;
  bench.publish(made);
  BOOST_TEST(bench.host_sends(numbered(1)).verdict == verdict_pass);
  publish();
  BOOST_TEST(bench.host_sends(numbered(1)).verdict == verdict_redirect);
}

BOOST_FIXTURE_TEST_CASE(what_a_dead_daemon_would_have_been_given_leaves_by_the_plan, BpfFixture) {
  use(Spread::buckets, {2, 0});
  plan.transmit.bucket_key = BucketKey::every_frame;
  plan.transmit.bucket_port.fill(no_port);
  plan.punt = punt_arp_sent;
  publish();
  const FrameBytes arp = numbered(1, broadcast_mac, bond_mac, wire::ethertype::arp);
  BOOST_TEST(bench.host_sends(arp).verdict == verdict_pass);
  BOOST_TEST(bench.host_sends(numbered(1)).verdict == verdict_pass);
  bench.set_daemon_alive(false);
  BOOST_TEST(bench.host_sends(arp).verdict == verdict_redirect);
  BOOST_TEST(bench.host_sends(numbered(1)).verdict == verdict_redirect);
  // Nobody is there to be asked for a port: the first one it is.
  BOOST_TEST(bench.counted().ports[2].tx_frames == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_port_that_is_no_more_gives_its_frames_to_the_next_one, BpfFixture) {
  // Port 9 has no entry among the devices.
  plan.transmit.spread = Spread::single;
  plan.transmit.usable.push_back(PortId{9});
  plan.transmit.fallback.push_back(PortId{8});
  plan.transmit.fallback.push_back(PortId{1});
  plan.ports[1].source_mac = port_mac(1);
  publish();
  const Passed passed = bench.host_sends(numbered(5));
  BOOST_TEST(passed.verdict == verdict_redirect);
  BOOST_TEST(passed.frame == numbered(5, far_mac, port_mac(1)), boost::test_tools::per_element());
  const OffloadCounters counted = bench.counted();
  BOOST_TEST(counted.ports[9].tx_moved == 1U);
  BOOST_TEST(counted.ports[1].tx_frames == 1U);

  plan.transmit.fallback.clear();
  publish();
  BOOST_TEST(bench.host_sends(numbered(6)).verdict == verdict_drop);
  BOOST_TEST(bench.counted().ports[9].tx_refused == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

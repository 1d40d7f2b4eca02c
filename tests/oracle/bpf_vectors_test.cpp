// What was recorded on the kernel driver (Linux 6.1.176), chosen again by the program on bond0's egress.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "firmware/fast_plan.hpp"
#include "tests/support/bpf_bench.hpp"
#include "tests/support/recorded_rows.hpp"

namespace ut = boost::unit_test;

namespace bondbox::test {
namespace {

constexpr MacAddress bond_mac{{0x02, 0, 0, 0, 0x0a, 0}};
constexpr std::uint8_t ports_max = 5;

bool can_run(ut::test_unit_id) {
  return kernel_takes_programs();
}

ForwardingPlan plan_of(Spread spread, std::size_t ports) {
  ForwardingPlan plan;
  plan.transmit.spread = spread;
  for (std::uint8_t i = 0; i < ports; ++i) plan.transmit.usable.push_back(PortId{i});
  return plan;
}

struct Recording {
  const char* mode;
  const char* setting;
  Spread spread;
  std::uint16_t packets_per_port;
  int sent_before;
};

constexpr Recording recordings[] = {
    {"rr", "pps=1", Spread::round_robin, 1, 0},       {"rr", "pps=2", Spread::round_robin, 2, 2},
    {"rr", "pps=3", Spread::round_robin, 3, 1},       {"ab", "pps=None", Spread::single, 1, 0},
    {"bcast", "pps=None", Spread::copy_to_all, 1, 0},
};

struct Sender {
  BpfBench bench{ports_max};
  OffloadCounters before;

  void use(const ForwardingPlan& plan) {
    wire::FastPlan fast = compile_plan(plan, bond_mac);
    fast.serves = 1;
    bench.publish(fast);
  }
  /// The ports that the frame left on: "0", or "0+1+2".
  std::string send(const std::vector<std::uint8_t>& frame) {
    const Passed passed = bench.host_sends(frame);
    BOOST_TEST(passed.verdict == verdict_redirect);
    BOOST_TEST(passed.frame == frame, boost::test_tools::per_element());
    const OffloadCounters after = bench.counted();
    std::string ports;
    for (std::size_t i = 0; i < ports_max; ++i)
      if (after.ports[i].tx_frames != before.ports[i].tx_frames)
        ports += (ports.empty() ? "" : "+") + std::to_string(i);
    before = after;
    return ports;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(bpf_vectors, *ut::precondition(can_run))

BOOST_AUTO_TEST_CASE(each_recorded_frame_without_a_tag_leaves_on_the_port_that_the_kernel_chose) {
  Sender sender;
  std::size_t seen = 0;
  for (const auto& row : read_recorded_rows("hash_vectors.csv")) {
    // Recorded with the tag among the bytes, which is never how the host's VLAN interfaces send.
    if (row[3] == "vlan_udp4") continue;
    ForwardingPlan plan = plan_of(Spread::hash, std::stoul(row[2]));
    plan.transmit.hash_policy = static_cast<HashPolicy>(std::stoul(row[1]));
    sender.use(plan);
    BOOST_TEST(sender.send(bytes_from_hex(row[5])) == row[4], row[1] << ", " << row[2] << " ports, " << row[3]);
    ++seen;
  }
  BOOST_TEST(seen == 3168U);
}

// The second and the third recording of round robin begin with the driver's counter further on.
BOOST_AUTO_TEST_CASE(round_robin_active_backup_and_broadcast_leave_as_recorded) {
  for (const Recording& recording : recordings) {
    Sender sender;
    ForwardingPlan plan = plan_of(recording.spread, 3);
    plan.transmit.packets_per_port = recording.packets_per_port;
    if (recording.spread == Spread::round_robin) plan.transmit.igmp_port = PortId{0};
    sender.use(plan);
    std::size_t seen = 0;
    for (const auto& row : read_recorded_rows("tx_vectors.csv")) {
      if (row[0] != recording.mode || row[1] != recording.setting) continue;
      const std::vector<std::uint8_t> frame = bytes_from_hex(row[5]);
      for (int i = 0; seen == 0 && i < recording.sent_before; ++i) (void)sender.send(frame);
      BOOST_TEST(sender.send(frame) == row[4], row[0] << ", " << row[1] << ", row " << seen);
      ++seen;
    }
    BOOST_TEST(seen == 18U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

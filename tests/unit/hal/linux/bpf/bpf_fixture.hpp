// The programs and a forwarder side by side: the same plan, the same frames.
#pragma once

#include "firmware/fast_plan.hpp"
#include "tests/support/bpf_bench.hpp"
#include "tests/support/random_plan.hpp"
#include "tests/unit/firmware/forwarder_fixture.hpp"

namespace bondbox::test {

struct BpfFixture : ForwarderFixture {
  static constexpr std::array<MacAddress, nic_count> port_macs{port_mac(0), port_mac(1), port_mac(2), port_mac(3)};

  BpfBench bench{nic_count};

  /// The plan of the fixture, for the programs.
  wire::FastPlan fast() const {
    wire::FastPlan made = compile_plan(plan, bond_mac);
    made.serves = 1;
    for (wire::FastPort& port : made.ports) port.flags |= wire::fast_promiscuous;
    return made;
  }
  void publish() { bench.publish(fast()); }

  /// Frames of any shape that a test run takes: whole headers up to the first of IP, a page at most.
  FrameBytes random_frame(Chance& chance) const {
    const std::vector<MacAddress> addresses{bond_mac,    far_mac,       bridged_mac,   port_mac(1), port_mac(2),
                                            port_mac(3), multicast_mac, broadcast_mac, slow_mac};
    FrameBytes frame;
    do {
      frame = random_wire_frame(chance, addresses);
      if (chance.one_in(3)) frame.resize(chance.below(static_cast<std::uint32_t>(frame.size()) + 1));
    } while (!can_be_run(frame));
    if (frame.size() > 2000) frame.resize(2000);
    return frame;
  }

  static bool can_be_run(const FrameBytes& frame) {
    if (frame.size() < wire::ethernet_header_size) return false;
    const std::uint16_t type = wire::load_be16(&frame[12]);
    if (type == wire::ethertype::ipv4) return frame.size() >= wire::ethernet_header_size + wire::ipv4_header_size_min;
    return type != wire::ethertype::ipv6 || frame.size() >= wire::ethernet_header_size + wire::ipv6_header_size;
  }
};

/// What one program added to the counters.
inline OffloadCounters operator-(OffloadCounters after, const OffloadCounters& before) {
  for (std::size_t i = 0; i < after.ports.size(); ++i) {
    OffloadCounters::Port& port = after.ports[i];
    const OffloadCounters::Port& was = before.ports[i];
    port.rx_frames -= was.rx_frames;
    port.rx_bytes -= was.rx_bytes;
    port.rx_suppressed -= was.rx_suppressed;
    port.rx_looped -= was.rx_looped;
    port.tx_frames -= was.tx_frames;
    port.tx_bytes -= was.tx_bytes;
    port.tx_moved -= was.tx_moved;
    port.tx_refused -= was.tx_refused;
  }
  after.tx_no_port -= before.tx_no_port;
  for (std::size_t i = 0; i < after.bucket_bytes.size(); ++i) after.bucket_bytes[i] -= before.bucket_bytes[i];
  after.other_bytes -= before.other_bytes;
  return after;
}

}  // namespace bondbox::test

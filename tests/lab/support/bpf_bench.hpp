// What the tests of the programs in the kernel share.
#pragma once

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <memory>
#include <span>

#include "hal/linux/bpf_btf.hpp"
#include "hal/linux/bpf_offload.hpp"
#include "tests/lab/support/linux_bench.hpp"

namespace bondbox::lab {

/// Active-backup by hand: everything leaves on `active`, which alone delivers; the other port stands by.
inline wire::FastPlan plan_for(std::uint8_t active, bool serves = true) {
  static std::uint64_t generation = 0;
  wire::FastPlan plan;
  plan.generation = ++generation;
  plan.serves = serves ? 1 : 0;
  plan.spread = 1;
  plan.usable[0] = active;
  plan.usable_count = 1;
  plan.fallback[0] = static_cast<std::uint8_t>(1 - active);
  plan.fallback_count = 1;
  plan.ports[active].deliver = 15;
  station.store(plan.bond_mac);
  return plan;
}

inline bool sees_carrier(Offload& offload) {
  return dynamic_cast<lnx::LinuxOffload&>(offload).sees_carrier(PortId{0});
}

/// Whether this kernel tells where its structures have what; one that does also has the rest that it takes.
inline bool can_look_at_carrier() {
  return ::access(lnx::kernel_types_path, R_OK) == 0;
}

/// For tests that are skipped elsewhere.
inline const boost::unit_test::precondition needs_kernel_types([](boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result result(can_look_at_carrier());
  result.message() << "this kernel does not tell its types (" << lnx::kernel_types_path << ")";
  return result;
});

inline Frame numbered(MacAddress to, std::uint32_t number) {
  Frame frame = make_frame(to, {0x88, 0xb5});
  for (int i = 0; i < 4; ++i) frame[20 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number >> 8 * i);
  return frame;
}

inline bool is_numbered(std::span<const std::uint8_t> frame, std::uint32_t number) {
  return frame.size() == 80 && frame[12] == 0x88 && frame[13] == 0xb5 &&
         (frame[20] | frame[21] << 8 | frame[22] << 16 | frame[23] << 24) == static_cast<int>(number);
}

inline std::unique_ptr<Offload> opened(Result<std::unique_ptr<Offload>> result) {
  BOOST_REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : result.failure().reason));
  return std::move(result.value());
}

/// Publishes it and waits for the programs that it takes.
inline Outcome carry(Offload& offload, const wire::FastPlan& plan) {
  const Outcome outcome = offload.publish(plan);
  return outcome.ok() ? offload.finish() : outcome;
}

/// Takes away what came before somebody looked.
inline void drain(Nic& nic) {
  PacketBatch batch;
  while (nic.receive(batch) != 0) batch.clear();
}
inline void drain(HostPort& host) {
  PacketBatch batch;
  while (host.receive(batch) != 0) batch.clear();
}

/// bond0 with the ports p0 and p1, cabled to q0 and q1 of the peer.
struct TwoPorts {
  Appliance appliance;
  std::unique_ptr<Nic> p1;
  std::unique_ptr<Offload> offload;

  TwoPorts() {
    lay_cable(appliance.bench.host, "p1", appliance.bench.peer, "q1", 11);
    appliance.bench.peer.must("ip link set q1 up");
    Result<std::unique_ptr<Nic>> nic = appliance.hardware.open_nic("p1", LinkSource::carrier);
    BOOST_REQUIRE(nic.ok());
    p1 = std::move(nic.value());
    BOOST_REQUIRE(p1->set_mac(station).ok());
    offload = opened(appliance.hardware.open_offload(*appliance.bond0));
    BOOST_REQUIRE(offload->add_port(PortId{0}, *appliance.nic).ok());
    BOOST_REQUIRE(offload->add_port(PortId{1}, *p1).ok());
    BOOST_REQUIRE(wait_until([this] { return p1->link().up; }, patience_ms));
    BOOST_REQUIRE(carry(*offload, plan_for(0)).ok());
    drain(*appliance.nic);
    drain(*p1);
    drain(*appliance.bond0);
  }
  ~TwoPorts() { offload.reset(); }

  const Namespace& host() const { return appliance.bench.host; }
  const Namespace& peer() const { return appliance.bench.peer; }
  OffloadCounters counters() {
    OffloadCounters counters;
    BOOST_TEST(offload->read(counters).ok());
    return counters;
  }
};

/// Whether the ping's every request was answered once.
inline bool all_answered(const CommandResult& ping, int count) {
  return ping.output.find(" " + std::to_string(count) + " received") != std::string::npos &&
         ping.output.find("DUP") == std::string::npos;
}

}  // namespace bondbox::lab

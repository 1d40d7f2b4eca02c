// hal/linux: what other people's `tc` does to bond0, to the ports, and to the programs on them.
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "tests/lab/support/bpf_bench.hpp"

namespace bondbox::lab {

BOOST_AUTO_TEST_SUITE(lab_bpf_intruders)

BOOST_AUTO_TEST_CASE(programs_that_somebody_takes_away_are_put_back_at_once) {
  TwoPorts two;
  FixedVector<HardwareEvent, 64> events;
  const std::string show = "tc filter show dev bond0 egress; tc filter show dev p0 ingress; tc qdisc show dev bond0";
  const std::string before = two.host().must("tc qdisc show dev bond0; tc qdisc show dev p0");
  for (const char* deed : {"tc qdisc del dev bond0 clsact; tc qdisc del dev p0 clsact",
                           "tc filter del dev bond0 egress; tc filter del dev p0 ingress"}) {
    two.host().must(deed);
    const auto is_back = [&] {
      events.clear();
      two.appliance.hardware.poll_events(events);
      const std::string shown = two.host().must(show);
      return shown.find("bondbox") != std::string::npos && shown.find("bondbox") != shown.rfind("bondbox");
    };
    BOOST_TEST(wait_until(is_back, patience_ms), deed);
    drain(*two.appliance.nic);
    const CommandResult ping = two.host().run("ping -n -c 5 -i 0.01 -W 1 10.9.0.2");
    BOOST_TEST(all_answered(ping, 5), ping.output);
    PacketBatch batch;
    BOOST_TEST(two.appliance.nic->receive(batch) == 0u);
  }
  BOOST_TEST(two.host().must("tc qdisc show dev bond0; tc qdisc show dev p0") == before);
  two.offload.reset();
  BOOST_TEST(two.host().must("tc filter show dev bond0 egress").find("bondbox") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_port_without_a_program_keeps_its_fence_too) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const auto nic = open_p0(hardware);
  const std::string claimed = bench.portrait();
  bench.host.must("tc qdisc del dev p0 clsact");
  BOOST_TEST(bench.portrait() != claimed);
  FixedVector<HardwareEvent, 64> events;
  const auto is_back = [&] {
    events.clear();
    hardware.poll_events(events);
    return bench.portrait() == claimed;
  };
  BOOST_TEST(wait_until(is_back, patience_ms));
}

BOOST_AUTO_TEST_CASE(a_shaper_on_bond0_is_noticed_and_its_end_too) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  const auto bond0 = open_bond0(hardware);
  BOOST_TEST(!bond0->has_queueing());
  FixedVector<HardwareEvent, 64> events;
  const auto told = [&](bool wanted) {
    return wait_until(
        [&] {
          events.clear();
          hardware.poll_events(events);
          return bond0->has_queueing() == wanted;
        },
        patience_ms);
  };
  // A shaper's queue is made by a module that not every kernel has.
  if (!bench.host.run("tc qdisc add dev bond0 root handle 1: htb").ok())
    bench.host.must("tc qdisc add dev bond0 root handle 1: pfifo limit 100");
  BOOST_TEST(told(true));
  bench.host.must("tc qdisc del dev bond0 root");
  BOOST_TEST(told(false));
  // Neither hooks for filters nor a queue that is none are in the way.
  bench.host.must("tc qdisc add dev bond0 clsact; tc qdisc add dev bond0 root noqueue");
  ::usleep(20'000);
  BOOST_TEST(told(false));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// hal/linux: frames that cross inside the kernel, by programs that the daemon has attached.
#include <poll.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "hal/linux/tap_host_port.hpp"
#include "hal/wire/fast_choice.hpp"
#include "tests/lab/support/bpf_bench.hpp"

namespace bondbox::lab {

using lnx::BpfAttachKind;
using lnx::LinuxOffload;

namespace {

constexpr MacAddress group{{0x33, 0x33, 0, 0, 0, 0x77}};

/// How often each number was seen, in frames to one address, until nothing came for a while.
class Tally {
 public:
  Tally(Wiretap& tap, MacAddress to, std::uint32_t count) : to_(to), seen_(count) {
    thread_ = std::thread([this, &tap] { listen(tap); });
  }
  ~Tally() { finish(); }
  void finish() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  /// So that no queue on the way overflows: waits, not for long, while more than a few are under way.
  void keep_up(std::uint32_t sent) const {
    for (int i = 0; i < 200 && came_ + 64 < sent; ++i) ::usleep(100);
  }
  std::size_t lost() const { return static_cast<std::size_t>(std::count(seen_.begin(), seen_.end(), 0)); }
  std::size_t doubled() const {
    return static_cast<std::size_t>(std::count_if(seen_.begin(), seen_.end(), [](int times) { return times > 1; }));
  }

 private:
  void listen(Wiretap& tap) {
    const auto is_ours = [this](std::span<const std::uint8_t> frame) {
      return frame.size() == 80 && frame[12] == 0x88 && frame[13] == 0xb5 && MacAddress::load(frame.data()) == to_;
    };
    for (;;) {
      const std::vector<std::uint8_t> frame = tap.expect(is_ours, 300);
      if (frame.empty() && stopping_) return;
      if (frame.empty()) continue;
      const std::size_t number = frame[20] | std::size_t{frame[21]} << 8 | std::size_t{frame[22]} << 16;
      if (number < seen_.size()) ++seen_[number];
      ++came_;
    }
  }
  MacAddress to_;
  std::vector<int> seen_;
  std::atomic<std::uint32_t> came_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_bpf_offload)

BOOST_AUTO_TEST_CASE(frames_cross_both_ways_without_the_daemon) {
  Appliance appliance;
  const auto offload = opened(appliance.hardware.open_offload(*appliance.bond0));
  BOOST_TEST(offload->kind() == "clsact");
  BOOST_REQUIRE(offload->add_port(PortId{0}, *appliance.nic).ok());
  BOOST_REQUIRE(carry(*offload, plan_for(0)).ok());
  BOOST_TEST(sees_carrier(*offload) == can_look_at_carrier());
  drain(*appliance.nic);
  drain(*appliance.bond0);
  // Nobody reads bond0 or the port from here on.
  const CommandResult ping = appliance.bench.host.run("ping -n -c 20 -i 0.01 -W 1 10.9.0.2");
  BOOST_TEST(all_answered(ping, 20), ping.output);
  const CommandResult back = appliance.bench.peer.run("ping -n -c 20 -i 0.01 -W 1 10.9.0.1");
  BOOST_TEST(all_answered(back, 20), back.output);
  BOOST_TEST(stream(appliance.bench.host, appliance.bench.peer, "10.9.0.2", 20'000'000));
  BOOST_TEST(stream(appliance.bench.peer, appliance.bench.host, "10.9.0.1", 20'000'000));
  PacketBatch batch;
  BOOST_TEST(appliance.nic->receive(batch) == 0u);
  batch.clear();
  BOOST_TEST(appliance.bond0->receive(batch) == 0u);
  OffloadCounters counters;
  BOOST_REQUIRE(offload->read(counters).ok());
  BOOST_TEST(counters.ports[0].rx_bytes > 20'000'000u);
  BOOST_TEST(counters.ports[0].tx_bytes > 20'000'000u);
  BOOST_TEST(counters.ports[0].tx_frames >= 40u);
  BOOST_TEST(counters.tx_no_port == 0u);
  BOOST_TEST(!offload->take_link_doubt());
}

BOOST_AUTO_TEST_CASE(a_plan_that_does_not_serve_leaves_every_frame_to_the_daemon) {
  Appliance appliance;
  const auto offload = opened(appliance.hardware.open_offload(*appliance.bond0));
  BOOST_REQUIRE(offload->add_port(PortId{0}, *appliance.nic).ok());
  Wiretap far(appliance.bench.peer, "q0");
  Wiretap near(appliance.bench.host, "bond0");
  Frame frame = make_frame(station, {0x88, 0xb5});
  for (const std::uint8_t marker : std::array<std::uint8_t, 3>{1, 2, 3}) {
    // Not published yet; not serving; not serving any more.
    if (marker == 2) BOOST_REQUIRE(carry(*offload, plan_for(0, false)).ok());
    if (marker == 3) {
      BOOST_REQUIRE(carry(*offload, plan_for(0)).ok());
      BOOST_REQUIRE(carry(*offload, plan_for(0, false)).ok());
    }
    frame.back() = marker;
    BOOST_TEST(far.send(frame) == 0);
    BOOST_TEST(receive_marked(*appliance.nic, marker) == frame);
    BOOST_TEST(
        near.expect([&](auto seen) { return std::equal(seen.begin(), seen.end(), frame.begin(), frame.end()); }, 20)
            .empty());
  }
  OffloadCounters counters;
  BOOST_REQUIRE(offload->read(counters).ok());
  BOOST_TEST(counters.ports[0].rx_frames == 0u);
}

BOOST_AUTO_TEST_CASE(switching_to_and_fro_under_traffic_loses_and_doubles_nothing) {
  constexpr std::uint32_t count = 20'000;
  TwoPorts two;
  Pump pump(*two.appliance.bond0, *two.appliance.nic);
  Wiretap far(two.peer(), "q0");
  Wiretap near(two.host(), "bond0");
  Wiretap far_ear(two.peer(), "q0");
  Wiretap near_ear(two.host(), "bond0");
  std::atomic<bool> switching = true;
  std::size_t switched = 0;
  std::thread switcher([&] {
    while (switching) {
      if (!two.offload->publish(plan_for(0, ++switched % 2 == 0)).ok()) return;
      ::usleep(300);
    }
  });
  {
    Tally in(near_ear, station, count);
    Tally out(far_ear, stranger, count);
    for (std::uint32_t number = 0; number < count; ++number) {
      BOOST_REQUIRE(far.send(numbered(station, number)) == 0);
      BOOST_REQUIRE(near.send(numbered(stranger, number)) == 0);
      in.keep_up(number);
      out.keep_up(number);
    }
    in.finish();
    out.finish();
    BOOST_TEST(in.lost() == 0u);
    BOOST_TEST(in.doubled() == 0u);
    BOOST_TEST(out.lost() == 0u);
    BOOST_TEST(out.doubled() == 0u);
  }
  switching = false;
  switcher.join();
  BOOST_TEST(switched > 100u);
  const OffloadCounters counters = two.counters();
  BOOST_TEST(counters.ports[0].rx_frames > 0u);
  BOOST_TEST(counters.ports[0].rx_frames < count);
  BOOST_TEST(counters.ports[0].tx_frames > 0u);
  BOOST_TEST(counters.ports[0].tx_frames < count);
}

BOOST_AUTO_TEST_CASE(what_an_inactive_port_hears_is_suppressed_and_counted) {
  TwoPorts two;
  Wiretap near(two.host(), "bond0");
  Wiretap active(two.peer(), "q0");
  Wiretap inactive(two.peer(), "q1");
  for (std::uint32_t number = 0; number < 50; ++number) {
    const Frame frame = numbered(number % 2 == 0 ? broadcast_mac : group, number);
    BOOST_REQUIRE(inactive.send(frame) == 0);
    BOOST_REQUIRE(active.send(frame) == 0);
    const auto is_it = [number](auto seen) { return is_numbered(seen, number); };
    BOOST_TEST(!near.expect(is_it, patience_ms).empty());
    BOOST_TEST(near.expect(is_it, 1).empty());
  }
  const OffloadCounters counters = two.counters();
  BOOST_TEST(counters.ports[1].rx_suppressed >= 50u);
  BOOST_TEST(counters.ports[1].rx_suppressed == counters.ports[1].rx_frames);
  BOOST_TEST(counters.ports[0].rx_suppressed == 0u);
  PacketBatch batch;
  BOOST_TEST(two.p1->receive(batch) == 0u);
}

BOOST_AUTO_TEST_CASE(slow_protocols_are_the_daemons_on_every_port) {
  TwoPorts two;
  Wiretap near(two.host(), "bond0");
  Frame frame = make_frame(MacAddress{{0x01, 0x80, 0xc2, 0, 0, 2}}, {0x88, 0x09, 0x01, 0x01});
  for (const char* end : {"q0", "q1"}) {
    Wiretap far(two.peer(), end);
    frame.back() = end[1] == '0' ? 0x71 : 0x72;
    BOOST_TEST(far.send(frame) == 0);
    Nic& nic = end[1] == '0' ? *two.appliance.nic : *two.p1;
    BOOST_TEST(receive_marked(nic, frame.back()) == frame);
    BOOST_TEST(near.expect([&](auto seen) { return seen.back() == frame.back(); }, 20).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_lost_carrier_moves_frames_at_once_and_wakes_the_daemon, *needs_kernel_types) {
  TwoPorts two;
  Wiretap near(two.host(), "bond0");
  Wiretap far0(two.peer(), "q0");
  Wiretap far1(two.peer(), "q1");
  pollfd waiting{two.offload->wait_handle(), POLLIN, 0};
  BOOST_REQUIRE(two.offload->wait_handle() >= 0);
  BOOST_TEST(::poll(&waiting, 1, 0) == 0);
  std::uint32_t number = 0;
  // Several times in a row: no link event of the kernel tells of the later ones in time.
  for (int round = 0; round < 4; ++round) {
    two.peer().must("ip link set q0 down");
    for (int i = 0; i < 5; ++i) {
      ++number;
      BOOST_REQUIRE(near.send(numbered(stranger, number)) == 0);
      BOOST_TEST(!far1.expect([&](auto seen) { return is_numbered(seen, number); }, patience_ms).empty());
    }
    BOOST_TEST(::poll(&waiting, 1, patience_ms) == 1);
    BOOST_TEST(two.offload->take_link_doubt());
    BOOST_TEST(!two.offload->take_link_doubt());
    BOOST_TEST(::poll(&waiting, 1, 0) == 0);
    two.peer().must("ip link set q0 up");
    const auto returns = [&] {
      ++number;
      (void)two.offload->take_link_doubt();
      return near.send(numbered(stranger, number)) == 0 &&
             !far0.expect([&](auto seen) { return is_numbered(seen, number); }, 20).empty();
    };
    BOOST_TEST(wait_until(returns, patience_ms));
    (void)two.offload->take_link_doubt();
  }
  BOOST_TEST(two.counters().ports[0].tx_moved >= 20u);
}

BOOST_AUTO_TEST_CASE(a_port_that_is_removed_is_the_daemons_again) {
  TwoPorts two;
  BOOST_REQUIRE(carry(*two.offload, plan_for(1)).ok());
  two.offload->remove_port(PortId{0});
  Wiretap far(two.peer(), "q0");
  Frame frame = make_frame(station, {0x88, 0xb5});
  frame.back() = 0x41;
  BOOST_TEST(far.send(frame) == 0);
  BOOST_TEST(receive_marked(*two.appliance.nic, 0x41) == frame);
  // Frames to other stations are refused again, too.
  Frame foreign = make_frame(stranger, {0x88, 0xb5});
  foreign.back() = 0x42;
  BOOST_TEST(far.send(foreign) == 0);
  BOOST_TEST(receive_marked(*two.appliance.nic, 0x42, 50).empty());
  BOOST_REQUIRE(two.offload->add_port(PortId{0}, *two.appliance.nic).ok());
  BOOST_REQUIRE(carry(*two.offload, plan_for(0)).ok());
  const CommandResult ping = two.host().run("ping -n -c 5 -i 0.01 -W 1 10.9.0.2");
  BOOST_TEST(all_answered(ping, 5), ping.output);
}

BOOST_AUTO_TEST_CASE(a_port_that_vanishes_is_forgotten_and_frames_go_to_the_other, *needs_kernel_types) {
  TwoPorts two;
  two.host().must("ip link del p0");
  Wiretap near(two.host(), "bond0");
  Wiretap far1(two.peer(), "q1");
  BOOST_REQUIRE(near.send(numbered(stranger, 1)) == 0);
  BOOST_TEST(!far1.expect([&](auto seen) { return is_numbered(seen, 1); }, patience_ms).empty());
  FixedVector<HardwareEvent, 64> events;
  const auto forgotten = [&] {
    events.clear();
    two.appliance.hardware.poll_events(events);
    return !sees_carrier(*two.offload);
  };
  BOOST_TEST(wait_until(forgotten, patience_ms));
  BOOST_REQUIRE(near.send(numbered(stranger, 2)) == 0);
  BOOST_TEST(!far1.expect([&](auto seen) { return is_numbered(seen, 2); }, patience_ms).empty());
  two.offload->remove_port(PortId{0});
}

BOOST_AUTO_TEST_CASE(what_others_have_on_the_interfaces_stays_and_what_was_made_goes) {
  Bench bench;
  const Namespace::Stay inside(bench.host);
  const std::string before = bench.portrait();
  {
    LinuxHardware hardware = bench.hardware();
    const auto bond0 = open_bond0(hardware);
    const std::string bond0_before = bench.host.must("tc qdisc show dev bond0; ip -d -o link show bond0");
    const auto nic = open_p0(hardware);
    const std::string claimed = bench.portrait();
    {
      const auto offload = opened(hardware.open_offload(*bond0));
      BOOST_REQUIRE(offload->add_port(PortId{0}, *nic).ok());
      BOOST_REQUIRE(carry(*offload, plan_for(0)).ok());
      BOOST_TEST(bench.portrait() != claimed);
      BOOST_TEST(bench.host.must("tc qdisc show dev bond0").find("clsact") != std::string::npos);
      BOOST_TEST(bench.host.must("ip -d -o link show bond0").find("persist on") != std::string::npos);
    }
    BOOST_TEST(bench.portrait() == claimed);
    BOOST_TEST(bench.host.must("tc qdisc show dev bond0; ip -d -o link show bond0") == bond0_before);
    // And with a person's filter on bond0's egress, which is asked first.
    bench.host.must(
        "tc filter add dev bond0 egress pref 100 protocol all u32 "
        "match u32 0 0 flowid 1:1");
    const std::string persons = bench.host.must("tc qdisc show dev bond0; tc filter show dev bond0 egress");
    { const auto offload = opened(hardware.open_offload(*bond0)); }
    BOOST_TEST(bench.host.must("tc qdisc show dev bond0; tc filter show dev bond0 egress") == persons);
  }
  BOOST_TEST(bench.portrait() == before);
  BOOST_TEST(!bench.host.run("ip link show bond0").ok());
}

BOOST_AUTO_TEST_CASE(a_plan_does_not_wait_for_the_verifier_and_is_executed_when_it_is_done) {
  Appliance appliance;
  const auto offload = opened(appliance.hardware.open_offload(*appliance.bond0));
  BOOST_REQUIRE(offload->add_port(PortId{0}, *appliance.nic).ok());
  Wiretap far(appliance.bench.peer, "q0");
  Wiretap near(appliance.bench.host, "bond0");
  wire::FastPlan plan = plan_for(0);
  std::uint32_t number = 0;
  // Each is of a kind that the program before it cannot execute.
  for (const wire::FastSpread spread : {wire::fast_hash, wire::fast_buckets, wire::fast_single}) {
    plan.spread = spread;
    plan.hash_policy = wire::fast_hash_encap34;
    BOOST_REQUIRE(offload->publish(plan).ok());
    BOOST_TEST(!offload->pending().empty());
    // Meanwhile what is sent comes up to the daemon.
    drain(*appliance.bond0);
    ++number;
    BOOST_REQUIRE(near.send(numbered(stranger, number)) == 0);
    PacketBatch batch;
    BOOST_TEST(wait_until([&] { return appliance.bond0->receive(batch) != 0; }, patience_ms));
    const auto is_done = [&] {
      pollfd waiting{offload->progress_handle(), POLLIN, 0};
      BOOST_TEST(::poll(&waiting, 1, 10 * patience_ms) == 1);
      return offload->keep_up().ok() && offload->pending().empty();
    };
    BOOST_TEST(wait_until(is_done, 10 * patience_ms));
    pollfd waiting{offload->progress_handle(), POLLIN, 0};
    BOOST_TEST(::poll(&waiting, 1, 0) == 0);
    ++number;
    BOOST_REQUIRE(near.send(numbered(stranger, number)) == 0);
    BOOST_TEST(!far.expect([&](auto seen) { return is_numbered(seen, number); }, patience_ms).empty());
    plan.generation += 1;
  }
}

BOOST_AUTO_TEST_CASE(a_second_offload_carries_as_the_first_did) {
  Appliance appliance;
  { const auto first = opened(appliance.hardware.open_offload(*appliance.bond0)); }
  const auto offload = opened(appliance.hardware.open_offload(*appliance.bond0));
  BOOST_REQUIRE(offload->add_port(PortId{0}, *appliance.nic).ok());
  BOOST_REQUIRE(carry(*offload, plan_for(0)).ok());
  drain(*appliance.bond0);
  const CommandResult ping = appliance.bench.host.run("ping -n -c 5 -i 0.01 -W 1 10.9.0.2");
  BOOST_TEST(all_answered(ping, 5), ping.output);
}

BOOST_AUTO_TEST_CASE(programs_on_the_device_itself_carry_as_well) {
  Appliance appliance;
  // open_offload() would take clsact here.
  auto context = std::make_shared<lnx::Context>();
  BOOST_REQUIRE(context->interfaces.open() == 0);
  auto& host = dynamic_cast<lnx::TapHostPort&>(*appliance.bond0);
  Result<std::unique_ptr<Offload>> result = LinuxOffload::open(context, host, BpfAttachKind::tcx);
  if (!result.ok() && result.failure().error == EINVAL) {
    BOOST_TEST_MESSAGE("skipped: " + result.failure().reason);
    return;
  }
  {
    const auto offload = opened(std::move(result));
    BOOST_TEST(offload->kind() == "tcx");
    BOOST_REQUIRE(offload->add_port(PortId{0}, *appliance.nic).ok());
    BOOST_REQUIRE(carry(*offload, plan_for(0)).ok());
    const CommandResult ping = appliance.bench.host.run("ping -n -c 20 -i 0.01 -W 1 10.9.0.2");
    BOOST_TEST(all_answered(ping, 20), ping.output);
    BOOST_TEST(lnx::program_on_device(host.index(), lnx::BpfHook::egress, "bondbox_out").valid());
  }
  BOOST_TEST(!lnx::program_on_device(host.index(), lnx::BpfHook::egress, "bondbox_out").valid());
  Wiretap far(appliance.bench.peer, "q0");
  Frame frame = make_frame(station, {0x88, 0xb5});
  frame.back() = 0x43;
  BOOST_TEST(far.send(frame) == 0);
  BOOST_TEST(receive_marked(*appliance.nic, 0x43) == frame);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab

// A step allocates nothing: not when idle, not with traffic, not while it fails over.
#include <array>
#include <boost/test/unit_test.hpp>
#include <memory>

#include "tests/support/allocation_counter.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::AllocationCounter;
using test::card_mac;
using test::data_frame;
using test::SimBench;
using test::station_mac;

struct Busy : SimBench {
  explicit Busy(Mode mode = Mode::active_backup, bool resilient = false) : SimBench({"e0", "e1", "e2", "s0"}) {
    BOOST_REQUIRE(world.add_switch("sw").ok());
    for (const char* card : {"e0", "e1", "e2", "s0"}) BOOST_REQUIRE(world.connect(card, "sw").ok());
    BondConfig config = SimBench::config({"e0", "e1", "e2"});
    for (const char* address : {"192.0.2.1/24", "192.0.2.9/24", "2001:db8::1/64"})
      config.addresses.push_back(IpPrefix::parse(address).value());
    config.options.mode = mode;
    config.options.xmit_hash_resilient = resilient;
    config.options.num_peer_notif = 3;
    config.options.updelay_ms = 300;
    config.options.downdelay_ms = 200;
    add(config);
    run_to(2'000);
  }

  /// Frames both ways at every tick up to `end`.
  void traffic(std::int64_t end) {
    while (now() < end) {
      run_to(now() + 1);
      host().inject(to_station);
      (void)world.send("s0", to_host);
      settle();
    }
  }

  test::Frame to_station = data_frame(card_mac(3), card_mac(0));
  test::Frame to_host = data_frame(card_mac(0), card_mac(3));
};

}  // namespace

BOOST_AUTO_TEST_SUITE(allocation)

BOOST_AUTO_TEST_CASE(the_counter_sees_an_allocation) {
  const AllocationCounter counter;
  const auto kept = std::make_unique<int>(7);
  BOOST_TEST(counter.count() == 1U);
  BOOST_TEST(*kept == 7);
}

BOOST_AUTO_TEST_CASE(an_idle_bond_allocates_nothing) {
  Busy bench;
  const AllocationCounter counter;
  bench.run_to(20'000);
  BOOST_TEST(counter.count() == 0U);
}

BOOST_AUTO_TEST_CASE(traffic_allocates_nothing) {
  Busy bench;
  bench.traffic(2'100);
  const AllocationCounter counter;
  bench.traffic(3'000);
  const std::uint64_t made = counter.count();
  BOOST_TEST(made == 0U);
  BOOST_TEST(bench.port("e0").counters.tx_frames > 900U);
  BOOST_TEST(bench.host().delivered_count() > 900U);
}

BOOST_AUTO_TEST_CASE(links_that_go_and_come_in_modes_that_use_all_ports_allocate_nothing) {
  for (const Mode mode : {Mode::balance_rr, Mode::balance_xor, Mode::broadcast}) {
    for (const bool resilient : {false, true}) {
      Busy bench(mode, resilient);
      bench.traffic(2'100);
      for (const char* port : {"e0", "e1", "e2"}) {  // what the simulated switch learns by each port
        bench.link(port, false);
        bench.traffic(bench.now() + 500);
        bench.link(port, true);
        bench.traffic(bench.now() + 500);
      }
      const std::uint64_t before = bench.host().delivered_count();
      const AllocationCounter counter;
      for (const char* port : {"e0", "e1", "e2"}) {
        bench.link(port, false);
        bench.traffic(bench.now() + 500);
      }
      bench.link("e1", true);
      bench.traffic(bench.now() + 500);
      const std::uint64_t made = counter.count();
      BOOST_TEST(made == 0U, mode_name(mode) << ": " << made << " allocations");
      BOOST_TEST(bench.host().delivered_count() > before + 500U);
    }
  }
}

BOOST_AUTO_TEST_CASE(failing_over_and_back_with_announcements_allocates_nothing) {
  for (const char* const rule : {"none", "active", "follow"}) {
    Busy bench;
    for (const char* port : {"e0", "e1", "e2"})
      BOOST_REQUIRE(bench.command([port](Bond& bond) { return bond.release(port); }).ok());
    BOOST_REQUIRE(bench.set("fail_over_mac", rule).ok());
    for (const char* port : {"e0", "e1", "e2"})
      BOOST_REQUIRE(bench.command([port](Bond& bond) { return bond.enslave(port); }).ok());
    bench.run_to(4'000);
    const std::uint64_t before = bench.status().failovers;
    const AllocationCounter counter;
    bench.link("e0", false);
    bench.traffic(5'000);
    bench.link("e1", false);
    bench.traffic(6'000);
    bench.link("e2", false);
    bench.traffic(7'000);
    bench.link("e1", true);
    bench.link("e0", true);
    bench.traffic(9'000);
    const std::uint64_t made = counter.count();
    BOOST_TEST(made == 0U, "fail_over_mac " << rule << ": " << made << " allocations");
    BOOST_TEST(bench.status().failovers - before >= 2U);
    BOOST_TEST(bench.status().announcements > 0U);
  }
}

BOOST_AUTO_TEST_CASE(modes_with_buckets_allocate_nothing_while_they_spread_rebalance_and_fail_over) {
  for (const Mode mode : {Mode::balance_tlb, Mode::balance_alb}) {
    for (const Rebalance rebalance : {Rebalance::bounded, Rebalance::kernel}) {
      SimBench bench({"e0", "e1", "s0"});
      BOOST_REQUIRE(bench.world.add_switch("sw").ok());
      for (const char* card : {"e0", "e1", "s0"}) BOOST_REQUIRE(bench.world.connect(card, "sw").ok());
      BondConfig config = SimBench::config({"e0", "e1"});
      config.options.mode = mode;
      config.options.rebalance = rebalance;
      bench.add(config);
      bench.host().set_vlans({VlanId{7}});
      // IPv4 to 192.0.2.x and ARP about it.
      test::Frame ip = data_frame(card_mac(2), bench.host().mac());
      ip[12] = 0x08, ip[13] = 0x00, ip[14] = 0x45;
      test::Frame arp = data_frame(broadcast_mac, bench.host().mac());
      const std::uint8_t head[] = {0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1};
      std::copy(std::begin(head), std::end(head), arp.begin() + 12);
      bench.host().mac().store(arp.data() + 22);
      const auto busy = [&](std::int64_t end) {
        while (bench.now() < end) {
          bench.run_to(bench.now() + 5);
          ip[33] = arp[41] = static_cast<std::uint8_t>(bench.now() / 5);
          bench.host().inject(ip);
          bench.host().inject(arp);
          bench.settle();
        }
      };
      busy(1'000);
      const AllocationCounter counter;
      busy(12'000);
      bench.link("e0", false);
      busy(14'000);
      bench.link("e0", true);
      busy(25'000);
      const std::uint64_t made = counter.count();
      BOOST_TEST(made == 0U, mode_name(mode) << ": " << made << " allocations");
      BOOST_TEST(bench.status().failovers >= 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(asking_targets_and_finding_nobody_allocates_nothing) {
  SimBench bench({"e0", "e1"});
  BOOST_REQUIRE(bench.world.connect("e0", "e1").ok());
  BondConfig config = SimBench::config({"e0", "e1"});
  config.addresses.push_back(IpPrefix::parse("192.0.2.1/24").value());
  config.options.miimon_ms = 0;
  config.options.arp_interval_ms = 100;
  config.options.arp_validate = ArpValidate::all;
  config.options.arp_ip_targets.push_back(IpPrefix::parse("192.0.2.2/24")->address);
  config.options.ns_ip6_targets.push_back(IpPrefix::parse("2001:db8::2/64")->address);
  bench.add(config);
  bench.run_to(200);
  const AllocationCounter counter;
  bench.run_to(5'000);
  const std::uint64_t made = counter.count();
  BOOST_TEST(made == 0U);
  BOOST_TEST(bench.active() == "");
  BOOST_TEST(bench.port("e0").failures > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

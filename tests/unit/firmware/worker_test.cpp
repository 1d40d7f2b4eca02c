#include "firmware/worker.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/support/loop_bench.hpp"

namespace bondbox::test {
namespace {

constexpr MacAddress own{{0x02, 0, 0, 0, 0x0a, 0}};

struct Bench {
  explicit Bench(std::size_t workers = 1) : hand(workers) {}

  LoopTraffic traffic;
  HandLoops hand;
  BenchHost host{traffic};
  std::array<BenchNic, bench_ports> nics{BenchNic(traffic, {0}), BenchNic(traffic, {1}), BenchNic(traffic, {2}),
                                         BenchNic(traffic, {3})};
  Forwarder forwarder;
  std::uint64_t punted = 0;
  BondLoops loops{&hand};

  void open() {
    BOOST_REQUIRE(loops.open_host(host).ok());
    for (std::uint8_t i = 0; i < bench_ports; ++i) BOOST_REQUIRE(loops.open_port({i}, nics[i]).ok());
  }
  void collect() {
    (void)loops.collect(forwarder);
    punted += forwarder.punted().size();
    forwarder.punted().clear();
  }
  PortCounters sum() const {
    PortCounters sum;
    for (std::uint8_t i = 0; i < bench_ports; ++i) loops.add_port({i}, sum);
    return sum;
  }
  BondCounters bond_sum() const {
    BondCounters sum;
    NicCounters host_counters;
    std::uint64_t punts_lost = 0;
    loops.add_bond(sum, host_counters, punts_lost);
    return sum;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(worker)

BOOST_FIXTURE_TEST_CASE(a_loop_forwards_both_ways_by_the_plan_that_was_published, Bench) {
  open();
  loops.follow(plan_of(6), own, {});
  hand.worker(0).serve(HandLoops::slot, source_host);
  hand.worker(0).serve(HandLoops::slot, 1);
  BOOST_TEST(traffic.sent == 8U);
  BOOST_TEST(traffic.delivered == 8U);
  BOOST_TEST(traffic.wrong_port == 0U);
  BOOST_TEST(sum().tx_frames == 8U);
  BOOST_TEST(sum().rx_frames == 8U);
  PortCounters second;
  loops.add_port({1}, second);
  BOOST_TEST(second.rx_bytes == 8U * 60U);
}

BOOST_FIXTURE_TEST_CASE(what_is_for_the_policy_reaches_the_main_thread, Bench) {
  open();
  loops.follow(plan_of(1), own, {});
  hand.worker(0).serve(HandLoops::slot, source_host);
  BOOST_TEST(hand.worker(0).serve(HandLoops::slot, source_host));  // its 16th frame is ARP
  (void)loops.collect(forwarder);
  BOOST_REQUIRE(forwarder.punted().size() == 1U);
  BOOST_TEST(forwarder.punted()[0].from_host);
  BOOST_TEST(forwarder.punted()[0].bytes[13] == 0x06);
  BOOST_TEST(bond_sum().tx_punted == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_full_way_to_the_main_thread_is_counted_and_loses_nothing, Bench) {
  open();
  loops.follow(plan_of(1), own, {});
  for (int i = 0; i < 2 * 70; ++i) hand.worker(0).serve(HandLoops::slot, source_host);
  BOOST_TEST(hand.worker(0).has_leftovers());
  BOOST_TEST(loops.queue_full() > 0U);
  collect();
  BOOST_TEST(punted == 64U);
  hand.worker(0).retry();
  BOOST_TEST(!hand.worker(0).has_leftovers());
  collect();
  BOOST_TEST(punted == 70U);
}

BOOST_FIXTURE_TEST_CASE(a_port_that_has_left_is_not_used_and_its_frames_take_the_next, Bench) {
  open();
  ForwardingPlan plan = plan_of(2);
  plan.transmit.fallback.push_back({3});
  plan.ports[3].source_mac = generation_mac(3);
  loops.follow(plan, own, {});
  loops.note_read(true);
  loops.close_port({2});
  BOOST_TEST(hand.watched.size() == 4U);
  hand.worker(0).serve(HandLoops::slot, 2);  // its descriptor was readable just before
  BOOST_TEST(traffic.made_by_ports == 0U);
  BOOST_TEST(hand.worker(0).serve(HandLoops::slot, source_host));
  BOOST_TEST(traffic.sent == 8U);
  BOOST_TEST(traffic.wrong_port == 0U);
  BOOST_TEST(loops.collect(forwarder));  // a doubt about the link
  BOOST_TEST(!loops.collect(forwarder));
}

BOOST_FIXTURE_TEST_CASE(a_loop_delivers_what_two_ports_brought_once_when_the_plan_changes_between_them, Bench) {
  open();
  loops.follow(plan_of(1), own, {});
  loops.note_read(true);
  const auto delivered_by = [&](std::size_t port) {
    const std::uint64_t before = traffic.delivered;
    hand.worker(0).serve(HandLoops::slot, port);
    return traffic.delivered - before;
  };
  loops.read_before({1}, plan_of(1), {}, true);
  BOOST_TEST(delivered_by(1) == 8U);
  Newcomers newcomers;
  newcomers.deliver[2] = deliver_unicast;
  loops.follow(plan_of(2), own, {}, newcomers);
  BOOST_TEST(delivered_by(2) == 0U);  // the same eight
  BOOST_TEST(delivered_by(2) == 8U);
  loops.follow(plan_of(2), own, {});
  // Another time the loop has nothing of the first left.
  loops.read_before({1}, plan_of(2), {}, true);
  BOOST_TEST(delivered_by(1) == 8U);
  loops.follow(plan_of(2), own, {});
  BOOST_TEST(delivered_by(3) == 8U);
  loops.follow(plan_of(3), own, {}, newcomers);
  BOOST_TEST(delivered_by(2) == 8U);
}

BOOST_FIXTURE_TEST_CASE(the_counters_of_a_port_begin_anew_with_the_next_one_in_its_place, Bench) {
  open();
  loops.follow(plan_of(4), own, {});
  hand.worker(0).serve(HandLoops::slot, source_host);
  BOOST_TEST(sum().tx_frames == 8U);
  loops.close_port({0});
  loops.forget_port({0});
  BOOST_REQUIRE(loops.open_port({0}, nics[0]).ok());
  BOOST_TEST(sum().tx_frames == 0U);
  loops.follow(plan_of(8), own, {});
  hand.worker(0).serve(HandLoops::slot, source_host);
  BOOST_TEST(sum().tx_frames == 7U);  // and an ARP frame for the policy
}

BOOST_FIXTURE_TEST_CASE(flows_are_spread_only_while_no_one_order_is_needed, Bench) {
  open();
  BOOST_TEST(loops.follow(plan_of(1), own, {}));
  BOOST_TEST(loops.serving() == 2U);
  BOOST_TEST((host.spreads && nics[3].spreads));
  BOOST_TEST(loops.follow(plan_of(1), own, "for a reason"));
  BOOST_TEST(loops.serving() == 1U);
  BOOST_TEST(loops.reason() == "for a reason");
  BOOST_TEST((!host.spreads && !nics[3].spreads));
  // What waits in its channels is still the loop's to forward.
  hand.worker(0).serve(HandLoops::slot, source_host);
  BOOST_TEST(traffic.sent == 8U);
  BOOST_TEST(loops.follow(plan_of(1), own, {}));
  BOOST_TEST((host.spreads && nics[0].spreads));
}

BOOST_FIXTURE_TEST_CASE(the_loops_read_only_when_the_main_thread_has_read_what_came_before, Bench) {
  open();
  BOOST_TEST(loops.follow(plan_of(1), own, {}));
  BOOST_TEST((host.spreads && nics[3].spreads));
  BOOST_TEST(hand.watched.empty());
  loops.note_read(false);
  BOOST_TEST(hand.watched.empty());
  loops.note_read(true);
  BOOST_TEST(hand.watched.size() == 5U);
}

BOOST_FIXTURE_TEST_CASE(a_main_thread_that_is_never_done_keeps_the_loops_waiting_for_a_while_only, Bench) {
  open();
  loops.follow(plan_of(1), own, {});
  for (int i = 0; i < 32; ++i) loops.note_read(false);
  BOOST_TEST(hand.watched.size() == 5U);
}

BOOST_FIXTURE_TEST_CASE(a_port_that_comes_while_flows_are_spread_is_read_by_the_loops_at_once, Bench) {
  open();
  loops.follow(plan_of(1), own, {});
  loops.note_read(true);
  loops.close_port({3});
  BOOST_TEST(hand.watched.size() == 4U);
  nics[3].spreads = false;
  BOOST_REQUIRE(loops.open_port({3}, nics[3]).ok());
  BOOST_TEST(!nics[3].spreads);
  loops.follow(plan_of(1), own, {});
  BOOST_TEST(nics[3].spreads);
  BOOST_TEST(hand.watched.size() == 5U);
}

BOOST_FIXTURE_TEST_CASE(what_waits_in_a_loop_is_forwarded_before_the_main_thread_reads_on, Bench) {
  open();
  loops.follow(plan_of(1), own, {});
  loops.note_read(true);
  traffic.waiting = 3;
  hand.during_pause = [this] {
    BOOST_TEST(!host.spreads);
    hand.worker(0).serve(HandLoops::slot, source_host);
  };
  loops.follow(plan_of(1), own, "for a reason");
  BOOST_TEST(traffic.waiting == 0);
  BOOST_TEST(traffic.sent == 3U * 8U - 1);  // one of them is ARP
  // And again: they do not read before the main thread has.
  loops.follow(plan_of(1), own, {});
  BOOST_TEST(hand.watched.empty());
}

BOOST_FIXTURE_TEST_CASE(frames_by_a_port_that_delivers_nothing_wait_for_a_look_at_a_lost_link, Bench) {
  open();
  ForwardingPlan plan = plan_of(1);
  plan.ports[2].deliver = deliver_nothing;
  loops.follow(plan, own, {});
  Worker& worker = hand.worker(0);
  worker.serve(HandLoops::slot, 2);
  BOOST_TEST(sum().rx_suppressed == 8U);
  traffic.lost_link[1] = true;
  BOOST_TEST(worker.serve(HandLoops::slot, 2));
  BOOST_TEST(worker.waits());
  BOOST_TEST(!worker.serve(HandLoops::slot, 2));  // asked already
  BOOST_TEST(worker.waits());
  worker.serve(HandLoops::slot, 1);  // what is delivered does not wait
  BOOST_TEST(!worker.waits());
  BOOST_TEST(sum().rx_suppressed == 8U);
  BOOST_TEST(traffic.delivered == 8U);

  BOOST_TEST(loops.collect(forwarder));
  BOOST_TEST(!loops.collect(forwarder));
  plan = plan_of(2);
  plan.ports[1].deliver = deliver_nothing;
  loops.follow(plan, own, {});
  worker.serve(HandLoops::slot, 2);
  BOOST_TEST(!worker.waits());
  BOOST_TEST(sum().rx_suppressed == 8U);
  BOOST_TEST(traffic.delivered == 16U);
}

BOOST_FIXTURE_TEST_CASE(a_link_that_stays_lost_is_asked_about_once, Bench) {
  open();
  ForwardingPlan plan = plan_of(1);
  plan.ports[2].deliver = deliver_nothing;
  loops.follow(plan, own, {});
  Worker& worker = hand.worker(0);
  traffic.lost_link[1] = true;
  worker.serve(HandLoops::slot, 2);
  BOOST_TEST(worker.waits());
  // The main thread looks and goes on as it was: downdelay.
  BOOST_TEST(loops.collect(forwarder));
  loops.follow(plan, own, {});
  worker.serve(HandLoops::slot, 2);
  BOOST_TEST(!worker.waits());
  BOOST_TEST(sum().rx_suppressed == 8U);
  traffic.lost_link[1] = false;
  worker.serve(HandLoops::slot, 2);
  traffic.lost_link[1] = true;
  worker.serve(HandLoops::slot, 2);
  BOOST_TEST(worker.waits());
}

BOOST_FIXTURE_TEST_CASE(a_question_that_came_after_the_look_is_not_answered_by_it, Bench) {
  open();
  ForwardingPlan plan = plan_of(1);
  plan.ports[2].deliver = deliver_nothing;
  loops.follow(plan, own, {});
  traffic.lost_link[1] = true;
  (void)loops.collect(forwarder);
  hand.worker(0).serve(HandLoops::slot, 2);
  loops.follow(plan, own, {});
  hand.worker(0).serve(HandLoops::slot, 2);
  BOOST_TEST(hand.worker(0).waits());
  BOOST_TEST(loops.collect(forwarder));
}

BOOST_FIXTURE_TEST_CASE(a_host_that_has_no_further_channel_leaves_one_loop_and_says_why, Bench) {
  host.refuses = true;
  BOOST_TEST(loops.open_host(host).reason == "not for you");
  BOOST_TEST(loops.open_port({0}, nics[0]).ok());
  BOOST_TEST(!loops.follow(plan_of(1), own, {}));
  BOOST_TEST(loops.serving() == 1U);
  BOOST_TEST(loops.wanted() == 2U);
  BOOST_TEST(loops.reason() == "not for you");
  BOOST_TEST(hand.watched.empty());
}

BOOST_AUTO_TEST_CASE(frames_pass_one_loop_where_one_order_is_needed) {
  BondOptions options;
  BOOST_TEST(one_order_reason(plan_of(1), options).empty());
  options.arp_interval_ms = 100;
  BOOST_TEST(!one_order_reason(plan_of(1), options).empty());
  options.arp_interval_ms = 0;
  ForwardingPlan plan = plan_of(1);
  plan.ports[2].queue_id = 3;
  BOOST_TEST(!one_order_reason(plan, options).empty());
  options.mode = Mode::balance_tlb;
  BOOST_TEST(one_order_reason(plan_of(1), options).empty());
  options.rebalance = Rebalance::kernel;
  BOOST_TEST(!one_order_reason(plan_of(1), options).empty());
  options.rebalance = Rebalance::bounded;
  plan = plan_of(1);
  plan.transmit.spread = Spread::buckets;
  plan.transmit.bucket_port.fill({1});
  BOOST_TEST(one_order_reason(plan, options).empty());
  plan.transmit.bucket_port[77] = no_port;
  BOOST_TEST(!one_order_reason(plan, options).empty());
}

// Under load, with plans that change all the time and a port that comes and goes: every frame leaves as one plan says,
// never on a channel that was closed, and every frame is counted once.
BOOST_AUTO_TEST_CASE(ten_thousand_plans_under_traffic_mislead_and_lose_no_frame) {
  constexpr std::size_t workers = 3;
  constexpr std::uint64_t plans = 10'000;
  Bench bench(workers);
  bench.open();
  bench.loops.follow(plan_of(1), own, {});
  std::atomic<bool> stopping = false;
  std::vector<std::thread> threads;
  for (std::size_t number = 0; number < workers; ++number) {
    threads.emplace_back([&bench, &stopping, number] {
      Worker& worker = bench.hand.worker(number);
      while (!stopping) {
        worker.serve(HandLoops::slot, source_host);
        for (std::size_t port = 0; port < bench_ports; ++port) worker.serve(HandLoops::slot, port);
        if (worker.has_leftovers()) worker.retry();
      }
    });
  }
  for (std::uint64_t generation = 2; generation <= plans; ++generation) {
    const PortId leaving = generation_port(generation + 1);
    bench.loops.follow(plan_of(generation), own, {});
    if (generation % 64 == 0) bench.loops.close_port(leaving);
    if (generation % 64 == 0) BOOST_REQUIRE(bench.loops.open_port(leaving, bench.nics[leaving.index]).ok());
    bench.collect();
    // So that the loops see most plans, not only the last of many.
    const std::uint64_t made = bench.traffic.made_by_host;
    if (generation % 32 == 0)
      while (bench.traffic.made_by_host == made) std::this_thread::yield();
  }
  stopping = true;
  for (std::thread& thread : threads) thread.join();
  for (std::size_t number = 0; number < workers; ++number) {
    bench.collect();
    bench.hand.worker(number).retry();
    bench.collect();
  }
  BOOST_TEST(bench.traffic.wrong_port == 0U);
  BOOST_TEST(bench.traffic.after_close == 0U);
  const PortCounters ports = bench.sum();
  const BondCounters bond = bench.bond_sum();
  BOOST_TEST(ports.tx_frames == bench.traffic.sent);
  BOOST_TEST(ports.tx_frames + ports.tx_refused + bond.tx_no_port + bond.tx_punted == bench.traffic.made_by_host);
  BOOST_TEST(bond.tx_punted == bench.punted);
  BOOST_TEST(bench.punted > 0U);
  BOOST_TEST(ports.rx_frames == bench.traffic.made_by_ports);
  BOOST_TEST(bench.traffic.delivered == bench.traffic.made_by_ports);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

// Mode 5: what is sent is spread, what is received comes in by one port, and both survive a pulled cable.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <set>

#include "hal/wire/ethernet.hpp"
#include "policies/choice.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::Frame;
using test::SimBench;
using test::station_mac;

/// UDP over IPv4 of one flow; `size` bytes in all.
Frame flow_frame(std::uint32_t flow, MacAddress from, std::size_t size = 200) {
  Frame frame(size);
  station_mac(1).store(frame.data());
  from.store(frame.data() + 6);
  wire::store_be16(frame.data() + 12, wire::ethertype::ipv4);
  frame[14] = 0x45;
  wire::store_be16(frame.data() + 16, static_cast<std::uint16_t>(size - 14));
  frame[22] = 64;
  frame[23] = 17;
  wire::store_be32(frame.data() + 26, 0x0a000001);
  wire::store_be32(frame.data() + 30, 0x0a000100 + flow);
  wire::store_be16(frame.data() + 34, 4000);
  wire::store_be16(frame.data() + 36, 5000);
  return frame;
}

MacAddress source_of(const Frame& frame) {
  return MacAddress::load(frame.data() + 6);
}

bool is_learning(const Frame& frame) {
  const auto view = wire::EthernetView::parse(frame);
  return view && view->ethertype() == 0x9000;
}

struct Tlb : SimBench {
  explicit Tlb(Rebalance rebalance = Rebalance::bounded) : SimBench({"e0", "e1", "e2"}) {
    BondConfig config = SimBench::config({"e0", "e1", "e2"});
    config.options.mode = Mode::balance_tlb;
    config.options.xmit_hash_policy = HashPolicy::layer34;
    config.options.rebalance = rebalance;
    add(config);
  }

  std::vector<Frame> learning_frames(const char* card) {
    std::vector<Frame> found;
    for (const Frame& frame : world.sent(card))
      if (is_learning(frame)) found.push_back(frame);
    return found;
  }

  /// `flows` equal flows, a frame of each every 20 ms until `end`; the share of the busiest port.
  double busiest_share(std::uint32_t flows, std::int64_t end) {
    std::array<std::uint64_t, 3> before{};
    for (std::size_t i = 0; i < 3; ++i) before[i] = status().ports[i].counters.tx_bytes;
    while (now() < end) {
      run_to(now() + 20);
      for (std::uint32_t flow = 0; flow < flows; ++flow) host().inject(flow_frame(flow, host().mac()));
      settle();
    }
    std::array<std::uint64_t, 3> sent{};
    for (std::size_t i = 0; i < 3; ++i) sent[i] = status().ports[i].counters.tx_bytes - before[i];
    return static_cast<double>(*std::max_element(sent.begin(), sent.end())) /
           static_cast<double>(std::accumulate(sent.begin(), sent.end(), std::uint64_t{0}));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(balance_tlb)

BOOST_AUTO_TEST_CASE(ports_keep_their_addresses_and_the_bond_has_the_first_ones) {
  Tlb bench;
  BOOST_TEST(bench.host().mac().text() == card_mac(0).text());
  for (std::uint8_t i = 0; i < 3; ++i) {
    const std::string name = "e" + std::to_string(i);
    BOOST_TEST(bench.card(name.c_str()).mac.text() == card_mac(i).text());
  }
  BOOST_TEST(bench.active() == "e0");
}

BOOST_AUTO_TEST_CASE(flows_are_spread_from_the_first_second_and_in_kernel_mode_after_ten) {
  Tlb bounded;
  const double bounded_share = bounded.busiest_share(64, 9'000);
  BOOST_TEST_MESSAGE("busiest of three ports in the first 9 s, bounded: " << bounded_share);
  BOOST_TEST(bounded_share < 0.45);
  Tlb kernel(Rebalance::kernel);
  kernel.run_to(150);
  BOOST_TEST(kernel.busiest_share(64, 9'000) > 0.99);  // learning frames leave on the others
  kernel.busiest_share(64, 10'200);
  const double later = kernel.busiest_share(64, 19'000);
  BOOST_TEST_MESSAGE("busiest of three ports after 10 s, kernel: " << later);
  BOOST_TEST(later < 0.45);
}

BOOST_AUTO_TEST_CASE(frames_carry_the_address_of_the_port_that_they_leave_on) {
  Tlb bench;
  for (std::uint32_t flow = 0; flow < 64; ++flow) BOOST_REQUIRE(bench.host_sends(flow_frame(flow, bench.host().mac())));
  // What is not unicast IP leaves on the active port.
  BOOST_REQUIRE(bench.host_sends(data_frame(station_mac(1), bench.host().mac())));
  for (std::uint8_t i = 0; i < 3; ++i) {
    const std::string name = "e" + std::to_string(i);
    const auto sent = bench.world.sent(name.c_str());
    BOOST_TEST(sent.size() > 10U);
    for (const Frame& frame : sent) BOOST_TEST((source_of(frame) == card_mac(i)));
    BOOST_TEST(test::data_numbers(sent).size() == (i == 0 ? 1U : 0U));
  }
}

BOOST_AUTO_TEST_CASE(only_the_active_port_delivers) {
  Tlb bench;
  for (const char* card : {"e0", "e1", "e2"})
    (void)bench.card_receives(card, data_frame(broadcast_mac, station_mac(1)));
  (void)bench.card_receives("e1", data_frame(card_mac(1), station_mac(1)));
  BOOST_TEST(bench.host().take_delivered().size() == 1U);
  BOOST_REQUIRE(bench.set("all_slaves_active", "1").ok());
  (void)bench.card_receives("e1", data_frame(card_mac(1), station_mac(1), 7));
  const auto delivered = bench.host().take_delivered();
  BOOST_REQUIRE(delivered.size() == 1U);
  BOOST_TEST((MacAddress::load(delivered[0].data()) == bench.host().mac()));
}

BOOST_AUTO_TEST_CASE(a_failover_swaps_addresses_and_tells_the_switch_in_the_same_tick) {
  Tlb bench;
  bench.run_to(537);
  for (const char* card : {"e0", "e1", "e2"}) bench.world.clear_sent(card);
  bench.link("e0", false);
  BOOST_TEST(bench.now() == 537);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.card("e1").mac.text() == card_mac(0).text());
  BOOST_TEST(bench.card("e0").mac.text() == card_mac(1).text());
  const std::vector<Frame> taught = bench.learning_frames("e1");
  BOOST_REQUIRE(taught.size() == 1U);
  BOOST_TEST(taught[0].size() == 60U);
  BOOST_TEST((source_of(taught[0]) == card_mac(0)));
  BOOST_TEST((MacAddress::load(taught[0].data()) == card_mac(0)));
  BOOST_TEST(bench.learning_frames("e2").empty());

  // It comes back, and nothing more moves: the one that works stays.
  bench.link(1'234, "e0", true);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.card("e0").mac.text() == card_mac(1).text());
}

BOOST_AUTO_TEST_CASE(a_primary_that_comes_back_takes_the_address_back) {
  Tlb bench;
  BOOST_REQUIRE(bench.set("primary", "e0").ok());
  bench.link(500, "e0", false);
  bench.link(1'000, "e0", true);
  BOOST_TEST(bench.active() == "e0");
  for (std::uint8_t i = 0; i < 3; ++i) {
    const std::string name = "e" + std::to_string(i);
    BOOST_TEST(bench.card(name.c_str()).mac.text() == card_mac(i).text());
  }
}

BOOST_AUTO_TEST_CASE(a_dead_ports_flows_move_and_all_others_stay) {
  Tlb bench;
  constexpr std::uint32_t flows = 64;
  const auto ports_of_flows = [&] {
    std::vector<int> ports;
    for (std::uint32_t flow = 0; flow < flows; ++flow) {
      for (const char* card : {"e0", "e1", "e2"}) bench.world.clear_sent(card);
      BOOST_REQUIRE(bench.host_sends(flow_frame(flow, bench.host().mac())));
      for (int i = 0; i < 3; ++i)
        if (!bench.world.sent(("e" + std::to_string(i)).c_str()).empty()) ports.push_back(i);
    }
    return ports;
  };
  const auto before = ports_of_flows();
  BOOST_REQUIRE(before.size() == flows);
  bench.link(500, "e2", false);
  const auto without = ports_of_flows();
  std::set<int> takers;
  for (std::size_t i = 0; i < flows; ++i) {
    if (before[i] == 2)
      takers.insert(without[i]);
    else
      BOOST_TEST(without[i] == before[i]);
  }
  BOOST_TEST((takers == std::set<int>{0, 1}));
  bench.link(1'000, "e2", true);
  const auto after = ports_of_flows();
  for (std::size_t i = 0; i < flows; ++i) BOOST_TEST((after[i] == without[i] || after[i] == 2));
  BOOST_TEST(std::count(after.begin(), after.end(), 2) > 10);
}

BOOST_AUTO_TEST_CASE(no_frame_is_lost_while_a_loss_of_link_goes_unnoticed) {
  Tlb bench;
  bench.world.events_enabled = false;
  bench.run_to(1'010);
  const auto sent = [&] {
    std::uint64_t sum = 0;
    for (const PortStatus& port : bench.status().ports) sum += port.counters.tx_frames;
    return sum;
  };
  const std::uint64_t before = sent();
  bench.link("e1", false);
  for (std::uint32_t flow = 0; flow < 64; ++flow) BOOST_REQUIRE(bench.host_sends(flow_frame(flow, bench.host().mac())));
  BOOST_TEST(sent() - before == 64U);
}

BOOST_AUTO_TEST_CASE(every_port_is_taught_each_second_on_every_vlan) {
  Tlb bench;
  bench.host().set_vlans({VlanId{100}, VlanId{200}});
  bench.run_to(2'000);
  for (const char* card : {"e0", "e1", "e2"}) bench.world.clear_sent(card);
  bench.run_to(5'000);
  for (std::uint8_t i = 0; i < 3; ++i) {
    const auto frames = bench.learning_frames(("e" + std::to_string(i)).c_str());
    BOOST_REQUIRE_EQUAL(frames.size(), 9U);
    for (std::size_t n = 0; n < frames.size(); ++n) {
      const auto view = wire::EthernetView::parse(frames[n]);
      BOOST_REQUIRE(view);
      BOOST_TEST(view->vlan().value == (n % 3) * 100);
      BOOST_TEST(frames[n].size() == (n % 3 == 0 ? 60U : 64U));
      BOOST_TEST((source_of(frames[n]) == card_mac(i)));
    }
  }
}

BOOST_AUTO_TEST_CASE(without_dynamic_balancing_a_flow_leaves_by_its_hash) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.mode = Mode::balance_tlb;
  config.options.tlb_dynamic_lb = false;
  bench.add(config);
  const ForwardingPlan& plan = bench.bond().plan();
  BOOST_TEST((plan.transmit.spread == Spread::hash));
  BOOST_TEST((plan.transmit.rest_port == PortId{0}));
  bench.link("e0", false);
  BOOST_TEST((bench.bond().plan().transmit.rest_port == PortId{1}));
  bench.link("e0", true);
  BOOST_TEST((bench.bond().plan().transmit.rest_port == PortId{1}));
  BOOST_TEST((bench.bond().plan().transmit.usable[0] == PortId{0}));
}

BOOST_AUTO_TEST_CASE(a_new_port_has_no_load_of_the_one_that_was_in_its_place) {
  for (const Rebalance rebalance : {Rebalance::bounded, Rebalance::kernel}) {
    Tlb bench(rebalance);
    BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("e2"); }).ok());
    bench.busiest_share(64, 25'000);
    const PortId gone = bench.port("e1").id;
    BOOST_REQUIRE(bench.status().balance->load_bytes_per_s[gone.index] > 0U);
    BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("e1"); }).ok());
    BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.enslave("e2"); }).ok());
    BOOST_REQUIRE((bench.port("e2").id == gone));
    BOOST_TEST(bench.status().balance->load_bytes_per_s[gone.index] == 0U);
    bench.run_for(11'000);
    BOOST_TEST(bench.status().balance->load_bytes_per_s[gone.index] == 0U);
  }
}

BOOST_AUTO_TEST_CASE(groups_are_joined_again_on_the_active_port_however_balanced) {
  for (const bool dynamic : {true, false}) {
    SimBench bench({"e0", "e1", "e2"});
    BondConfig config = SimBench::config({"e0", "e1", "e2"});
    config.options.mode = Mode::balance_tlb;
    config.options.tlb_dynamic_lb = dynamic;
    bench.add(config);
    HostGroup group;
    group.group = IpAddress::parse("239.1.2.3").value();
    group.source = IpAddress::parse("192.0.2.1").value();
    group.mac = bench.host().mac();
    bench.host().set_groups({group});
    bench.run_to(1'000);
    for (const char* card : {"e0", "e1", "e2"}) bench.world.clear_sent(card);
    BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.activate("e1"); }).ok());
    bench.run_for(50);
    for (const char* card : {"e0", "e1", "e2"}) {
      const auto sent = bench.world.sent(card);
      const auto reports = std::count_if(sent.begin(), sent.end(), [](const Frame& frame) { return is_igmp(frame); });
      BOOST_TEST(reports == (card[1] == '1' ? 1 : 0), card << (dynamic ? ", dynamic" : ", by hash"));
    }
  }
}

BOOST_AUTO_TEST_CASE(rebalancing_moves_a_few_flows_and_says_so) {
  Tlb bench;
  // One flow of the busy bucket's port is heavy, and others share that port.
  while (bench.now() < 31'000) {
    bench.run_to(bench.now() + 10);
    for (std::uint32_t flow = 0; flow < 64; ++flow) {
      const bool heavy = flow % 8 == 0;
      bench.host().inject(flow_frame(flow, bench.host().mac(), heavy ? 1400 : 100));
    }
    bench.settle();
  }
  const auto status = bench.status();
  BOOST_REQUIRE(status.balance);
  BOOST_TEST(status.balance->rounds == 3U);
  BOOST_TEST(status.balance->buckets_moved <= 12U);
  std::uint64_t most = 0, least = ~std::uint64_t{0};
  for (std::size_t i = 0; i < 3; ++i) {
    most = std::max(most, status.balance->load_bytes_per_s[i]);
    least = std::min(least, status.balance->load_bytes_per_s[i]);
  }
  BOOST_TEST(least > 0U);
  BOOST_TEST(static_cast<double>(most) / static_cast<double>(least) < 1.5);
}

BOOST_AUTO_TEST_CASE(a_port_that_brings_an_address_in_use_gets_a_spare_one) {
  // e0 leaves after a failover, and e1 holds the address that e0 comes back with.
  Tlb bench;
  bench.link(500, "e0", false);
  bench.link(600, "e0", true);
  BOOST_REQUIRE(bench.active() == "e1");
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("e0"); }).ok());
  BOOST_TEST(bench.card("e0").mac.text() == card_mac(0).text());
  BOOST_TEST(bench.card("e1").mac.text() == card_mac(0).text());
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.enslave("e0"); }).ok());
  BOOST_TEST(bench.card("e0").mac.text() == card_mac(1).text());
  BOOST_TEST(bench.told("giving it the hw address of e1"));
}

BOOST_AUTO_TEST_CASE(a_port_that_leaves_takes_its_own_address_along) {
  Tlb bench;
  bench.link(500, "e0", false);
  bench.link(600, "e0", true);
  BOOST_REQUIRE(bench.active() == "e1");
  // e0 carries e1's address, and e1 the bond's.
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("e1"); }).ok());
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.card("e0").mac.text() == card_mac(0).text());
  BOOST_TEST(bench.card("e1").mac.text() == card_mac(1).text());
}

BOOST_AUTO_TEST_CASE(an_address_given_to_the_bond_goes_to_the_active_port) {
  Tlb bench;
  BOOST_REQUIRE(bench.host().set_mac(station_mac(9)).ok());
  bench.settle();
  BOOST_TEST(bench.card("e0").mac.text() == station_mac(9).text());
  BOOST_TEST(bench.card("e1").mac.text() == card_mac(1).text());
  // One that another port carries: they swap.
  BOOST_REQUIRE(bench.host().set_mac(card_mac(1)).ok());
  bench.settle();
  BOOST_TEST(bench.card("e0").mac.text() == card_mac(1).text());
  BOOST_TEST(bench.card("e1").mac.text() == station_mac(9).text());
}

BOOST_AUTO_TEST_CASE(flows_of_the_very_first_tick_come_out_the_same_from_a_recording) {
  for (const Rebalance rebalance : {Rebalance::bounded, Rebalance::kernel}) {
    Tlb bench(rebalance);
    bench.checkpoint_each = 1;
    bench.is_replayed_from_all = true;
    for (std::uint32_t round = 0; round < 40; ++round) {
      for (std::uint32_t flow = 0; flow < 60; ++flow)
        bench.host().inject(flow_frame(flow, bench.host().mac(), 100 + flow * 20));
      bench.settle();
      if (round == 20) bench.link("e1", false);
      if (round > 3) bench.run_for(700);
    }
    BOOST_TEST(bench.replayed() == "");
  }
}

BOOST_AUTO_TEST_SUITE_END()

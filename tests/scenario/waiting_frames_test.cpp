// What has come by a port and was not read yet when the port stops delivering: it is the host's, as when it came.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::data_numbers;
using test::SimBench;
using test::station_mac;

constexpr std::uint32_t waiting = 100;

std::vector<std::int64_t> numbers(std::int64_t count) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// They wait in the card: nobody is woken.
void wait_in(SimBench& bench, const char* card, const MacAddress& to, std::uint32_t count, std::uint32_t from = 0) {
  for (std::uint32_t i = 0; i < count; ++i)
    BOOST_REQUIRE(bench.world.deliver(card, data_frame(to, station_mac(1), from + i)));
}

std::vector<std::int64_t> delivered(SimBench& bench) {
  return data_numbers(bench.host().take_delivered());
}

struct Leaving {
  const char* what;
  std::function<void(SimBench&)> act;
};

const std::vector<Leaving>& ways_to_leave() {
  static const std::vector<Leaving> ways = {
      {"the link goes", [](SimBench& bench) { bench.link("e0", false); }},
      {"somebody sets the interface down",
       [](SimBench& bench) {
         BOOST_REQUIRE(bench.world.set_up("e0", false).ok());
         bench.settle();
       }},
      {"the interface is deleted",
       [](SimBench& bench) {
         BOOST_REQUIRE(bench.world.remove_nic("e0").ok());
         bench.settle();
       }},
      {"the port is released",
       [](SimBench& bench) { BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("e0"); }).ok()); }},
  };
  return ways;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(waiting_frames)

BOOST_AUTO_TEST_CASE(what_waits_in_a_port_reaches_the_host_however_the_port_leaves_in_every_mode) {
  for (const Mode mode : {Mode::balance_rr, Mode::active_backup, Mode::balance_xor, Mode::broadcast, Mode::lacp_8023ad,
                          Mode::balance_tlb, Mode::balance_alb}) {
    for (const Leaving& way : ways_to_leave()) {
      SimBench bench({"e0", "e1"});
      BondConfig config = SimBench::config({"e0", "e1"});
      config.options.mode = mode;
      bench.add(config);
      bench.run_to(12'000);
      bench.host().take_delivered();
      wait_in(bench, "e0", bench.status().mac, waiting);
      way.act(bench);
      BOOST_TEST((delivered(bench) == numbers(waiting)), static_cast<int>(mode) << ": " << way.what);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_waits_in_the_active_port_reaches_the_host_when_another_one_is_chosen) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(1'000);
  wait_in(bench, "e0", card_mac(0), waiting);
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.activate("e1"); }).ok());
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST((delivered(bench) == numbers(waiting)));
  bench.run_for(200);
  wait_in(bench, "e1", card_mac(0), waiting);
  BOOST_REQUIRE(bench.set("primary", "e0").ok());
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST((delivered(bench) == numbers(waiting)));
}

BOOST_AUTO_TEST_CASE(what_waits_comes_before_what_the_next_port_brings) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(1'000);
  wait_in(bench, "e0", card_mac(0), 10);
  BOOST_REQUIRE(bench.world.set_link("e0", false).ok());
  wait_in(bench, "e1", card_mac(0), 10, 10);
  bench.settle();
  BOOST_TEST((delivered(bench) == numbers(20)));
}

BOOST_AUTO_TEST_CASE(a_port_that_never_delivered_gives_nothing_when_it_leaves) {
  for (const Leaving& way : ways_to_leave()) {
    SimBench bench({"e0", "e1"});
    BondConfig config = SimBench::config({"e0", "e1"});
    config.options.primary = "e1";
    bench.add(config);
    bench.run_to(1'000);
    BOOST_REQUIRE(bench.active() == "e1");
    wait_in(bench, "e0", card_mac(0), waiting);
    way.act(bench);
    BOOST_TEST(delivered(bench).empty(), way.what);
  }
}

BOOST_AUTO_TEST_CASE(a_broadcast_that_waits_in_both_ports_reaches_the_host_once) {
  for (const Leaving& way : ways_to_leave()) {
    SimBench bench({"e0", "e1"});
    bench.add({"e0", "e1"});
    bench.run_to(1'000);
    for (const char* card : {"e0", "e1"}) wait_in(bench, card, broadcast_mac, 10);
    way.act(bench);
    BOOST_TEST((delivered(bench) == numbers(10)), way.what);
  }
}

BOOST_AUTO_TEST_CASE(what_a_switch_floods_to_both_ports_reaches_the_host_once) {
  for (const Leaving& way : ways_to_leave()) {
    SimBench bench({"e0", "e1"});
    bench.add({"e0", "e1"});
    bench.run_to(1'000);
    // Of some the copies wait in both, others came when but one cable was plugged.
    wait_in(bench, "e0", card_mac(0), 30);
    wait_in(bench, "e1", card_mac(0), 30, 10);
    way.act(bench);
    BOOST_TEST((delivered(bench) == numbers(40)), way.what);
    // The same again is not the same frames.
    bench.run_for(200);
    for (std::uint32_t i = 0; i < 40; ++i)
      BOOST_REQUIRE(bench.card_receives("e1", data_frame(card_mac(0), station_mac(1), i)));
    BOOST_TEST((delivered(bench) == numbers(40)), way.what);
  }
}

BOOST_AUTO_TEST_CASE(a_link_that_goes_when_but_one_of_two_ports_has_been_read_doubles_nothing) {
  SimBench bench({"e0", "e1"});
  bench.world.events_enabled = false;
  bench.add({"e0", "e1"});
  bench.run_to(1'010);
  // A switch that sends everything to both.
  for (std::uint32_t i = 0; i < 5; ++i) {
    wait_in(bench, "e0", card_mac(0), 1, i);
    wait_in(bench, "e1", card_mac(0), 1, i);
    bench.settle();
  }
  BOOST_TEST((delivered(bench) == numbers(5)));
  // Nobody looks at the link before e0 has been read; e1's frames bring it about.
  wait_in(bench, "e0", card_mac(0), 20);
  wait_in(bench, "e1", card_mac(0), 30);
  bench.link("e0", false);
  BOOST_REQUIRE(bench.card_receives("e1", data_frame(card_mac(0), station_mac(1), 30)));
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST((delivered(bench) == numbers(31)));
}

BOOST_AUTO_TEST_CASE(what_comes_twice_by_the_next_port_reaches_the_host_once_more) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(1'000);
  wait_in(bench, "e0", card_mac(0), 1);
  for (int i = 0; i < 3; ++i) wait_in(bench, "e1", card_mac(0), 1);
  bench.link("e0", false);
  BOOST_TEST((delivered(bench) == std::vector<std::int64_t>{0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(a_copy_that_comes_a_little_later_than_the_other_is_none_of_the_hosts) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(1'000);
  wait_in(bench, "e0", card_mac(0), 10);
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.activate("e1"); }).ok());
  bench.run_for(3);
  for (std::uint32_t i = 0; i < 15; ++i)
    BOOST_REQUIRE(bench.card_receives("e1", data_frame(card_mac(0), station_mac(1), i)));
  BOOST_TEST((delivered(bench) == numbers(15)));
}

BOOST_AUTO_TEST_CASE(a_port_that_is_left_and_taken_again_at_once_delivers_no_copies) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(1'000);
  wait_in(bench, "e0", card_mac(0), 10);
  wait_in(bench, "e1", card_mac(0), 20);
  BOOST_REQUIRE(bench
                    .command([](Bond& bond) {
                      if (Outcome outcome = bond.activate("e1"); !outcome.ok()) return outcome;
                      return bond.activate("e0");
                    })
                    .ok());
  BOOST_TEST(bench.active() == "e0");
  wait_in(bench, "e0", card_mac(0), 10, 10);
  bench.settle();
  BOOST_TEST((delivered(bench) == numbers(20)));
}

BOOST_AUTO_TEST_CASE(a_broadcast_whose_copy_was_dropped_already_is_delivered_by_the_port_that_is_left) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(1'000);
  // The copies came to e1 right before it was read for the last time, these to e0 right after.
  wait_in(bench, "e0", broadcast_mac, 10);
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.activate("e1"); }).ok());
  BOOST_TEST((delivered(bench) == numbers(10)));
}

BOOST_AUTO_TEST_CASE(what_the_host_has_sent_is_not_its_own_when_the_next_port_brings_it_back) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(1'000);
  BOOST_REQUIRE(bench.world.deliver("e1", data_frame(broadcast_mac, card_mac(0), 1)));
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.activate("e1"); }).ok());
  BOOST_TEST(delivered(bench).empty());
}

BOOST_AUTO_TEST_CASE(a_flood_that_waits_does_not_hold_up_the_next_plan_for_long) {
  SimBench bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(1'000);
  // As many as the card holds, and one that is read by the next plan.
  wait_in(bench, "e0", card_mac(0), 1'000);
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.activate("e1"); }).ok());
  BOOST_TEST((delivered(bench) == numbers(1'000)));
  wait_in(bench, "e0", card_mac(0), 1);
  bench.settle();
  BOOST_TEST(delivered(bench).empty());
}

BOOST_AUTO_TEST_SUITE_END()

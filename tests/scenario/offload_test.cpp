// A bond and what carries its frames below the daemon: when plans are published, what is learned from the counters,
// and what happens when it is refused, fails or has to go.
#include <algorithm>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "firmware/render.hpp"
#include "hal/wire/fast_plan.hpp"
#include "tests/support/below.hpp"

namespace {

using namespace bondbox;
using test::Below;
using test::card_mac;
using test::config_with;
using test::has_line;
using test::Lines;
using test::SimBench;

constexpr auto per_element = boost::test_tools::per_element();

}  // namespace

BOOST_AUTO_TEST_SUITE(offload_scenarios)

BOOST_AUTO_TEST_CASE(a_plan_is_published_when_it_changes_and_only_then) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_TEST(bench.record.serves());
  BOOST_TEST(int{bench.record.plan().usable[0]} == 0);
  const std::size_t before = bench.published();
  bench.run_for(5'000);
  BOOST_TEST(bench.published() == before);
  bench.link("e0", false);
  BOOST_TEST(bench.published() == before + 1);
  BOOST_TEST(int{bench.record.plan().usable[0]} == 1);
  BOOST_TEST(bench.record.plan().generation == bench.status().plan_generation);
}

BOOST_AUTO_TEST_CASE(ports_are_known_before_a_plan_names_them_and_until_none_does) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_TEST(bench.take_calls() == (Lines{"open", "add e0", "add e1", "publish serves"}), per_element);
  const Outcome outcome = bench.command([](Bond& bond) { return bond.release("e0"); });
  BOOST_TEST(outcome.ok());
  BOOST_TEST(bench.take_calls() == (Lines{"publish serves", "remove e0"}), per_element);
  BOOST_TEST(int{bench.record.plan().usable_count} == 1);
  BOOST_TEST(int{bench.record.plan().usable[0]} == 1);
}

BOOST_AUTO_TEST_CASE(a_port_that_vanishes_leaves_the_plan_below_and_comes_back_into_it) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.take_calls();
  BOOST_REQUIRE(bench.world.remove_nic("e0").ok());
  bench.settle();
  Lines calls = bench.take_calls();
  BOOST_REQUIRE(!calls.empty());
  BOOST_TEST(calls.back() == "remove e0");
  BOOST_TEST(int{bench.record.plan().usable[0]} == 1);
  BOOST_REQUIRE(bench.world.restore_nic("e0").ok());
  bench.run_for(1'000);
  calls = bench.take_calls();
  BOOST_TEST((std::find(calls.begin(), calls.end(), "add e0") != calls.end()));
  BOOST_TEST(bench.record.serves());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_bond_is_the_end_of_its_offload) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.scheduler.remove_bond("bond0");
  BOOST_TEST(bench.record.open == 0);
  // Nothing is carried any more before the last reading.
  const Lines calls = bench.take_calls();
  BOOST_REQUIRE(calls.size() >= 2U);
  BOOST_TEST(calls[calls.size() - 2] == "publish");
  BOOST_TEST(calls.back() == "close");
}

BOOST_AUTO_TEST_CASE(auto_does_without_what_is_refused_and_says_so_once) {
  Below bench({"e0", "e1"});
  bench.record.open_answer = Outcome::failed(EPERM, "the kernel refuses the program (needs CAP_BPF)");
  bench.add({"e0", "e1"});
  bench.run_for(3'000);
  Lines told;
  for (const std::string& line : bench.take_events())
    if (line.find("BPF") != std::string::npos) told.push_back(line);
  BOOST_TEST(told == (Lines{"0 bond0: BPF is not used: the kernel refuses the program (needs CAP_BPF)"}), per_element);
  const BondStatus status = bench.status();
  BOOST_TEST(!status.offload.serving);
  BOOST_TEST(has_line(render_text(status),
                      "forwarding: in the daemon (BPF refused: the kernel refuses the program (needs\n    CAP_BPF))"),
             render_text(status));
}

BOOST_AUTO_TEST_CASE(a_machine_without_any_is_no_event) {
  SimBench bench({"e0"});
  bench.add({"e0"});
  BOOST_TEST(!bench.told("BPF"));
  BOOST_TEST(bench.status().offload.reason == "there is nothing below");
}

BOOST_AUTO_TEST_CASE(bpf_is_refused_at_the_start_with_the_reason) {
  Below bench({"e0", "e1"});
  bench.record.open_answer = Outcome::failed(EPERM, "no right");
  const Outcome outcome = bench.scheduler.add_bond(config_with(OffloadUse::bpf));
  BOOST_TEST(outcome.error == EPERM);
  BOOST_TEST(outcome.reason == "no right");
  BOOST_TEST(bench.scheduler.find("bond0") == nullptr);
  BOOST_TEST(!bench.card("e0").claimed);

  bench.record.open_answer = Outcome::done();
  bench.record.refused_port = "e1";
  const Outcome by_port = bench.scheduler.add_bond(config_with(OffloadUse::bpf));
  BOOST_TEST(!by_port.ok());
  BOOST_TEST(by_port.reason == "e1: the kernel refuses it");
  BOOST_TEST(bench.record.open == 0);
}

BOOST_AUTO_TEST_CASE(bpf_is_refused_when_it_is_written_and_off_stays) {
  Below bench({"e0", "e1"});
  bench.add(config_with(OffloadUse::off));
  BOOST_TEST(bench.record.opened == 0);
  bench.record.refused_port = "e1";
  const Outcome outcome = bench.set("offload", "bpf");
  BOOST_TEST(outcome.reason == "e1: the kernel refuses it");
  BOOST_TEST(bench.record.open == 0);
  BOOST_TEST((bench.status().options.offload == OffloadUse::off));
  BOOST_TEST(has_line(render_text(bench.status()), "forwarding: in the daemon (offload is off)"));
  bench.record.refused_port.clear();
  BOOST_TEST(bench.set("offload", "bpf").ok());
  BOOST_TEST(bench.record.serves());
  BOOST_TEST(has_line(render_text(bench.status()), "forwarding: in the kernel (BPF, fake)"));
}

BOOST_AUTO_TEST_CASE(off_and_on_again_while_the_bond_runs) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_TEST(bench.set("offload", "off").ok());
  BOOST_TEST(bench.record.open == 0);
  BOOST_TEST(bench.set("offload", "auto").ok());
  BOOST_TEST(bench.record.serves());
  BOOST_TEST(bench.record.opened == 2);
  BOOST_TEST(bench.set("offload", "tc").reason == "offload cannot be \"tc\" (one of auto, bpf, off)");
  BOOST_TEST(bench.record.open == 1);
}

BOOST_AUTO_TEST_CASE(one_refused_port_leaves_everything_to_the_daemon) {
  Below bench({"e0", "e1"});
  bench.record.refused_port = "e1";
  bench.add({"e0", "e1"});
  BOOST_TEST(!bench.record.serves());
  BOOST_TEST(bench.status().offload.reason == "e1: the kernel refuses it");
  BOOST_TEST(bench.told("(slave e1): BPF is not used: the kernel refuses it"));
  BOOST_TEST(bench.command([](Bond& bond) { return bond.release("e1"); }).ok());
  BOOST_TEST(bench.record.serves());
}

BOOST_AUTO_TEST_CASE(a_plan_that_is_refused_ends_the_short_cut) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.record.publish_answer = Outcome::failed(EINVAL, "the map is gone");
  bench.link("e0", false);
  BOOST_TEST(bench.record.open == 0);
  BOOST_TEST(bench.told("BPF is not used any more: the map is gone"));
  BOOST_TEST(bench.active() == "e1");
}

BOOST_AUTO_TEST_CASE(what_was_carried_below_is_counted_with_the_rest) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.host_sends(test::data_frame(test::station_mac(1), card_mac(0)));
  bench.counted(0) = {.rx_frames = 10, .rx_bytes = 1000, .rx_suppressed = 2, .tx_frames = 5, .tx_bytes = 500};
  bench.counted(0).tx_moved = 1;
  bench.record.counters.tx_no_port = 3;
  BondStatus status = bench.status();
  BOOST_TEST(status.ports[0].counters.tx_frames == 6U);
  BOOST_TEST(status.ports[0].counters.rx_frames == 10U);
  BOOST_TEST(status.ports[0].counters.rx_suppressed == 2U);
  BOOST_TEST(status.ports[0].counters.tx_moved == 1U);
  BOOST_TEST(status.counters.tx_no_port == 3U);
  const auto json = boost::json::parse(render_json({{status}}, {}, {}));
  const auto& offload = json.at("bonds").at(0).at("offload");
  BOOST_TEST(offload.at("wanted").as_string() == "auto");
  BOOST_TEST(offload.at("kind").as_string() == "fake");
  BOOST_TEST(offload.at("serving").as_bool());
  BOOST_TEST(offload.at("reason").is_null());
  BOOST_TEST(offload.at("tx_frames").to_number<int>() == 5);
  BOOST_TEST(offload.at("rx_frames").to_number<int>() == 8);

  // An offload that goes takes no counts along, and the next one begins at 0.
  BOOST_TEST(bench.set("offload", "off").ok());
  BOOST_TEST(bench.status().ports[0].counters.tx_frames == 6U);
  BOOST_TEST(bench.set("offload", "auto").ok());
  bench.counted(0).tx_frames = 100;
  status = bench.status();
  BOOST_TEST(status.ports[0].counters.tx_frames == 106U);
  BOOST_TEST(status.offload.tx_frames == 105U);
}

BOOST_AUTO_TEST_CASE(a_port_in_another_ones_place_begins_at_nothing) {
  Below bench({"e0", "e1", "e2"});
  bench.add({"e0", "e1"});
  bench.counted(0).tx_frames = 7;
  BOOST_TEST(bench.command([](Bond& bond) { return bond.release("e0"); }).ok());
  BOOST_TEST(bench.command([](Bond& bond) { return bond.enslave("e2"); }).ok());
  BOOST_REQUIRE(int{bench.port("e2").id.index} == 0);
  BOOST_TEST(bench.port("e2").counters.tx_frames == 0U);
  bench.counted(0).tx_frames = 9;
  BOOST_TEST(bench.port("e2").counters.tx_frames == 2U);
  BOOST_TEST(bench.set("offload", "off").ok());
  BOOST_TEST(bench.port("e2").counters.tx_frames == 2U);
}

BOOST_AUTO_TEST_CASE(counters_are_read_once_a_link_poll_and_no_more_while_nobody_asks) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  const int before = bench.record.reads;
  bench.run_for(10'000);
  BOOST_TEST(bench.record.reads <= before + 101);
}

BOOST_AUTO_TEST_CASE(the_lease_is_renewed_while_the_daemon_lives) {
  Below bench({"e0"});
  BondConfig config = SimBench::config({"e0"});
  config.options.miimon_ms = 0;
  config.options.unmonitored = true;
  bench.add(config);
  // Idle it wakes for nothing else, once a second.
  const int before = bench.record.renewals;
  bench.run_for(10'000);
  BOOST_TEST(bench.record.renewals == before + 10);
  // Busy it does so every 100 ms at most.
  const int idle = bench.record.renewals;
  for (int i = 0; i < 1'000; ++i) {
    bench.run_for(1);
    bench.settle();
  }
  BOOST_TEST(bench.record.renewals == idle + 10);
}

BOOST_AUTO_TEST_CASE(a_doubt_from_below_makes_the_look_sooner) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.run_to(1'010);
  bench.world.events_enabled = false;
  bench.link("e0", false);
  bench.settle();
  BOOST_TEST(bench.active() == "e0");
  bench.record.link_doubt = true;
  bench.settle();
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.now() == 1'010);
}

BOOST_AUTO_TEST_CASE(the_host_wants_every_frame_from_below_too) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  const auto hears_all = [&] {
    const wire::FastPlan& plan = bench.record.plan();
    return (plan.ports[0].flags & plan.ports[1].flags & wire::fast_promiscuous) != 0;
  };
  BOOST_TEST(hears_all() == false);
  bench.host().host_set_promiscuous(true);
  bench.settle();
  BOOST_TEST(hears_all() == true);
  bench.host().host_set_promiscuous(false);
  bench.settle();
  BOOST_TEST(hears_all() == false);
}

BOOST_AUTO_TEST_CASE(the_bonds_new_address_is_told_below) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  constexpr MacAddress other{{0x02, 0, 0, 0, 0x0c, 9}};
  BOOST_REQUIRE(bench.host().set_mac(other).ok());
  bench.settle();
  BOOST_TEST((MacAddress::load(bench.record.plan().bond_mac) == other));
}

BOOST_AUTO_TEST_CASE(queues_of_the_host_are_the_daemons_to_serve) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_TEST(bench.set("queue_id", "e1:2").ok());
  BOOST_TEST(!bench.record.serves());
  BOOST_TEST(bench.status().offload.reason == "queue_id is in use");
  BOOST_TEST(has_line(render_text(bench.status()), "forwarding: in the daemon (queue_id is in use)"));
  BOOST_TEST(bench.set("queue_id", "e1:0").ok());
  BOOST_TEST(bench.record.serves());
}

BOOST_AUTO_TEST_CASE(a_shaper_on_the_bonds_interface_is_not_passed_by) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_TEST(bench.record.serves());
  bench.host().host_set_queueing(true);
  bench.settle();
  BOOST_TEST(!bench.record.serves());
  BOOST_TEST(bench.status().offload.reason.find("queueing discipline") != std::string::npos);
  bench.host().host_set_queueing(false);
  bench.settle();
  BOOST_TEST(bench.record.serves());
}

BOOST_AUTO_TEST_CASE(a_bond_without_carrier_sends_nothing_below_either) {
  Below bench({"e0", "e1"});
  BondConfig config = config_with(OffloadUse::automatic);
  config.options.mode = Mode::lacp_8023ad;
  config.options.min_links = 2;
  bench.add(config);
  bench.run_for(10'000);
  // One port could send, as nobody speaks LACP; two are asked for.
  BOOST_REQUIRE((!bench.status().plan.transmit.usable.empty() && !bench.status().carrier));
  BOOST_TEST(!bench.record.serves());
  BOOST_TEST(bench.status().offload.reason.find("carrier") != std::string::npos);
  BOOST_REQUIRE(bench.set("min_links", "1").ok());
  bench.run_for(1'000);
  BOOST_TEST(bench.record.serves());
}

BOOST_AUTO_TEST_CASE(another_mode_is_carried_as_well) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  BOOST_TEST(int{bench.record.plan().spread} == static_cast<int>(Spread::single));
  for (const char* port : {"e0", "e1"}) BOOST_TEST(bench.command([&](Bond& bond) { return bond.release(port); }).ok());
  BOOST_TEST(bench.host().set_up(false).ok());
  bench.settle();
  BOOST_TEST(bench.set("mode", "balance-xor").ok());
  for (const char* port : {"e0", "e1"}) BOOST_TEST(bench.command([&](Bond& bond) { return bond.enslave(port); }).ok());
  BOOST_TEST(bench.host().set_up(true).ok());
  bench.run_for(200);
  BOOST_TEST(int{bench.record.plan().spread} == static_cast<int>(Spread::hash));
  BOOST_TEST(int{bench.record.plan().usable_count} == 2);
  BOOST_TEST(bench.record.serves());
}

BOOST_AUTO_TEST_CASE(a_host_interface_that_was_deleted_takes_its_offload_along) {
  Below bench({"e0", "e1"});
  bench.add({"e0", "e1"});
  bench.take_calls();
  bench.host().vanish();
  bench.settle();
  bench.run_for(2'000);
  const Lines calls = bench.take_calls();
  BOOST_REQUIRE(calls.size() >= 2U);
  const auto closed = std::find(calls.begin(), calls.end(), "close");
  const auto opened = std::find(calls.begin(), calls.end(), "open");
  BOOST_REQUIRE((closed != calls.end() && opened != calls.end()));
  BOOST_TEST((closed < opened));
  BOOST_TEST(bench.record.serves());
}

// --- what is learned from the counters ---

BOOST_AUTO_TEST_CASE(the_arp_monitor_hears_what_was_carried_below) {
  for (const std::int64_t last_frame : {1'010, 1'049, 1'051, 1'090}) {
    // The daemon's own judgement: silent since `last_frame`, and how late the pass is that sees it.
    std::int64_t given_up[2] = {};
    for (const bool below : {false, true}) {
      Below bench({"e0", "e1"});
      BondConfig config = SimBench::config({"e0", "e1"});
      config.options.miimon_ms = 0;
      config.options.arp_interval_ms = 100;
      config.options.arp_ip_targets.push_back(*IpAddress::parse("10.0.0.1"));
      bench.add(config);
      for (std::int64_t at = 7; at <= 2'000 && given_up[below] == 0; at += 1) {
        bench.run_to(at);
        for (std::size_t port = 0; port < 2; ++port) {
          const bool speaks = port == 1 || at <= last_frame;
          if (!speaks || at % 10 != last_frame % 10) continue;
          if (below)
            ++bench.counted(port).rx_frames;
          else
            bench.card_receives(port == 0 ? "e0" : "e1", test::data_frame(broadcast_mac, test::station_mac(1)));
        }
        if (at > 1'000 && bench.active() == "e1") given_up[below] = at;
      }
    }
    BOOST_TEST(given_up[0] > last_frame);
    BOOST_TEST(given_up[1] == given_up[0],
               "last frame at " << last_frame << ": " << given_up[1] << " instead of " << given_up[0]);
  }
}

BOOST_AUTO_TEST_CASE(what_has_to_be_looked_at_is_left_to_the_daemon) {
  Below bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.miimon_ms = 0;
  config.options.arp_interval_ms = 100;
  config.options.arp_ip_targets.push_back(*IpAddress::parse("10.0.0.1"));
  bench.add(config);
  BOOST_TEST(int{bench.record.plan().listens} == 0);
  for (const char* how : {"active", "backup", "all", "filter", "filter_active", "filter_backup"}) {
    BOOST_TEST(bench.set("arp_validate", how).ok());
    BOOST_TEST(int{bench.record.plan().listens} == 1, how);
  }
  // Frames that were not looked at are then no sign of life.
  for (int i = 0; i < 100; ++i) {
    ++bench.counted(0).rx_frames;
    bench.run_for(10);
  }
  BOOST_TEST(bench.active() == "");
  BOOST_TEST(bench.set("arp_validate", "none").ok());
  BOOST_TEST(int{bench.record.plan().listens} == 0);
}

BOOST_AUTO_TEST_CASE(load_that_was_carried_below_is_spread_anew) {
  for (const bool carried : {false, true}) {
    Below bench({"e0", "e1"});
    BondConfig config = SimBench::config({"e0", "e1"});
    config.options.mode = Mode::balance_tlb;
    bench.add(config);
    // Every bucket of the first port is busy, none of the second.
    const auto first_plan = bench.status().plan.transmit.bucket_port;
    for (int second = 0; second < 25; ++second) {
      if (carried) {
        for (std::size_t i = 0; i < 256; ++i)
          if (first_plan[i] == PortId{0}) bench.record.counters.bucket_bytes[i] += 1'000'000;
      }
      bench.run_for(1'000);
    }
    BOOST_TEST((bench.status().balance->buckets_moved != 0) == carried);
    if (!carried) continue;
    const auto plan = bench.record.plan();
    const auto moved = std::count_if(std::begin(first_plan), std::end(first_plan),
                                     [&, i = 0](PortId port) mutable { return plan.bucket_port[i++] != port.index; });
    BOOST_TEST(moved > 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()

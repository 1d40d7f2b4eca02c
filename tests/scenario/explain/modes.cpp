// Ports that carry, and ports that stand by, in the modes without LACP.
#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "tests/scenario/explain/situations.hpp"
#include "tests/support/udp_frames.hpp"

namespace bondbox::test {
namespace {

constexpr const char* e0_takes_over = "It takes over when e0 fails, or with \"bondbox activate bond0 e1\"";
constexpr const char* e1_takes_over = "e1 takes over when e0 fails, or with \"bondbox activate bond0 e1\"";
constexpr const char* share_moves = "Its share moves to the other ports when it fails";

Explanation in_mode_1(const char* port, const std::function<void(BondConfig&)>& change,
                      const std::function<void(SimBench&)>& story = {}) {
  BondConfig config = two_ports(Mode::active_backup);
  if (change) change(config);
  return told_of(config, port, story);
}

void reselect(BondConfig& config, PrimaryReselect rule) {
  config.options.primary = "e1";
  config.options.primary_reselect = rule;
}

void lose_e1_for_a_second(SimBench& bench) {
  bench.link("e1", false);
  bench.run_for(1'000);
  bench.link("e1", true);
  bench.run_for(1'000);
}

Explanation balancing(Mode mode, const char* port, const std::function<void(BondConfig&)>& change = {}) {
  BondConfig config = two_ports(mode);
  if (change) change(config);
  return told_of(config, port, [](SimBench& bench) { bench.run_for(1'000); });
}

}  // namespace

Situations mode_situations() {
  return {
      {"active",
       {Said::active, Said::takes_over},
       "it is the active port",
       e1_takes_over,
       [] { return in_mode_1("e0", {}); }},
      {"active, and the primary, with its own address",
       {Said::active_primary, Said::active_address, Said::takes_over},
       "it is the active port, and the primary, and bond0 has its address (fail_over_mac=active)",
       e1_takes_over,
       [] {
         return in_mode_1("e0", [](BondConfig& config) {
           config.options.primary = "e0";
           config.options.fail_over_mac = FailOverMac::active;
         });
       }},
      {"the last one",
       {Said::active, Said::no_stand_in},
       "it is the active port",
       "No other port could take over: none has a working link",
       [] { return in_mode_1("e0", {}, [](SimBench& bench) { bench.link("e1", false); }); }},
      {"standing by, first come",
       {Said::stands_by, Said::rank_equal},
       "it stands by, e0 is active and works; a port of equal rank does not take over from one that works",
       e0_takes_over,
       [] { return in_mode_1("e1", {}); }},
      {"standing by for the primary",
       {Said::stands_by, Said::rank_primary},
       "it stands by, e0 is active and works; e0 is the primary",
       e0_takes_over,
       [] { return in_mode_1("e1", [](BondConfig& config) { config.options.primary = "e0"; }); }},
      {"standing by for a higher prio",
       {Said::stands_by, Said::rank_prio},
       "it stands by, e0 is active and works; the prio of e0 is higher",
       e0_takes_over,
       [] { return in_mode_1("e1", [](BondConfig& config) { config.port_options["e0"].prio = 10; }); }},
      {"a primary that waits for a failure",
       {Said::waits_for_failure},
       "it is the primary, but with primary_reselect=failure it waits until the active port fails",
       e0_takes_over,
       [] {
         return in_mode_1(
             "e1", [](BondConfig& config) { reselect(config, PrimaryReselect::failure); }, lose_e1_for_a_second);
       }},
      {"a primary that is no faster",
       {Said::waits_for_better},
       "it is the primary, but with primary_reselect=better it waits until it is faster than the active port",
       e0_takes_over,
       [] {
         return in_mode_1(
             "e1", [](BondConfig& config) { reselect(config, PrimaryReselect::better); }, lose_e1_for_a_second);
       }},
      {"a primary that was set aside",
       {Said::primary_by_hand},
       "it is the primary, but another port was made the active one by hand",
       e0_takes_over,
       [] {
         return in_mode_1(
             "e1", [](BondConfig& config) { reselect(config, PrimaryReselect::always); },
             [](SimBench& bench) { BOOST_REQUIRE(bench.set("active_slave", "e0").ok()); });
       }},
      {"standing by, with a queue",
       {Said::stands_by, Said::rank_equal, Said::and_queue},
       "it stands by, e0 is active and works; a port of equal rank does not take over from one that works; what the "
       "host puts into its queue 2 leaves on it",
       e0_takes_over,
       [] { return in_mode_1("e1", [](BondConfig& config) { config.port_options["e1"].queue_id = 2; }); }},
      {"standing by, and heard",
       {Said::stands_by, Said::rank_equal, Said::and_delivers},
       "it stands by, e0 is active and works; a port of equal rank does not take over from one that works; what it "
       "receives is delivered (all_slaves_active)",
       e0_takes_over,
       [] { return in_mode_1("e1", [](BondConfig& config) { config.options.all_slaves_active = true; }); }},
      {"about to leave",
       {Said::active, Said::takes_over, Said::and_leaves},
       "it is the active port; it is released in 3 s unless it is enslaved again",
       e1_takes_over,
       [] {
         return in_mode_1("e0", {}, [](SimBench& bench) {
           BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release_later("e0", Ticks{3'000}); }).ok());
         });
       }},
      {"round robin",
       {Said::turns},
       "the ports that are up take turns",
       share_moves,
       [] { return told_of(two_ports(Mode::balance_rr), "e1"); }},
      {"broadcast",
       {Said::copies},
       "every frame leaves on each port that is up",
       "It stops when it fails",
       [] { return told_of(two_ports(Mode::broadcast), "e1"); }},
      {"by hash",
       {Said::flows},
       "it takes its share of the flows, by layer3+4 over 2 ports",
       share_moves,
       [] {
         BondConfig config = two_ports(Mode::balance_xor);
         config.options.xmit_hash_policy = HashPolicy::layer34;
         return told_of(config, "e0");
       }},
      {"alone",
       {Said::alone},
       "it is the only port that is up",
       "No other port could take over: none has a working link",
       [] {
         return told_of(two_ports(Mode::balance_rr), "e1", [](SimBench& bench) {
           bench.link("e0", false);
           bench.run_for(1'000);
         });
       }},
      {"half of the buckets",
       {Said::buckets, Said::becomes_active},
       "it has 128 of 256 buckets of outgoing traffic",
       "Its share moves to the other ports when it fails, and it becomes the active port with \"bondbox "
       "activate bond0 e1\"",
       [] { return balancing(Mode::balance_tlb, "e1"); }},
      {"by hash in mode 5",
       {Said::hashed, Said::becomes_active},
       "it takes its share of the flows, by layer3+4",
       "Its share moves to the other ports when it fails, and it becomes the active port with \"bondbox "
       "activate bond0 e1\"",
       [] {
         return balancing(Mode::balance_tlb, "e1", [](BondConfig& config) {
           config.options.tlb_dynamic_lb = false;
           config.options.xmit_hash_policy = HashPolicy::layer34;
         });
       }},
      {"the active port of mode 6",
       {Said::buckets, Said::active_and, Said::clients, Said::takes_over},
       "it is the active port, which all that is not balanced leaves on, and it has 128 of 256 buckets of outgoing "
       "traffic; 0 clients have been told to send to it",
       e1_takes_over,
       [] { return balancing(Mode::balance_alb, "e0"); }},
  };
}

}  // namespace bondbox::test

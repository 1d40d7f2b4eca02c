// Ports that are kept out of use although nothing may be wrong with their cable, and a primary that has to wait.
#include "tests/scenario/explain/situations.hpp"

namespace bondbox::test {
namespace {

void flap_e0(SimBench& bench) {
  bench.run_to(1'000);
  for (int i = 0; i < 3; ++i) {
    bench.link("e0", false);
    bench.run_for(150);
    bench.link("e0", true);
    bench.run_for(150);
  }
}

std::function<void(SimBench&)> away(Away how) {
  return [how](SimBench& bench) {
    BOOST_REQUIRE(bench.command([&](Bond& bond) { return bond.take_away("e0", how, Ticks{5'000}); }).ok());
    bench.run_for(1'000);
  };
}

BondConfig damping() {
  BondConfig config = two_ports(Mode::active_backup);
  config.options.flap_damping_ms = 5'000;
  config.options.primary = "e0";
  return config;
}

BondStatus voting(const std::function<void(NeighbourBench&)>& story) {
  NeighbourBench bench({"e0", "e1"});
  BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
  config.options.miimon_ms = 20;
  config.options.monitor = MonitorRule::all;
  config.options.arp_validate = ArpValidate::all;
  bench.add(config);
  bench.run_to(1'030);
  story(bench);
  return bench.status();
}

}  // namespace

Situations monitor_situations() {
  return {
      {"set down for a drill",
       {Said::away_set_down},
       "it is away for a drill (set down)",
       "It is given back by itself in 4 s",
       [] { return told_of(two_ports(Mode::active_backup), "e0", away(Away::down)); }},
      {"taken away in words, for a drill",
       {Said::away_pretended},
       "it is away for a drill (only taken as if it had no link)",
       "It is given back by itself in 4 s",
       [] { return told_of(two_ports(Mode::active_backup), "e0", away(Away::pretend)); }},
      {"a bond with a port away",
       {Said::bond_degraded, Said::trouble_away},
       "e0 is away for a drill",
       "Each port says below what would help",
       [] { return told_of_bond(two_ports(Mode::active_backup), away(Away::down)); }},
      {"flapping",
       {Said::damped},
       "it has lost its link too often and is kept out of use for about 7 s (flap_damping: penalty 2761, used again "
       "below 1000)",
       "Check its cable and plug; \"bondbox set bond0 flap_damping 0\" uses it at once",
       [] { return told_of(damping(), "e0", flap_e0); }},
      {"a bond with a port that flaps",
       {Said::bond_degraded, Said::kept_damped, Said::trouble_kept_out},
       "e0 flaps, kept out for about 7 s",
       "Each port says below what would help",
       [] { return told_of_bond(damping(), flap_e0); }},
      {"voted down for want of answers",
       {Said::voted_down, Said::see_way_to_target},
       "with monitor=all it counts as down because of probes (last answer 2 s ago)",
       "Check that the way from it to a target works; one answer is enough",
       [] {
         const BondStatus bond = voting([](NeighbourBench& bench) {
           bench.silence("e0");
           bench.run_to(3'030);
         });
         return explain_port(bond, bond.ports[0]);
       }},
      {"voted down for want of a link",
       {Said::voted_down, Said::see_cable},
       "with monitor=all it counts as down because of link (no link) and probes (no answer yet)",
       "Check its cable and the port at the far end",
       [] {
         const BondStatus bond = voting([](NeighbourBench& bench) {
           bench.link("e0", false);
           bench.run_to(3'030);
         });
         return explain_port(bond, bond.ports[0]);
       }},
      {"a bond with a port that was voted down",
       {Said::bond_degraded, Said::kept_voted, Said::trouble_kept_out},
       "e0 is voted down: probes (last answer 2 s ago)",
       "Each port says below what would help",
       [] {
         return explain_bond(voting([](NeighbourBench& bench) {
           bench.silence("e0");
           bench.run_to(3'030);
         }));
       }},
      {"voted down for want of a partner",
       {Said::voted_down, Said::see_far_lacp},
       "with monitor=all it counts as down because of lacp (no partner speaks LACP on it)",
       "See whether LACP runs on the port at the far end",
       [] {
         LacpBench bench;
         bench.near.options.monitor = MonitorRule::all;
         bench.start();
         bench.run_for(6'000);
         BOOST_REQUIRE(bench.world.set_mute("p1", true).ok());
         bench.run_for(8'000);
         return explain_port(bench.status(), bench.port("e1"));
       }},
      {"a primary that waits for revert_delay",
       {Said::waits_to_revert},
       "it is the primary, and may take over in 3 s (revert_delay)",
       "It takes over when e1 loses its link, or with \"bondbox activate bond0 e0\"",
       [] {
         BondConfig config = two_ports(Mode::active_backup);
         config.options.primary = "e0";
         config.options.revert_delay_ms = 5'000;
         return told_of(config, "e0", [](SimBench& bench) {
           bench.link(1'000, "e0", false);
           bench.run_to(1'200);
           bench.link(2'000, "e0", true);
           bench.run_to(4'000);
         });
       }},
  };
}

}  // namespace bondbox::test

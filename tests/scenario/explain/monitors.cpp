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

BondStatus voting(const std::function<void(NeighbourBench&)>& story,
                  const std::function<void(BondOptions&)>& change = {}) {
  NeighbourBench bench({"e0", "e1"});
  BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
  config.options.miimon_ms = 20;
  config.options.monitor = MonitorRule::all;
  config.options.arp_validate = ArpValidate::all;
  if (change) change(config.options);
  bench.add(config);
  bench.run_to(1'030);
  story(bench);
  return bench.status();
}

void slow_delays(BondOptions& options) {
  options.updelay_ms = 2'000;
  options.downdelay_ms = 2'000;
}

/// e0's answers are lost, and a second of downdelay is over.
void fail_slowly(NeighbourBench& bench) {
  bench.silence("e0");
  bench.run_to(1'300);
  for (int ms = 0; ms < 3'000 && bench.status().ports[0].link != LinkState::fail; ++ms) bench.run_for(1);
  bench.run_for(1'000);
}

/// They come again after it has been given up.
void return_slowly(NeighbourBench& bench) {
  fail_slowly(bench);
  bench.run_for(2'000);
  bench.silence("e0", false);
  for (int ms = 0; ms < 3'000 && bench.status().ports[0].link != LinkState::back; ++ms) bench.run_for(1);
  bench.run_for(1'000);
}

/// No answer on any port any more.
void fall_silent(NeighbourBench& bench) {
  for (const char* port : {"e0", "e1"}) bench.silence(port);
  bench.run_to(6'000);
}

Situations single_situations() {
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
       "it has failed too often and is kept out of use for about 7 s (flap_damping: penalty 2761, used again "
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
      {"updelay in mode 4, whose monitors wait for LACP",
       {Said::returning},
       "it has link again and is used in 3 s (updelay)",
       "Nothing needs to be done; a smaller updelay uses it sooner",
       [] {
         LacpBench bench;
         bench.near.options.monitor = MonitorRule::all;
         bench.near.options.updelay_ms = 5'000;
         bench.start();
         bench.run_for(12'000);
         bench.link("e1", false);
         bench.run_for(1'000);
         bench.link("e1", true);
         bench.run_for(2'000);
         return explain_port(bench.status(), bench.port("e1"));
       }},
      {"a primary that waits for revert_delay",
       {Said::waits_to_revert},
       "it is the primary, and may take over in 3 s (revert_delay)",
       "It takes over when e1 fails, or with \"bondbox activate bond0 e0\"",
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

Situations combined_situations() {
  return {
      {"voted down, and its downdelay runs",
       {Said::voted_failing, Said::failing_moved},
       "with monitor=all it counts as down because of probes (last answer 1 s ago), and is given up in 960 ms "
       "(downdelay); "
       "until then its frames leave on e1",
       "Nothing needs to be done if that passes by then; a smaller downdelay gives it up sooner",
       [] {
         const BondStatus bond = voting(fail_slowly, slow_delays);
         return explain_port(bond, bond.ports[0]);
       }},
      {"a bond with such a port",
       {Said::bond_degraded, Said::kept_voted, Said::kept_until, Said::trouble_kept_out},
       "e0 is voted down: probes (last answer 1 s ago), given up in 960 ms (downdelay)",
       "Each port says below what would help",
       [] { return explain_bond(voting(fail_slowly, slow_delays)); }},
      {"called up again, and its updelay runs",
       {Said::voted_returning},
       "its monitors call it up (monitor=all), and it is used in 1 s (updelay)",
       "Nothing needs to be done; a smaller updelay uses it sooner",
       [] {
         const BondStatus bond = voting(return_slowly, slow_delays);
         return explain_port(bond, bond.ports[0]);
       }},
      {"a bond with a port that is called up again",
       {Said::bond_degraded, Said::kept_returning, Said::trouble_kept_out},
       "e0 is called up by its monitors, used in 1 s (updelay)",
       "Each port says below what would help",
       [] { return explain_bond(voting(return_slowly, slow_delays)); }},
      {"no port answered",
       {Said::bond_no_port_up, Said::trouble_no_answer, Said::trouble_no_answer, Said::used_when_answered},
       "no port is up: e0 gets no answer and e1 gets no answer",
       "Repair one of them; it is used as soon as a target answers on it",
       [] {
         return explain_bond(voting(fall_silent, [](BondOptions& options) {
           options.monitor = MonitorRule::off;
           options.miimon_ms = 0;
         }));
       }},
      {"no port called up",
       {Said::bond_no_port_up, Said::kept_voted, Said::trouble_kept_out, Said::kept_voted, Said::trouble_kept_out,
        Said::used_when_called_up},
       "no port is up: e0 is voted down: probes (last answer 5 s ago) and e1 is voted down: probes (last answer 5 s "
       "ago)",
       "Repair one of them; it is used as soon as its monitors call it up (monitor=all)",
       [] { return explain_bond(voting(fall_silent)); }},
      {"no port called up, with updelay",
       {Said::bond_no_port_up, Said::kept_voted, Said::trouble_kept_out, Said::kept_voted, Said::trouble_kept_out,
        Said::used_after_call},
       "no port is up: e0 is voted down: probes (last answer 5 s ago) and e1 is voted down: probes (last answer 5 s "
       "ago)",
       "Repair one of them; it is used 2 s after its monitors call it up (monitor=all, updelay)",
       [] { return explain_bond(voting(fall_silent, [](BondOptions& options) { options.updelay_ms = 2'000; })); }},
      {"outvoted",
       {Said::active, Said::takes_over, Said::and_outvoted},
       "it is the active port; it is not called up by probes (last answer 5 s ago), which monitor=any lets pass",
       "e1 takes over when e0 fails, or with \"bondbox activate bond0 e1\"",
       [] {
         const BondStatus bond = voting(fall_silent, [](BondOptions& options) { options.monitor = MonitorRule::any; });
         return explain_port(bond, bond.ports[0]);
       }},
  };
}

}  // namespace

Situations monitor_situations() {
  Situations all = combined_situations();
  const Situations rest = single_situations();
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

}  // namespace bondbox::test

// Ports without link, or with delays running, and the ARP monitor's reasons.
#include "tests/scenario/explain/situations.hpp"

namespace bondbox::test {
namespace {

constexpr const char* check_cable = "Check its cable and the port at the far end";
constexpr const char* way_to_a_target = "Check that the way from e0 to a target works; one answer is enough";

Explanation with_delays(std::uint32_t updelay, std::uint32_t downdelay, const char* port,
                        const std::function<void(SimBench&)>& story) {
  BondConfig config = two_ports(Mode::active_backup);
  config.options.updelay_ms = updelay;
  config.options.downdelay_ms = downdelay;
  return told_of(config, port, story);
}

void lose(SimBench& bench, const char* card) {
  bench.run_to(1'000);
  bench.link(card, false);
}

/// e0 and e1 with one target that may answer, and what the options are.
Explanation asking(const char* port, const std::function<void(BondConfig&)>& change,
                   const std::function<void(NeighbourBench&)>& story,
                   std::initializer_list<std::string_view> stations = {"10.0.0.254"}) {
  NeighbourBench bench({"e0", "e1"}, stations);
  BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
  if (change) change(config);
  bench.add(config);
  story(bench);
  return explain_port(bench.status(), bench.port(port));
}

void silence_both(NeighbourBench& bench) {
  bench.silence("e0");
  bench.silence("e1");
}

/// What is said of e0 four seconds after the targets have fallen silent, when the monitor next has it in this state.
Explanation asked_in_turn(LinkState wanted, const std::function<void(NeighbourBench&)>& before) {
  NeighbourBench bench({"e0", "e1"}, {"10.0.0.254"});
  if (before) before(bench);
  bench.add(NeighbourBench::arp_config({"e0", "e1"}));
  bench.run_to(1'000);
  silence_both(bench);
  bench.link("e0", true);
  bench.run_to(5'000);
  for (int ms = 0; ms < 1'000 && bench.status().ports[0].link != wanted; ++ms) bench.run_for(1);
  BOOST_REQUIRE((bench.status().ports[0].link == wanted));
  return explain_port(bench.status(), bench.port("e0"));
}

/// A bond that hears a stranger's questions and no answer of its target.
void hear_stranger(NeighbourBench& bench) {
  for (int i = 0; i < 20; ++i) {
    bench.run_for(100);
    bench.stranger_sends(arp_request(station_mac(7), "10.0.0.77", "10.0.0.78"));
  }
}

}  // namespace

Situations link_situations() {
  return {
      {"set down",
       {Said::set_down},
       "it is set down on the host, and has been without link for 2 s",
       "Set it up: ip link set e1 up",
       [] {
         return told_of(two_ports(Mode::active_backup), "e1", [](SimBench& bench) {
           bench.run_to(1'000);
           (void)bench.world.set_up("e1", false);
           bench.run_to(3'150);
         });
       }},
      {"no link",
       {Said::no_link, Said::used_at_once},
       "it has had no link for 2 m 11 s",
       "Check its cable and the port at the far end; it is used as soon as it has link again",
       [] {
         return told_of(two_ports(Mode::balance_xor), "e1", [](SimBench& bench) {
           lose(bench, "e1");
           bench.run_to(132'000);
         });
       }},
      {"no link, with updelay",
       {Said::no_link, Said::used_after_updelay},
       "it has had no link for 4 s",
       "Check its cable and the port at the far end; it is used 5 s after it has link again (updelay)",
       [] {
         return with_delays(5'000, 0, "e0", [](SimBench& bench) {
           lose(bench, "e0");
           bench.run_to(5'000);
         });
       }},
      {"downdelay of a port that nobody misses",
       {Said::failing},
       "it has lost its link and is given up in 700 ms (downdelay)",
       "Nothing needs to be done if the link comes back by then; a smaller downdelay gives it up sooner",
       [] {
         return with_delays(0, 1'000, "e1", [](SimBench& bench) {
           lose(bench, "e1");
           bench.run_to(1'300);
         });
       }},
      {"downdelay of the active port",
       {Said::failing, Said::failing_moved},
       "it has lost its link and is given up in 700 ms (downdelay); until then its frames leave on e1",
       "Nothing needs to be done if the link comes back by then; a smaller downdelay gives it up sooner",
       [] {
         return with_delays(0, 1'000, "e0", [](SimBench& bench) {
           lose(bench, "e0");
           bench.run_to(1'300);
         });
       }},
      {"standing by for a port that is going down",
       {Said::stands_by_failing},
       "it stands by and sends what e0 cannot: that one is going down",
       "It takes over in 700 ms (downdelay), or with \"bondbox activate bond0 e1\"",
       [] {
         return with_delays(0, 1'000, "e1", [](SimBench& bench) {
           lose(bench, "e0");
           bench.run_to(1'300);
         });
       }},
      {"updelay",
       {Said::returning},
       "it has link again and is used in 3 s (updelay)",
       "Nothing needs to be done; a smaller updelay uses it sooner",
       [] {
         return with_delays(5'000, 0, "e0", [](SimBench& bench) {
           lose(bench, "e0");
           bench.run_to(4'000);
           bench.link("e0", true);
           bench.run_to(6'000);
         });
       }},
      {"missing",
       {Said::awaited},
       "bond0 awaits it: the interface is gone",
       "It is taken as soon as an interface of this name can be; \"bondbox release bond0 e1\" ends the waiting",
       [] {
         SimBench bench({"e0", "e1"});
         bench.add({"e0", "e1"});
         BOOST_REQUIRE(bench.world.remove_nic("e1").ok());
         bench.run_for(500);
         const BondStatus bond = bench.status();
         return explain_awaited(bond, bond.awaited.at(0));
       }},
      {"bond0 set down",
       {Said::host_down},
       "bond0 is set down on the host",
       "Set it up: ip link set bond0 up",
       [] {
         return told_of(two_ports(Mode::balance_rr), "e0", [](SimBench& bench) {
           (void)bench.host().set_up(false);
           bench.settle();
         });
       }},
  };
}

Situations arp_situations() {
  return {
      {"no target",
       {Said::arp_no_target},
       "the ARP monitor has no target to ask",
       "Give it one: arp_ip_target",
       [] {
         return asking(
             "e1", [](BondConfig& config) { config.options.arp_ip_targets.clear(); },
             [](NeighbourBench& bench) { bench.run_to(2'000); });
       }},
      {"no carrier",
       {Said::arp_no_carrier},
       "it has no carrier, so that no target can be asked on it; it has been down for 1 s",
       check_cable,
       [] {
         return asking("e0", {}, [](NeighbourBench& bench) {
           bench.run_to(1'000);
           bench.link("e0", false);
           bench.run_to(3'000);
         });
       }},
      {"a target behind another interface",
       {Said::arp_not_asked},
       "10.0.0.254 cannot be reached through bond0, so that nobody is asked",
       "Give bond0 an address in the network of a target, or another target",
       [] {
         return asking(
             "e0", [](BondConfig& config) { config.options.mode = Mode::balance_rr; },
             [](NeighbourBench& bench) {
               bench.run_to(1'000);
               HostPath elsewhere;
               elsewhere.through_here = false;
               bench.host().set_path(address_of("10.0.0.254"), elsewhere);
               silence_both(bench);
               bench.run_to(3'000);
             });
       }},
      {"silence",
       {Said::arp_silent},
       "no answer from 10.0.0.254 and fd10::254 has come in on it; it has been down for 1 s",
       "Check that the way from e0 to a target works; one answer is enough",
       [] {
         return asking(
             "e0", [](BondConfig& config) { config.options.ns_ip6_targets.push_back(address_of("fd10::254")); },
             [](NeighbourBench& bench) {
               bench.run_to(1'000);
               bench.silence("e0");
               bench.run_to(3'000);
             });
       }},
      {"only strangers",
       {Said::arp_ignored},
       "of the ARP that has come in on it none is an answer of 10.0.0.254 to us, which arp_validate=all asks for; "
       "none has come for 2 s",
       "Check the targets, or write arp_validate=none",
       [] {
         return asking(
             "e0",
             [](BondConfig& config) {
               config.options.mode = Mode::balance_rr;
               config.options.arp_validate = ArpValidate::all;
             },
             [](NeighbourBench& bench) { hear_stranger(bench); }, {"10.0.0.9"});
       }},
      {"one of two targets",
       {Said::arp_one_silent},
       "10.0.0.253 has not answered on it, and arp_all_targets=all asks for every target",
       "See why that target is silent, or write arp_all_targets=any",
       [] {
         NeighbourBench bench({"e0", "e1"}, {"10.0.0.254"});
         BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
         config.options.arp_validate = ArpValidate::all;
         config.options.arp_all_targets = ArpAllTargets::all;
         config.options.arp_ip_targets.push_back(address_of("10.0.0.253"));
         bench.add(config);
         return told_when(bench, "e0", Said::arp_one_silent);
       }},
      {"asked in turn while none is active",
       {Said::arp_in_turn, Said::for_a_time},
       "no port is active, and they are asked in turn; no answer from 10.0.0.254 has come in on it for 4 s",
       way_to_a_target,
       [] { return asked_in_turn(LinkState::back, {}); }},
      {"asked in turn, and the turn is over",
       {Said::arp_in_turn, Said::for_a_time},
       "no port is active, and they are asked in turn; no answer from 10.0.0.254 has come in on it for 4 s",
       way_to_a_target,
       [] { return asked_in_turn(LinkState::fail, {}); }},
      {"asked in turn since it has a link for the first time",
       {Said::arp_in_turn, Said::not_yet},
       "no port is active, and they are asked in turn; no answer from 10.0.0.254 has come in on it yet",
       way_to_a_target,
       [] { return asked_in_turn(LinkState::back, [](NeighbourBench& bench) { bench.link("e0", false); }); }},
      {"only our own questions come back, which the switch floods",
       {Said::arp_in_turn, Said::for_a_time},
       "no port is active, and they are asked in turn; no answer from 10.0.0.254 has come in on it for 5 s",
       way_to_a_target,
       [] {
         return asking(
             "e0", [](BondConfig& config) { config.options.arp_validate = ArpValidate::all; },
             [](NeighbourBench& bench) { bench.run_to(5'050); }, {"10.0.0.9"});
       }},
      {"strangers alone, while none is active",
       {Said::arp_ignored},
       "of the ARP that has come in on it none is an answer of 10.0.0.254 to us, which arp_validate=all asks for; none "
       "has come for 2 s",
       "Check the targets, or write arp_validate=none",
       [] {
         return asking(
             "e0", [](BondConfig& config) { config.options.arp_validate = ArpValidate::all; },
             [](NeighbourBench& bench) { hear_stranger(bench); }, {"10.0.0.9"});
       }},
      {"an active port that misses answers",
       {Said::active, Said::takes_over, Said::and_late_answer},
       "it is the active port; no answer has come for 200 ms, and after 3 intervals of 100 ms it is given up "
       "(arp_missed_max)",
       "e1 takes over when e0 fails, or with \"bondbox activate bond0 e1\"",
       [] {
         return asking(
             "e0", [](BondConfig& config) { config.options.arp_missed_max = 3; },
             [](NeighbourBench& bench) {
               bench.run_to(1'050);
               bench.silence("e0");
               bench.run_to(1'200);
             });
       }},
  };
}

}  // namespace bondbox::test

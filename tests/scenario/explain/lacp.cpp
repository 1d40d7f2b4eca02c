// The LACP doctor: each finding brought about by a far end that does what it says.
#include <utility>

#include "hal/wire/ethernet.hpp"
#include "tests/scenario/explain/situations.hpp"

namespace bondbox::test {
namespace {

constexpr const char* nothing = "Nothing needs to be done";
constexpr const char* full_duplex = "Set both ends of its cable to full duplex";
constexpr const char* far_lacp = "See whether LACP still runs on the port at the far end";
constexpr std::uint8_t in_sync =
    lacp_state::activity | lacp_state::timeout | lacp_state::aggregation | lacp_state::synchronization;

using Change = std::function<void(LacpBench&)>;

Explanation of_port(LacpBench& bench, const char* port) {
  return explain_port(bench.status(), bench.port(port));
}

/// Both bonds, `before` they are made and `after` they have come together.
Explanation together(const char* port, const Change& before, const Change& after) {
  LacpBench bench;
  if (before) before(bench);
  bench.start();
  bench.run_for(6'000);
  if (after) after(bench);
  return of_port(bench, port);
}

Explanation alone(const char* port, const Change& before, std::int64_t span_ms = 6'000) {
  LacpBench bench;
  if (before) before(bench);
  bench.start_near();
  bench.run_for(span_ms);
  return of_port(bench, port);
}

/// bond0 against a system that says of itself and of us, each second, what `word` makes of the truth.
template <class Word>
Explanation against(const char* port, Word word, Said wanted, std::int64_t span_ms = 8'000, const Change& before = {}) {
  LacpBench bench;
  if (before) before(bench);
  bench.start_near();
  Explanation told;
  for (std::int64_t at = 0; at < span_ms; at += 100) {
    bench.run_for(100);
    if (at % 1'000 == 0) {
      for (const char* card : {"e0", "e1"}) {
        LacpEnd self{0xffff, station_mac(0), 15, 255, static_cast<std::uint16_t>(card[1] - '0' + 1), 0x3f};
        LacpEnd of_us = bench.lacp_port(card).actor;
        if (std::string_view(card) == port) word(self, of_us);
        const wire::SmallFrame frame = wire::build_lacpdu(self.system, self, of_us);
        bench.card_receives(card, {frame.begin(), frame.end()});
      }
    }
    told = of_port(bench, port);
    if (span_ms < 60'000 && told.said[0] == wanted) break;
  }
  return told;
}

/// The far end as two bonds with a port each.
/// e0 and e1 at two switches that are not one to LACP.
struct TwoFarEnds : LacpBench {
  explicit TwoFarEnds(const std::function<void(BondConfig&, BondConfig&)>& change = {}) {
    BondConfig second = far;
    second.name = "bondC";
    second.ports = {"p1"};
    far.ports = {"p0"};
    if (change) change(far, second);
    start();
    add(second);
    run_for(6'000);
  }
};

Explanation coming_up(Said wanted, const Change& before = {}) {
  LacpBench bench;
  if (before) before(bench);
  bench.start();
  return told_when(bench, "e1", wanted);
}

}  // namespace

Situations lacp_situations() {
  return {
      {"distributing",
       {Said::lacp_carries, Said::lacp_moves},
       "it distributes in aggregator 1, with partner 02:00:00:00:0b:00",
       "Its share moves to the other ports when it fails or loses its partner",
       [] { return together("e1", {}, {}); }},
      {"distributing alone",
       {Said::lacp_carries, Said::lacp_no_other},
       "it distributes in aggregator 1, with partner 02:00:00:00:0b:00",
       "No other port of its aggregator could take over",
       [] { return together("e0", {}, [](LacpBench& bench) { bench.link("e1", false); }); }},
      {"too few links",
       {Said::lacp_carries_in_vain},
       "it distributes in aggregator 1, with partner 02:00:00:00:0b:00, but min_links=2 takes the carrier away",
       "Repair the other ports, or write a smaller min_links",
       [] {
         return together(
             "e0", [](LacpBench& bench) { bench.near.options.min_links = 2; },
             [](LacpBench& bench) { bench.link("e1", false); });
       }},
      {"without any partner",
       {Said::lacp_fallback},
       "no partner speaks LACP, and without any partner one port carries",
       "Turn LACP on at the far end to use all ports",
       [] { return alone("e0", {}); }},
      {"a driver without speed",
       {Said::lacp_no_speed},
       "its driver does not tell its speed and duplex, without which 802.3ad does not aggregate",
       "See what ethtool shows of e1",
       [] {
         return alone("e1",
                      [](LacpBench& bench) { BOOST_REQUIRE(bench.world.set_speed("e1", 0, Duplex::unknown).ok()); });
       }},
      {"a loop",
       {Said::lacp_loop},
       "our own LACPDUs come back on it: its cable ends in a loop",
       "Connect it to another system",
       [] { return alone("p0", [](LacpBench& bench) {
              bench.near.ports = {"e0", "p0"};
            }); }},
      {"half duplex",
       {Said::lacp_half_duplex},
       "it runs in half duplex, in which 802.3ad does not aggregate",
       full_duplex,
       [] {
         return together(
             "e1", [](LacpBench& bench) { BOOST_REQUIRE(bench.world.set_speed("e1", 10'000, Duplex::half).ok()); }, {});
       }},
      {"a partner that fell silent, expired",
       {Said::lacp_stopped},
       "the far end has been silent for 5 s, though it has spoken before (receive state EXPIRED)",
       far_lacp,
       [] {
         return together("e1", {}, [](LacpBench& bench) {
           BOOST_REQUIRE(bench.world.set_mute("p1", true).ok());
           bench.run_for(4'000);
         });
       }},
      {"one-way: it fell silent for want of hearing us",
       {Said::lacp_stopped_deaf},
       "the far end did not hear us when it last spoke, 5 s ago (receive state EXPIRED)",
       "Check the way from e1 to the far end: one direction of its cable, or what lies between and drops LACPDUs",
       [] {
         return together("e1", {}, [](LacpBench& bench) {
           BOOST_REQUIRE(bench.world.set_mute("e1", true).ok());
           bench.run_for(10'000);
         });
       }},
      {"a partner that fell silent, given up",
       {Said::lacp_stopped},
       "the far end has been silent for 1 m 1 s, though it has spoken before (receive state DEFAULTED)",
       far_lacp,
       [] {
         return together("e1", {}, [](LacpBench& bench) {
           BOOST_REQUIRE(bench.world.set_mute("p1", true).ok());
           bench.run_for(60'000);
         });
       }},
      {"nobody at the far end",
       {Said::lacp_never},
       "no LACPDU has come from the far end in the 6 s that it has had link (receive state DEFAULTED)",
       "Turn LACP on at the port at the far end",
       [] { return alone("e1", {}); }},
      {"passive, with nobody at the far end",
       {Said::lacp_passive},
       "with lacp_active=off it speaks only when spoken to, and the far end is silent (receive state DEFAULTED)",
       "Write lacp_active=on, or make the far end speak first",
       [] { return alone("e1", [](LacpBench& bench) { bench.near.options.lacp_active = false; }); }},
      {"both passive",
       {Said::lacp_both_passive},
       "neither end speaks first: lacp_active=off here, and the far end was passive when it was last heard, 3 s ago",
       "Write lacp_active=on at one end",
       [] {
         LacpBench bench;
         bench.near.options.lacp_active = false;
         bench.start_near();
         bench.run_for(1'000);
         const LacpEnd passive{0xffff, station_mac(0), 15, 255, 1, in_sync & ~lacp_state::activity};
         const wire::SmallFrame frame = wire::build_lacpdu(passive.system, passive, bench.lacp_port("e1").actor);
         bench.card_receives("e1", {frame.begin(), frame.end()});
         return told_when(bench, "e1", Said::lacp_both_passive);
       }},
      {"one-way: it does not hear us",
       {Said::lacp_one_way},
       "the far end is heard, and does not hear us: its LACPDUs name no partner",
       "Check the way from e1 to the far end: one direction of its cable, or what lies between and drops LACPDUs",
       [] {
         LacpBench bench;
         BOOST_REQUIRE(bench.world.set_mute("e1", true).ok());
         bench.start();
         bench.run_for(6'000);
         return told_when(bench, "e1", Said::lacp_one_way);
       }},
      {"it hears somebody else",
       {Said::lacp_taken_for_other},
       "the far end takes us for another port: port 7 of system 02:00:00:00:0b:09 with key 3",
       "Look for who else sends it LACPDUs; if it has not heard of a change yet, it does within 30 s",
       [] {
         return against(
             "e1",
             [](LacpEnd&, LacpEnd& of_us) {
               of_us.system = station_mac(9);
               of_us.port = 7;
               of_us.key = 3;
             },
             Said::lacp_taken_for_other);
       }},
      {"individual at the far end",
       {Said::lacp_far_individual},
       "the far end calls its port individual",
       "Put the port at the far end into the group of the others",
       [] {
         return against(
             "e1",
             [](LacpEnd& self, LacpEnd&) {
               self.state = static_cast<std::uint8_t>(self.state & ~lacp_state::aggregation);
             },
             Said::lacp_far_individual);
       }},
      {"two switches",
       {Said::lacp_other_system},
       "its partner is system 02:00:00:00:0b:01, the other ports' is 02:00:00:00:0b:00",
       "Connect it to the same system as the others",
       [] {
         TwoFarEnds bench;
         return of_port(bench, "e1");
       }},
      {"two groups of one switch",
       {Said::lacp_partner_key},
       "partner key 463, the other ports' partner key is 15",
       "Put the port at the far end into the group of the others",
       [] {
         TwoFarEnds bench([](BondConfig& first, BondConfig& second) {
           first.options.ad_actor_system = second.options.ad_actor_system = station_mac(3);
           second.options.ad_user_port_key = 7;
         });
         return of_port(bench, "e1");
       }},
      {"two speeds",
       {Said::lacp_own_key},
       "its own key is 9, the other ports' key is 15: speed or duplex differs",
       "Give all ports one speed; e1 runs at 1000 Mbit/s",
       [] {
         return together("e1",
                         [](LacpBench& bench) {
                           for (const char* card : {"e1", "p1"})
                             BOOST_REQUIRE(bench.world.set_speed(card, 1'000, Duplex::full).ok());
                         },
                         {});
       }},
      {"in another aggregator that could be it",
       {Said::lacp_other_aggregator},
       "it is in aggregator 2, and aggregator 1 is the active one by ad_select=stable",
       "The option ad_select says which aggregator is active, and when it is chosen anew",
       [] { return coming_up(Said::lacp_other_aggregator); }},
      {"a link that was gone between two ticks of the machines",
       {Said::lacp_deciding},
       "LACP is about to decide on it: its machines run every 100 ms",
       nothing,
       [] {
         LacpBench bench;
         bench.start();
         bench.run_for(6'000);
         bench.link("e1", false);
         bench.run_for(1);
         bench.link("e1", true);
         return told_when(bench, "e1", Said::lacp_deciding);
       }},
      {"mux: waiting",
       {Said::lacp_waiting},
       "it waits 2 s for ports that come up together to join together (mux state WAITING)",
       nothing,
       [] { return coming_up(Said::lacp_waiting); }},
      {"mux: attached",
       {Said::lacp_attached},
       "it is about to collect (mux state ATTACHED)",
       nothing,
       [] { return coming_up(Said::lacp_attached); }},
      {"mux: collecting",
       {Said::lacp_collecting},
       "it collects and is about to distribute (mux state COLLECTING)",
       nothing,
       [] {
         return coming_up(Said::lacp_collecting, [](LacpBench& bench) { bench.near.options.coupled_control = false; });
       }},
      {"a partner that leaves its port out",
       {Said::lacp_out_of_sync},
       "partner not in sync: the far end has not put its port into the group (mux state ATTACHED)",
       "See why the far end leaves its port out",
       [] {
         return against(
             "e1", [](LacpEnd& self, LacpEnd&) { self.state = in_sync & ~lacp_state::synchronization; },
             Said::lacp_out_of_sync);
       }},
      {"a partner that leaves its port out for long",
       {Said::lacp_out_of_sync, Said::lacp_churned},
       "partner not in sync: the far end has not put its port into the group (mux state ATTACHED); so it has been for "
       "a "
       "minute and more (churned)",
       "See why the far end leaves its port out",
       [] {
         return against(
             "e1", [](LacpEnd& self, LacpEnd&) { self.state = in_sync & ~lacp_state::synchronization; },
             Said::lacp_out_of_sync, 70'000);
       }},
      {"a partner that does not collect",
       {Said::lacp_far_not_collecting},
       "it collects and does not distribute: the far end does not collect yet (mux state COLLECTING)",
       "See why the far end does not collect on its port",
       [] {
         return against(
             "e1", [](LacpEnd& self, LacpEnd&) { self.state = in_sync; }, Said::lacp_far_not_collecting, 8'000,
             [](LacpBench& bench) { bench.near.options.coupled_control = false; });
       }},
  };
}

}  // namespace bondbox::test

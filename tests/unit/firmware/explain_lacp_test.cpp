// What is said of 802.3ad: every cause names the field or the state that it is about.
#include <boost/test/unit_test.hpp>
#include <string>

#include "firmware/explain.hpp"
#include "tests/support/sim_bench.hpp"
#include "tests/unit/firmware/explain_fixture.hpp"

namespace bondbox::test {
namespace {

constexpr MacAddress partner_mac = station_mac(1);
constexpr MacAddress other_mac = station_mac(2);

LacpPortStatus full_partnership(std::uint8_t port) {
  LacpPortStatus lacp;
  lacp.port = PortId{port};
  lacp.aggregator = 1;
  lacp.in_active_aggregator = lacp.has_partner = true;
  lacp.actor = {
      .system_priority = 65535, .system = card_mac(0), .key = 9, .port_priority = 255, .port = 1, .state = 61};
  lacp.partner = {.system_priority = 1, .system = partner_mac, .key = 15, .port_priority = 255, .port = 1, .state = 61};
  lacp.receive = LacpReceiveState::current;
  lacp.mux = LacpMuxState::collecting_distributing;
  lacp.counters.lacpdu_received = 7;
  return lacp;
}

/// Both ports distribute.
BondStatus aggregated() {
  BondStatus bond = bond_of(Mode::lacp_8023ad);
  LacpStatus lacp;
  lacp.active = {.number = 1, .ports = 2, .actor_key = 9, .partner_key = 15, .partner_system = partner_mac};
  lacp.ports.push_back(full_partnership(0));
  lacp.ports.push_back(full_partnership(1));
  bond.lacp = lacp;
  return bond;
}

/// eth0 distributes; eth1 does not, after `change` to its LacpPortStatus.
template <class Change>
BondStatus half_aggregated(Change change) {
  BondStatus bond = aggregated();
  take_away(bond, 1);
  bond.lacp->active->ports = 1;
  change(bond.lacp->ports[1]);
  return bond;
}

template <class Change>
BondStatus silent(Change change) {
  return half_aggregated([&](LacpPortStatus& port) {
    port.has_partner = port.in_active_aggregator = false;
    port.counters.lacpdu_received = 0;
    port.receive = LacpReceiveState::defaulted;
    change(port);
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_lacp)

BOOST_AUTO_TEST_CASE(a_distributing_port_names_aggregator_and_partner) {
  BondStatus bond = aggregated();
  check_carries(bond, 1, "it distributes in aggregator 1, with partner 02:00:00:00:0b:01",
                "Its share moves to the other ports when it fails or loses its partner");
  take_away(bond, 1);
  check_carries(bond, 0, "it distributes in aggregator 1, with partner 02:00:00:00:0b:01",
                "No other port of its aggregator could take over");
  bond.carrier = false;
  bond.options.min_links = 2;
  check_carries(
      bond, 0, "it distributes in aggregator 1, with partner 02:00:00:00:0b:01, but min_links=2 takes the carrier away",
      "Repair the other ports, or write a smaller min_links");
  bond.lacp->ports[0].has_partner = false;
  check_carries(bond, 0, "no partner speaks LACP, and without any partner one port carries",
                "Turn LACP on at the far end to use all ports");
}

BOOST_AUTO_TEST_CASE(a_port_without_partner_says_what_is_missing) {
  BondStatus bond = silent([](LacpPortStatus&) {});
  bond.ports[1].in_state_for = Ticks{131'000};
  check_idle(bond, 1,
             "no LACPDU has come from the far end in the 2 m 11 s that it has had link (receive state DEFAULTED)",
             "Turn LACP on at the port at the far end");
  bond.options.lacp_active = false;
  check_idle(bond, 1,
             "with lacp_active=off it speaks only when spoken to, and the far end is silent (receive state DEFAULTED)",
             "Write lacp_active=on, or make the far end speak first");
  check_idle(silent([](LacpPortStatus& port) {
               port.receive = LacpReceiveState::expired;
               port.heard_at = Tick{-9'000};
             }),
             1, "the far end has been silent for 9 s, though it has spoken before (receive state EXPIRED)",
             "See whether LACP still runs on the port at the far end");
  check_idle(silent([](LacpPortStatus& port) { port.counters.loopback_received = port.counters.lacpdu_received = 2; }),
             1, "our own LACPDUs come back on it: its cable ends in a loop", "Connect it to another system");
  const char* const half = "it runs in half duplex, in which 802.3ad does not aggregate";
  check_idle(silent([](LacpPortStatus& port) { port.receive = LacpReceiveState::lacp_disabled; }), 1, half,
             "Set both ends of its cable to full duplex");
  bond = silent([](LacpPortStatus&) {});
  bond.ports[1].speed_mbps = 0;
  check_idle(bond, 1, "its driver does not tell its speed and duplex, without which 802.3ad does not aggregate",
             "See what ethtool shows of eth1");
  bond.ports[1].speed_mbps = 1000;
  bond.ports[1].duplex = Duplex::half;
  check_idle(bond, 1, half, "Set both ends of its cable to full duplex");
}

BOOST_AUTO_TEST_CASE(a_partner_that_has_expired_is_told_although_its_last_word_is_still_in_force) {
  check_idle(half_aggregated([](LacpPortStatus& port) {
               port.receive = LacpReceiveState::expired;
               port.heard_at = Tick{-3'000};
             }),
             1, "the far end has been silent for 3 s, though it has spoken before (receive state EXPIRED)",
             "See whether LACP still runs on the port at the far end");
}

BOOST_AUTO_TEST_CASE(every_receive_state_has_its_name) {
  struct Row {
    LacpReceiveState state;
    const char* name;
  };
  constexpr Row rows[] = {{LacpReceiveState::initialize, "(receive state INITIALIZE)"},
                          {LacpReceiveState::port_disabled, "(receive state PORT_DISABLED)"},
                          {LacpReceiveState::expired, "(receive state EXPIRED)"},
                          {LacpReceiveState::defaulted, "(receive state DEFAULTED)"},
                          {LacpReceiveState::current, "(receive state CURRENT)"}};
  for (const Row& row : rows) {
    const BondStatus bond = silent([&](LacpPortStatus& port) { port.receive = row.state; });
    BOOST_TEST(explain_port(bond, bond.ports[1]).cause.ends_with(row.name));
  }
}

BOOST_AUTO_TEST_CASE(a_port_outside_the_active_aggregator_names_the_field_that_differs) {
  const auto outside = [](auto change) {
    return half_aggregated([&](LacpPortStatus& port) {
      port.in_active_aggregator = false;
      port.aggregator = 2;
      change(port);
    });
  };
  const char* const group = "Put the port at the far end into the group of the others";
  check_idle(outside([](LacpPortStatus& port) { port.partner.key = 9; }), 1,
             "partner key 9, the other ports' partner key is 15", group);
  check_idle(outside([](LacpPortStatus& port) { port.partner.system = other_mac; }), 1,
             "its partner is system 02:00:00:00:0b:02, the other ports' is 02:00:00:00:0b:01",
             "Connect it to the same system as the others");
  check_idle(outside([](LacpPortStatus& port) { port.actor.key = 15; }), 1,
             "its own key is 15, the other ports' key is 9: speed or duplex differs",
             "Give all ports one speed; eth1 runs at 1000 Mbit/s");
  check_idle(outside([](LacpPortStatus& port) { port.partner.state = 57; }), 1, "the far end calls its port individual",
             group);
  check_idle(outside([](LacpPortStatus& port) { port.actor.state = 57; }), 1,
             "it runs in half duplex, in which 802.3ad does not aggregate",
             "Set both ends of its cable to full duplex");
  check_idle(outside([](LacpPortStatus&) {}), 1,
             "it is in aggregator 2, and aggregator 1 is the active one by ad_select=stable",
             "The option ad_select says which aggregator is active, and when it is chosen anew");
  check_idle(outside([](LacpPortStatus& port) { port.aggregator = 0; }), 1,
             "LACP is about to decide on it: its machines run every 100 ms", "Nothing needs to be done");
  BondStatus bond = outside([](LacpPortStatus&) {});
  bond.lacp->active->partner_system = {};
  check_idle(bond, 1, "it is in aggregator 2, and aggregator 1 is the active one by ad_select=stable",
             "The option ad_select says which aggregator is active, and when it is chosen anew");
  bond.lacp->active.reset();
  check_idle(bond, 1, "LACP is about to decide on it: its machines run every 100 ms", "Nothing needs to be done");
  bond.lacp->ports.clear();
  check_idle(bond, 1, "LACP is about to decide on it: its machines run every 100 ms", "Nothing needs to be done");
}

BOOST_AUTO_TEST_CASE(a_port_of_the_active_aggregator_names_what_its_mux_machine_waits_for) {
  struct Row {
    LacpMuxState mux;
    std::uint8_t partner_state;
    const char* cause;
    const char* remedy;
  };
  constexpr Row rows[] = {
      {LacpMuxState::detached, 61, "LACP is about to decide on it: its machines run every 100 ms",
       "Nothing needs to be done"},
      {LacpMuxState::waiting, 61, "it waits 2 s for ports that come up together to join together (mux state WAITING)",
       "Nothing needs to be done"},
      {LacpMuxState::attached, 5,
       "partner not in sync: the far end has not put its port into the group (mux state ATTACHED)",
       "See why the far end leaves its port out"},
      {LacpMuxState::attached, 13, "it is about to collect (mux state ATTACHED)", "Nothing needs to be done"},
      {LacpMuxState::collecting, 13,
       "it collects and does not distribute: the far end does not collect yet (mux state COLLECTING)",
       "See why the far end does not collect on its port"},
      {LacpMuxState::collecting, 29, "it collects and is about to distribute (mux state COLLECTING)",
       "Nothing needs to be done"},
      {LacpMuxState::distributing, 61, "LACP is about to decide on it: its machines run every 100 ms",
       "Nothing needs to be done"}};
  for (const Row& row : rows) {
    check_idle(half_aggregated([&](LacpPortStatus& port) {
                 port.mux = row.mux;
                 port.heard_of_us = port.actor;
                 port.partner.state = row.partner_state;
               }),
               1, row.cause, row.remedy);
  }
}

BOOST_AUTO_TEST_CASE(a_bond_that_works_says_whether_with_a_partner) {
  check(explain_bond(aggregated()), "works", "both ports are up", "Nothing needs to be done");
  BondStatus bond = aggregated();
  bond.ports.pop_back();
  bond.lacp->active->partner_system = {};
  check(explain_bond(bond), "works", "its only port is up, though no partner speaks LACP",
        "A second port would take over when this one fails");
}

BOOST_AUTO_TEST_CASE(a_port_that_is_not_aggregated_degrades_the_bond) {
  check(explain_bond(half_aggregated([](LacpPortStatus&) {})), "is degraded", "eth1 has link and is not aggregated",
        "Each port says below what would help");
}

BOOST_AUTO_TEST_CASE(a_bond_that_is_down_for_want_of_an_aggregator_says_so) {
  BondStatus bond = half_aggregated([](LacpPortStatus&) {});
  bond.carrier = false;
  bond.options.min_links = 2;
  check(explain_bond(bond), "is down", "min_links is 2, and its active aggregator has 1 port",
        "Repair the other ports, or write a smaller min_links");
  bond.options.lacp_strict = true;
  bond.lacp->active->ports = 2;
  const char* const below = "Each port says below what would help";
  check(explain_bond(bond), "is down", "min_links is 2, and 1 port collects and distributes (lacp_strict)", below);
  bond.options.min_links = 0;
  take_away(bond, 0);
  check(explain_bond(bond), "is down", "no port collects and distributes, which lacp_strict asks for", below);
  bond.options.lacp_strict = false;
  bond.lacp->active.reset();
  check(explain_bond(bond), "is down", "no aggregator is active", below);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

#include "firmware/explain.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/support/sim_bench.hpp"
#include "tests/unit/firmware/explain_fixture.hpp"

namespace bondbox::test {

BOOST_AUTO_TEST_SUITE(explain)

// --- links ---

BOOST_AUTO_TEST_CASE(a_port_without_link_says_for_how_long_in_every_mode) {
  for (int mode = 0; mode <= 6; ++mode) {
    BondStatus bond = bond_of(static_cast<Mode>(mode));
    take_away(bond, 1);
    bond.ports[1].link = LinkState::down;
    bond.ports[1].in_state_for = Ticks{131'000};
    check_idle(bond, 1, "it has had no link for 2 m 11 s",
               "Check its cable and the port at the far end; it is used as soon as it has link again");
    bond.options.updelay_ms = 5'000;
    check_idle(bond, 1, "it has had no link for 2 m 11 s",
               "Check its cable and the port at the far end; it is used 5 s after it has link again (updelay)");
  }
}

BOOST_AUTO_TEST_CASE(a_port_that_answers_no_arp_names_the_targets) {
  BondStatus bond = bond_of(Mode::active_backup);
  bond.options.miimon_ms = 0;
  bond.options.arp_interval_ms = 1'000;
  bond.ports[1].link = LinkState::down;
  bond.ports[1].in_state_for = Ticks{4'000};
  bond.ports[1].arp = ArpPortStatus{};
  check_idle(bond, 1, "the ARP monitor has no target to ask", "Give it one: arp_ip_target");
  for (const char* target : {"10.0.0.1", "10.0.0.2"})
    bond.ports[1].arp->targets.push_back({IpAddress::parse(target).value(), true, {}});
  check_idle(bond, 1, "no answer from 10.0.0.1 and 10.0.0.2 has come in on it; it has been down for 4 s",
             "Check that the way from eth1 to a target works; one answer is enough");
  bond.ports[1].arp->targets.push_back({IpAddress::parse("2001:db8::1").value(), true, {}});
  check_idle(bond, 1, "no answer from 10.0.0.1, 10.0.0.2 and 2001:db8::1 has come in on it; it has been down for 4 s",
             "Check that the way from eth1 to a target works; one answer is enough");
}

BOOST_AUTO_TEST_CASE(running_delays_say_how_much_of_them_is_left) {
  BondStatus bond = bond_of(Mode::active_backup);
  bond.ports[1].link = LinkState::back;
  bond.ports[1].delay_left = Ticks{350};
  check_idle(bond, 1, "it has link again and is used in 350 ms (updelay)",
             "Nothing needs to be done; a smaller updelay uses it sooner");
  bond.ports[1].link = LinkState::fail;
  const char* const remedy =
      "Nothing needs to be done if the link comes back by then; a smaller downdelay gives it up "
      "sooner";
  check_idle(bond, 1, "it has lost its link and is given up in 350 ms (downdelay)", remedy);
  bond = bond_of(Mode::active_backup);
  bond.ports[0].link = LinkState::fail;
  bond.ports[0].delay_left = Ticks{350};
  check_idle(bond, 0, "it has lost its link and is given up in 350 ms (downdelay); until then its frames leave on eth1",
             remedy);
  check_idle(bond, 1, "it stands by and sends what eth0 cannot: that one is going down",
             "It takes over in 350 ms (downdelay), or with \"bondbox activate bond0 eth1\"");
}

BOOST_AUTO_TEST_CASE(an_awaited_port_says_what_it_is_awaited_for) {
  check(explain_awaited(bond_of(Mode::active_backup), {"eth2", "there is no interface eth2"}), "does not carry traffic",
        "bond0 awaits it: there is no interface eth2",
        "It is taken as soon as an interface of this name can be; \"bondbox release bond0 eth2\" ends the waiting");
}

BOOST_AUTO_TEST_CASE(the_ports_of_a_bond_that_is_set_down_carry_nothing) {
  for (int mode = 0; mode <= 6; ++mode) {
    BondStatus bond = bond_of(static_cast<Mode>(mode));
    bond.host_up = false;
    check_idle(bond, 0, "bond0 is set down on the host", "Set it up: ip link set bond0 up");
  }
}

// --- mode 1 ---

BOOST_AUTO_TEST_CASE(the_active_port_names_who_would_take_over) {
  BondStatus bond = bond_of(Mode::active_backup);
  const char* const eth1 = "eth1 takes over when eth0 fails, or with \"bondbox activate bond0 eth1\"";
  check_carries(bond, 0, "it is the active port", eth1);
  bond.primary = "eth0";
  check_carries(bond, 0, "it is the active port, and the primary", eth1);
  bond.ports[1].link = LinkState::down;
  bond.plan.transmit.fallback.clear();
  check_carries(bond, 0, "it is the active port, and the primary",
                "No other port could take over: none has a working link");
}

BOOST_AUTO_TEST_CASE(a_backup_port_says_for_whom_it_stands_by) {
  BondStatus bond = bond_of(Mode::active_backup);
  const char* const remedy = "It takes over when eth0 fails, or with \"bondbox activate bond0 eth1\"";
  check_idle(bond, 1,
             "it stands by, eth0 is active and works; a port of equal rank does not take over from one that works",
             remedy);
  bond.ports[0].options.prio = 1;
  check_idle(bond, 1, "it stands by, eth0 is active and works; the prio of eth0 is higher", remedy);
  bond.primary = "eth0";
  check_idle(bond, 1, "it stands by, eth0 is active and works; eth0 is the primary", remedy);
  bond.primary = "eth1";
  bond.options.primary_reselect = PrimaryReselect::failure;
  check_idle(bond, 1, "it is the primary, but with primary_reselect=failure it waits until the active port fails",
             remedy);
  bond.options.primary_reselect = PrimaryReselect::better;
  check_idle(bond, 1,
             "it is the primary, but with primary_reselect=better it waits until it is faster than the active port",
             remedy);
  bond.options.primary_reselect = PrimaryReselect::always;
  check_idle(bond, 1, "it is the primary, but another port was made the active one by hand", remedy);
}

// --- modes 0, 2 and 3 ---

BOOST_AUTO_TEST_CASE(spreading_modes_say_how_they_spread) {
  const char* const moves = "Its share moves to the other ports when it fails";
  check_carries(bond_of(Mode::balance_rr), 1, "the ports that are up take turns", moves);
  check_carries(bond_of(Mode::broadcast), 1, "every frame leaves on each port that is up", "It stops when it fails");
  BondStatus bond = bond_of(Mode::balance_xor);
  bond.options.xmit_hash_policy = HashPolicy::layer34;
  check_carries(bond, 0, "it takes its share of the flows, by layer3+4 over 2 ports", moves);
  bond.ports[1].link = LinkState::down;
  take_away(bond, 1);
  check_carries(bond, 0, "it is the only port that is up", "No other port could take over: none has a working link");
}

// --- modes 5 and 6 ---

BOOST_AUTO_TEST_CASE(balancing_modes_say_how_much_each_port_has) {
  BondStatus bond = bond_of(Mode::balance_tlb);
  bond.balance = BalanceStatus{};
  bond.balance->buckets[0] = 200;
  bond.balance->buckets[1] = 56;
  const char* const takes_over = "eth1 takes over when eth0 fails, or with \"bondbox activate bond0 eth1\"";
  const char* const moves =
      "Its share moves to the other ports when it fails, and it becomes the active port with \"bondbox "
      "activate bond0 eth1\"";
  check_carries(bond, 0,
                "it is the active port, which all that is not balanced leaves on, and it has 200 of 256 buckets of "
                "outgoing traffic",
                takes_over);
  check_carries(bond, 1, "it has 56 of 256 buckets of outgoing traffic", moves);
  bond.options.tlb_dynamic_lb = false;
  check_carries(bond, 1, "it takes its share of the flows, by layer2", moves);

  bond.options.tlb_dynamic_lb = true;
  bond.options.mode = Mode::balance_alb;
  bond.balance->clients[0] = 1;
  bond.balance->clients[1] = 12;
  check_carries(bond, 0,
                "it is the active port, which all that is not balanced leaves on, and it has 200 of 256 buckets of "
                "outgoing traffic; 1 client has been told to send to it",
                takes_over);
  check_carries(bond, 1, "it has 56 of 256 buckets of outgoing traffic; 12 clients have been told to send to it",
                moves);
}

// --- the bond ---

BOOST_AUTO_TEST_CASE(a_bond_that_works_says_so) {
  check(explain_bond(bond_of(Mode::active_backup)), "works", "both ports are up, eth0 is active",
        "Nothing needs to be done");
  check(explain_bond(bond_of(Mode::balance_rr)), "works", "both ports are up", "Nothing needs to be done");
  BondStatus bond = bond_of(Mode::balance_xor);
  bond.ports.pop_back();
  check(explain_bond(bond), "works", "its only port is up", "A second port would take over when this one fails");
}

BOOST_AUTO_TEST_CASE(a_degraded_bond_names_each_port_that_is_not_as_configured) {
  BondStatus bond = bond_of(Mode::active_backup);
  const char* const below = "Each port says below what would help";
  bond.ports[1].link = LinkState::down;
  check(explain_bond(bond), "is degraded", "eth1 has no link", below);
  bond.options.arp_interval_ms = 100;
  check(explain_bond(bond), "is degraded", "eth1 gets no answer", below);
  bond.ports[1].link = LinkState::back;
  check(explain_bond(bond), "is degraded", "eth1 gets no answer", below);
  bond.ports[1].has_carrier = false;
  bond.ports[1].link = LinkState::down;
  check(explain_bond(bond), "is degraded", "eth1 has no link", below);
  bond.options.arp_interval_ms = 0;
  bond.ports[1].link = LinkState::back;
  bond.awaited.push_back({"eth2", "gone"});
  check(explain_bond(bond), "is degraded", "eth1 is going back and eth2 is awaited", below);
  bond.ports[1].link = LinkState::fail;
  bond.awaited.push_back({"eth3", "gone"});
  check(explain_bond(bond), "is degraded", "eth1 is going down, eth2 is awaited and eth3 is awaited", below);
}

BOOST_AUTO_TEST_CASE(a_bond_that_is_down_says_why) {
  BondStatus bond = bond_of(Mode::active_backup);
  bond.host_up = false;
  check(explain_bond(bond), "is down", "it is set down on the host", "Set it up: ip link set bond0 up");
  bond.host_up = true;
  bond.carrier = false;
  bond.ports[0].link = LinkState::fail;
  bond.ports[1].link = LinkState::back;
  check(explain_bond(bond), "is down", "no port is up: eth0 is going down and eth1 is going back",
        "Repair one of them; it is used as soon as it has link again");
  bond.ports.clear();
  check(explain_bond(bond), "is down", "it has no ports", "Give it one: bondbox enslave bond0 PORT");
}

BOOST_AUTO_TEST_CASE(a_bond_without_a_monitor_says_so) {
  BondStatus bond = bond_of(Mode::active_backup);
  bond.options.unmonitored = true;
  bond.options.miimon_ms = 0;
  check(explain_bond(bond), "is not monitored", "no link monitor is on: a port that loses its link stays in use",
        "Turn one on, for instance miimon=100");
}

// --- as text ---

BOOST_AUTO_TEST_CASE(the_text_has_two_lines_for_the_bond_and_each_port_and_fits_a_console) {
  BondStatus bond = bond_of(Mode::active_backup);
  bond.awaited.push_back({"eth2", "there is no interface eth2"});
  BOOST_TEST(render_explanation(bond) ==
             "bond0 is degraded: eth2 is awaited.\n"
             "    Each port says below what would help.\n"
             "eth0 carries traffic: it is the active port.\n"
             "    eth1 takes over when eth0 fails, or with \"bondbox activate bond0 eth1\".\n"
             "eth1 does not carry traffic: it stands by,\n"
             "    eth0 is active and works; a port of equal rank does not take over from one\n"
             "    that works.\n"
             "    It takes over when eth0 fails, or with \"bondbox activate bond0 eth1\".\n"
             "eth2 does not carry traffic: bond0 awaits it: there is no interface eth2.\n"
             "    It is taken as soon as an interface of this name can be; \"bondbox release\n"
             "    bond0 eth2\" ends the waiting.\n"
             "bond0 forwards in the daemon: offload is off.\n"
             "    \"bondbox set bond0 offload auto\" lets the kernel carry its frames.\n");
}

BOOST_AUTO_TEST_CASE(who_forwards_is_told_with_the_reason) {
  BondStatus bond = bond_of(Mode::active_backup);
  bond.offload.kind = "clsact";
  bond.offload.serving = true;
  BOOST_TEST(explain_forwarding(bond).verdict == "forwards in the kernel");
  BOOST_TEST(explain_forwarding(bond).cause == "BPF programs carry its frames (clsact)");
  bond.offload.serving = false;
  bond.offload.reason = "queue_id is in use";
  BOOST_TEST(explain_forwarding(bond).verdict == "forwards in the daemon");
  BOOST_TEST(explain_forwarding(bond).cause == "queue_id is in use");
  bond.offload.kind.clear();
  bond.offload.reason = "needs CAP_BPF";
  BOOST_TEST(explain_forwarding(bond).cause == "BPF is refused: needs CAP_BPF");
  bond.offload.wanted = OffloadUse::off;
  BOOST_TEST(explain_forwarding(bond).cause == "offload is off");
}

BOOST_AUTO_TEST_CASE(one_port_or_an_awaited_one_is_told_alone) {
  BondStatus bond = bond_of(Mode::balance_rr);
  bond.awaited.push_back({"eth2", "gone"});
  BOOST_TEST(render_explanation(bond, "eth1").value() ==
             "eth1 carries traffic: the ports that are up take turns.\n"
             "    Its share moves to the other ports when it fails.\n");
  BOOST_TEST(
      render_explanation(bond, "eth2").value().starts_with("eth2 does not carry traffic: bond0 awaits it: gone"));
  BOOST_TEST(!render_explanation(bond, "eth7").has_value());
}

BOOST_AUTO_TEST_CASE(a_running_bond_is_explained_as_it_is) {
  SimBench bench({"e0", "e1"});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.updelay_ms = 5'000;
  bench.add(config);
  bench.link(1'000, "e0", false);
  bench.run_to(4'000);
  BondStatus bond = bench.status();
  check_idle(bond, 0, "it has had no link for 3 s",
             "Check its cable and the port at the far end; it is used 5 s after it has link again (updelay)");
  check_carries(bond, 1, "it is the active port", "No other port could take over: none has a working link");
  check(explain_bond(bond), "is degraded", "e0 has no link", "Each port says below what would help");
  bench.link("e0", true);
  bench.run_to(6'000);
  bond = bench.status();
  check_idle(bond, 0, "it has link again and is used in 3 s (updelay)",
             "Nothing needs to be done; a smaller updelay uses it sooner");
  bench.run_to(10'000);
  bond = bench.status();
  check_idle(bond, 0,
             "it stands by, e1 is active and works; a port of equal rank does not take over from one that works",
             "It takes over when e1 fails, or with \"bondbox activate bond0 e0\"");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

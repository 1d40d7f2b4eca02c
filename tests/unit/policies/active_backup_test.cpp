#include "policies/active_backup.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/unit/policies/paper_facts.hpp"

namespace {

using namespace bondbox;
using test::name_of;
using test::paper_mac;
using test::PaperFacts;

/// A policy, its facts, and its actions as text.
struct Paper : PaperFacts {
  using PaperFacts::PaperFacts;

  /// "active eth0>eth1, mac eth1=0a:00, bond mac 0a:01, announce" of this event, carried out on the facts.
  std::string tell(const PolicyEvent& event, Tick now = {}) {
    ActionList actions;
    policy.handle(event, facts, now, actions);
    std::string text;
    for (const Action& action : actions) {
      if (!text.empty()) text += ", ";
      text += std::visit([this](const auto& what) { return said(what); }, action);
    }
    return text;
  }
  std::string link(std::size_t port, LinkState to, bool scheduled = true) {
    PortFacts& changed = facts.ports[port];
    const LinkState from = changed.link;
    changed.link = to;
    const std::string at_once = tell(LinkChanged{changed.id, from, to});
    const std::string in_pass = tell(MonitorPass{scheduled});
    return at_once.empty() ? in_pass : at_once + " | " + in_pass;
  }
  std::string pass() { return tell(MonitorPass{true}); }
  std::string add_all() {
    std::string text;
    for (const PortFacts& port : facts.ports) {
      const std::string said = tell(PortAdded{port.id});
      if (!said.empty()) text += (text.empty() ? "" : "; ") + said;
    }
    return text;
  }
  std::string remove(std::size_t index) {
    const PortFacts removed = facts.ports[index];
    facts.ports.erase_at(index);
    return tell(PortRemoved{removed.id});
  }
  std::string active() const { return name_of(facts, policy.active()); }
  std::string fallback() const {
    std::string text;
    for (const PortId id : policy.plan(facts).transmit.fallback) text += (text.empty() ? "" : " ") + name_of(facts, id);
    return text;
  }

  ActiveBackup policy;

 private:
  static std::string tail(const MacAddress& mac) { return mac.text().substr(12); }
  std::string said(const AnnouncePeers&) { return "announce"; }
  std::string said(const RejoinGroups&) { return "rejoin"; }
  std::string said(const SetPortPromiscuous& action) { return action.on ? "promiscuous" : "not promiscuous"; }
  std::string said(const Tell& action) { return std::string(action.text.begin(), action.text.end()); }
  std::string said(const SetPortMac& action) {
    for (PortFacts& port : facts.ports)
      if (port.id == action.port) port.mac = action.mac;
    return "mac " + name_of(facts, action.port) + "=" + tail(action.mac);
  }
  std::string said(const SetBondMac& action) {
    facts.bond_mac = action.mac;
    return "bond mac " + tail(action.mac);
  }
  std::string said(const SendFrame&) { return "frame"; }
  std::string said(const ActiveChanged& action) {
    return "active " + name_of(facts, action.from) + ">" + name_of(facts, action.to);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(active_backup)

BOOST_AUTO_TEST_CASE(the_first_port_becomes_active_and_neighbours_are_told) {
  Paper bond(2);
  BOOST_TEST(bond.add_all() == "active none>eth0, announce");
  BOOST_TEST(bond.active() == "eth0");
}

BOOST_AUTO_TEST_CASE(a_bond_that_is_down_tells_nobody) {
  Paper bond(2);
  bond.facts.bond_up = false;
  BOOST_TEST(bond.add_all() == "active none>eth0");
  BOOST_TEST(bond.link(0, LinkState::down) == "active eth0>eth1");
}

BOOST_AUTO_TEST_CASE(the_active_port_changes_when_it_is_down_not_while_it_is_going_down) {
  Paper bond(2);
  bond.add_all();
  BOOST_TEST(bond.link(0, LinkState::fail) == "");
  BOOST_TEST(bond.active() == "eth0");
  BOOST_TEST(bond.link(0, LinkState::down) == "active eth0>eth1, announce");
  BOOST_TEST(bond.link(0, LinkState::up) == "");
  BOOST_TEST(bond.active() == "eth1");
}

BOOST_AUTO_TEST_CASE(a_recovery_within_downdelay_changes_nothing) {
  Paper bond(2);
  bond.options.primary = "eth1";
  bond.add_all();
  BOOST_TEST(bond.link(1, LinkState::fail) == "");
  BOOST_TEST(bond.link(1, LinkState::up) == "");
  BOOST_TEST(bond.active() == "eth1");
}

BOOST_AUTO_TEST_CASE(a_backup_that_fails_changes_nothing) {
  Paper bond(3);
  bond.add_all();
  BOOST_TEST(bond.link(1, LinkState::down) == "");
  BOOST_TEST(bond.link(1, LinkState::up) == "");
  BOOST_TEST(bond.active() == "eth0");
}

BOOST_AUTO_TEST_CASE(a_port_that_comes_up_takes_over_as_primary_or_with_a_higher_priority_only) {
  Paper bond(3);
  bond.options.primary = "eth0";
  bond[2].options.prio = 1;
  bond.add_all();
  bond.link(0, LinkState::down);
  BOOST_TEST(bond.active() == "eth2");
  bond.link(2, LinkState::down);
  BOOST_TEST(bond.active() == "eth1");
  BOOST_TEST(bond.link(2, LinkState::up) == "active eth1>eth2, announce");
  BOOST_TEST(bond.link(0, LinkState::up) == "active eth2>eth0, announce");
}

BOOST_AUTO_TEST_CASE(the_last_port_down_leaves_none_active_and_the_next_up_is_taken) {
  Paper bond(2);
  bond.add_all();
  bond.link(1, LinkState::down);
  BOOST_TEST(bond.link(0, LinkState::down) == "active eth0>none");
  BOOST_TEST(bond.policy.skip_updelay(bond));
  BOOST_TEST(bond.link(1, LinkState::up) == "active none>eth1, announce");
  BOOST_TEST(!bond.policy.skip_updelay(bond));
}

BOOST_AUTO_TEST_CASE(both_active_and_backup_lost_in_one_pass_is_one_change) {
  Paper bond(3);
  bond.add_all();
  bond[0].link = LinkState::down;
  bond[1].link = LinkState::down;
  BOOST_TEST(bond.tell(LinkChanged{PortId{0}, LinkState::up, LinkState::down}) == "");
  BOOST_TEST(bond.tell(LinkChanged{PortId{1}, LinkState::up, LinkState::down}) == "");
  BOOST_TEST(bond.pass() == "active eth0>eth2, announce");
}

BOOST_AUTO_TEST_CASE(repeated_announcements_end_when_nothing_is_active) {
  Paper bond(2);
  bond.options.num_peer_notif = 3;
  bond.add_all();
  bond.link(1, LinkState::down);
  bond.link(0, LinkState::down);
  BOOST_TEST(bond.pass() == "");
  BOOST_TEST(bond.pass() == "");
}

BOOST_AUTO_TEST_CASE(announcements_left_over_from_before_are_not_made_for_a_later_active_port) {
  Paper bond(2);
  bond.options.num_peer_notif = 3;
  bond.add_all();
  bond.link(1, LinkState::down);
  bond.link(0, LinkState::down);
  bond.facts.bond_up = false;
  BOOST_TEST(bond.link(1, LinkState::up) == "active none>eth1");
  bond.facts.bond_up = true;
  BOOST_TEST(bond.tell(Reconfigured{}) == "");
  BOOST_TEST(bond.pass() == "");
}

BOOST_AUTO_TEST_CASE(announcements_are_repeated_in_scheduled_passes_only) {
  Paper bond(2);
  bond.options.num_peer_notif = 2;
  bond.add_all();
  BOOST_TEST(bond.tell(MonitorPass{false}) == "");
  BOOST_TEST(bond.tell(MonitorPass{false}) == "");
  BOOST_TEST(bond.pass() == "announce");
  BOOST_TEST(bond.pass() == "");
}

BOOST_AUTO_TEST_CASE(activate_takes_the_port_and_tells_neighbours_again) {
  Paper bond(3);
  bond.add_all();
  BOOST_TEST(bond.tell(ActivateRequested{PortId{2}}) == "active eth0>eth2, announce");
  BOOST_TEST(bond.tell(ActivateRequested{PortId{2}}) == "");
  BOOST_TEST(bond.tell(ActivateRequested{}) == "active eth2>eth0, announce");
}

BOOST_AUTO_TEST_CASE(an_activated_port_stays_until_a_primary_comes_up) {
  Paper bond(2);
  bond.options.primary = "eth0";
  bond.add_all();
  bond.tell(ActivateRequested{PortId{1}});
  BOOST_TEST(bond.pass() == "");
  BOOST_TEST(bond.active() == "eth1");
  bond.link(0, LinkState::down);
  BOOST_TEST(bond.link(0, LinkState::up) == "active eth1>eth0, announce");
}

BOOST_AUTO_TEST_CASE(a_primary_that_is_enslaved_later_takes_over_once_even_with_reselect_failure) {
  Paper bond(1);
  bond.options.primary = "eth1";
  bond.options.primary_reselect = PrimaryReselect::failure;
  BOOST_TEST(bond.add_all() == "active none>eth0, announce");
  const PortId added = bond.add().id;
  BOOST_TEST(bond.tell(PortAdded{added}) == "active eth0>eth1, announce");
  bond.tell(ActivateRequested{PortId{0}});
  BOOST_TEST(bond.tell(Reconfigured{"primary_reselect"}) == "");
  BOOST_TEST(bond.active() == "eth0");
}

BOOST_AUTO_TEST_CASE(a_primary_without_link_takes_over_when_it_gets_one) {
  Paper bond(2);
  bond.options.primary = "eth1";
  bond.options.primary_reselect = PrimaryReselect::failure;
  bond[1].link = LinkState::down;
  bond.add_all();
  BOOST_TEST(bond.active() == "eth0");
  BOOST_TEST(bond.link(1, LinkState::up) == "active eth0>eth1, announce");
  // The force was for that once.
  bond.link(1, LinkState::down);
  BOOST_TEST(bond.active() == "eth0");
  BOOST_TEST(bond.link(1, LinkState::up) == "");
}

BOOST_AUTO_TEST_CASE(writing_primary_forces_one_selection) {
  Paper bond(2);
  bond.options.primary_reselect = PrimaryReselect::failure;
  bond.add_all();
  bond.options.primary = "eth1";
  BOOST_TEST(bond.tell(Reconfigured{"primary"}) == "active eth0>eth1, announce");
  bond.options.primary = "";
  BOOST_TEST(bond.tell(Reconfigured{"primary"}) == "");
  BOOST_TEST(bond.active() == "eth1");
}

BOOST_AUTO_TEST_CASE(writing_primary_reselect_or_prio_selects_anew_and_other_options_do_not) {
  Paper bond(2);
  bond.add_all();
  bond[1].options.prio = 5;
  BOOST_TEST(bond.tell(Reconfigured{"updelay"}) == "");
  BOOST_TEST(bond.tell(Reconfigured{}) == "");
  BOOST_TEST(bond.tell(Reconfigured{"prio"}) == "active eth0>eth1, announce");
  bond.options.primary = "eth0";
  bond.options.primary_reselect = PrimaryReselect::always;
  BOOST_TEST(bond.tell(Reconfigured{"primary_reselect"}) == "active eth1>eth0, announce");
}

BOOST_AUTO_TEST_CASE(releasing_the_active_port_moves_on_and_releasing_a_backup_does_not) {
  Paper bond(3);
  bond.add_all();
  BOOST_TEST(bond.remove(1) == "");
  BOOST_TEST(bond.remove(0) == "active gone>eth2, announce");
  BOOST_TEST(bond.remove(0) == "active gone>none");
  BOOST_TEST((bond.policy.plan(bond).transmit.spread == Spread::nothing));
  BOOST_TEST(!bond.policy.plan(bond).carrier);
}

BOOST_AUTO_TEST_CASE(fail_over_mac_none_moves_no_address) {
  Paper bond(2);
  bond[1].mac = paper_mac(0);
  bond.add_all();
  BOOST_TEST(bond.link(0, LinkState::down) == "active eth0>eth1, announce");
}

BOOST_AUTO_TEST_CASE(fail_over_mac_active_gives_the_bond_the_active_ports_address_before_it_announces) {
  Paper bond(2);
  bond.options.fail_over_mac = FailOverMac::active;
  BOOST_TEST(bond.add_all() == "active none>eth0, announce");
  BOOST_TEST(bond.link(0, LinkState::down) == "active eth0>eth1, bond mac 0a:01, announce");
  bond.link(0, LinkState::up);
  BOOST_TEST(bond.tell(ActivateRequested{PortId{0}}) == "active eth1>eth0, bond mac 0a:00, announce");
}

BOOST_AUTO_TEST_CASE(fail_over_mac_follow_swaps_the_addresses_of_the_two_ports) {
  Paper bond(3);
  bond.options.fail_over_mac = FailOverMac::follow;
  BOOST_TEST(bond.add_all() == "active none>eth0, announce");
  BOOST_TEST(bond.link(0, LinkState::down) == "active eth0>eth1, mac eth0=0a:01, mac eth1=0a:00, announce");
  BOOST_TEST(bond.tell(ActivateRequested{PortId{2}}) == "active eth1>eth2, mac eth1=0a:02, mac eth2=0a:00, announce");
}

BOOST_AUTO_TEST_CASE(fail_over_mac_follow_finds_the_holder_when_nothing_was_active) {
  Paper bond(2);
  bond.options.fail_over_mac = FailOverMac::follow;
  bond.add_all();
  bond.link(1, LinkState::down);
  bond.link(0, LinkState::down);
  BOOST_TEST(bond.active() == "none");
  BOOST_TEST(bond.link(1, LinkState::up) == "active none>eth1, mac eth0=0a:01, mac eth1=0a:00, announce");
  bond.link(1, LinkState::down);
  BOOST_TEST(bond.link(1, LinkState::up) == "active none>eth1, announce");
}

BOOST_AUTO_TEST_CASE(fail_over_mac_follow_hands_the_address_of_a_released_port_on) {
  Paper bond(2);
  bond.options.fail_over_mac = FailOverMac::follow;
  bond.add_all();
  BOOST_TEST(bond.remove(0) == "active gone>eth1, mac eth1=0a:00, announce");
}

BOOST_AUTO_TEST_CASE(the_plan_sends_on_the_active_port_and_delivers_from_it_alone) {
  Paper bond(3);
  bond.add_all();
  const ForwardingPlan plan = bond.policy.plan(bond);
  BOOST_TEST((plan.transmit.spread == Spread::single));
  BOOST_REQUIRE_EQUAL(plan.transmit.usable.size(), 1U);
  BOOST_TEST(plan.transmit.usable[0].index == 0);
  BOOST_TEST(plan.ports[0].deliver == deliver_all);
  // Not even link-local frames: a bridge on bond0 would take the spare cable's for its own.
  for (std::size_t i = 1; i < max_ports; ++i) BOOST_TEST(plan.ports[i].deliver == deliver_nothing);
  BOOST_TEST(plan.punt == punt_nothing);
  BOOST_TEST(!plan.transmit.igmp_port.has_value());
  BOOST_TEST(!plan.ports[0].source_mac.has_value());
}

BOOST_AUTO_TEST_CASE(all_slaves_active_lets_every_port_deliver) {
  Paper bond(3);
  bond.options.all_slaves_active = true;
  bond.add_all();
  const ForwardingPlan plan = bond.policy.plan(bond);
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(plan.ports[i].deliver == deliver_all);
  BOOST_TEST(plan.ports[3].deliver == deliver_nothing);
}

BOOST_AUTO_TEST_CASE(frames_that_the_active_port_refuses_go_to_ports_with_link_by_priority_then_in_order) {
  Paper bond(6);
  bond.add_all();
  BOOST_TEST(bond.fallback() == "eth1 eth2 eth3 eth4 eth5");
  bond[2].link = LinkState::down;
  bond[3].link = LinkState::fail;
  bond[4].options.prio = 7;
  BOOST_TEST(bond.fallback() == "eth4 eth1 eth5");
  bond[1].options.prio = -1;
  BOOST_TEST(bond.fallback() == "eth4 eth5 eth1");
}

BOOST_AUTO_TEST_CASE(the_bond_has_carrier_while_any_port_is_up_and_no_longer) {
  Paper bond(2);
  bond.add_all();
  BOOST_TEST(bond.policy.plan(bond).carrier);
  bond[0].link = LinkState::fail;
  BOOST_TEST(bond.policy.plan(bond).carrier);
  bond[1].link = LinkState::back;
  BOOST_TEST(!bond.policy.plan(bond).carrier);
  BOOST_TEST((bond.policy.plan(bond).transmit.spread == Spread::single));
}

BOOST_AUTO_TEST_CASE(a_port_within_its_updelay_is_used_when_nothing_else_is_there_and_announced) {
  Paper bond(2);
  bond.options.updelay_ms = 500;
  bond.add_all();
  bond[1].link = LinkState::back;
  bond[1].back_left = Ticks{300};
  BOOST_TEST(bond.link(0, LinkState::down) == "active eth0>eth1, announce");
  BOOST_TEST(bond.link(1, LinkState::up) == "");
}

BOOST_AUTO_TEST_CASE(multicast_groups_are_joined_again_after_a_failover_and_not_without_an_active_port) {
  Paper bond(2);
  bond.facts.bond_up = false;
  bond.add_all();
  bond.facts.bond_up = true;
  BOOST_TEST(!bond.policy.next_deadline().has_value());
  BOOST_TEST(bond.tell(TimerDue{}) == "");
  bond.link(0, LinkState::down);
  BOOST_REQUIRE(bond.policy.next_deadline().has_value());
  BOOST_TEST(bond.policy.next_deadline()->number == 10);
  BOOST_TEST(bond.tell(TimerDue{}, Tick{10}) == "rejoin");
  BOOST_TEST(!bond.policy.next_deadline().has_value());
  BOOST_TEST(bond.tell(ActivateRequested{PortId{1}}) == "");
  bond.link(1, LinkState::down);
  BOOST_TEST(!bond.policy.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(queue_ids_stand_in_the_plan_and_backups_with_link_are_among_the_ports_they_may_name) {
  Paper bond(3);
  bond[2].options.queue_id = 7;
  bond.add_all();
  const ForwardingPlan plan = bond.policy.plan(bond);
  BOOST_TEST(plan.ports[0].queue_id == 0);
  BOOST_TEST(plan.ports[2].queue_id == 7);
  BOOST_TEST(bond.fallback() == "eth1 eth2");
}

BOOST_AUTO_TEST_CASE(it_punts_nothing) {
  Paper bond(2);
  bond.add_all();
  BOOST_TEST(bond.tell(FramePunted{PortId{0}, {}}) == "");
}

BOOST_AUTO_TEST_CASE(a_change_of_a_port_that_is_gone_is_ignored) {
  Paper bond(1);
  bond.add_all();
  BOOST_TEST(bond.tell(LinkChanged{PortId{5}, LinkState::up, LinkState::down}) == "");
  BOOST_TEST(bond.tell(PortRemoved{PortId{5}}) == "");
  BOOST_TEST(bond.pass() == "");
  BOOST_TEST(bond.active() == "eth0");
}

BOOST_AUTO_TEST_SUITE_END()

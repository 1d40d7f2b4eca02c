// Modes 0, 2 and 3 on paper: which ports their plans name, and what they ask for.
#include <boost/test/unit_test.hpp>
#include <string>

#include "policies/balance_rr.hpp"
#include "policies/balance_xor.hpp"
#include "policies/broadcast.hpp"
#include "policies/resilient_hash.hpp"
#include "tests/unit/policies/paper_facts.hpp"

namespace {

using namespace bondbox;
using test::name_of;
using test::PaperFacts;

template <class P>
struct Paper : PaperFacts {
  Paper(std::size_t ports, Mode mode) : PaperFacts(ports) {
    options.mode = mode;
    for (const PortFacts& port : facts.ports) BOOST_TEST(tell(PortAdded{port.id}) == "");
  }

  /// "active eth0>eth1, rejoin" of this event.
  std::string tell(const PolicyEvent& event, Tick now = {}) {
    ActionList actions;
    policy.handle(event, facts, now, actions);
    std::string text;
    for (const Action& action : actions) {
      if (!text.empty()) text += ", ";
      if (const auto* change = std::get_if<ActiveChanged>(&action)) {
        text += "active " + name_of(facts, change->from) + ">" + name_of(facts, change->to);
      } else {
        text += std::holds_alternative<RejoinGroups>(action) ? "rejoin" : "something else";
      }
    }
    return text;
  }
  std::string link(std::size_t port, LinkState to) {
    const LinkState from = facts.ports[port].link;
    facts.ports[port].link = to;
    const std::string at_once = tell(LinkChanged{facts.ports[port].id, from, to});
    return at_once + tell(MonitorPass{});
  }
  std::string remove(std::size_t index) {
    const PortId id = facts.ports[index].id;
    facts.ports.erase_at(index);
    return tell(PortRemoved{id});
  }
  ForwardingPlan plan() const { return policy.plan(facts); }
  std::string usable() const {
    std::string text;
    for (const PortId id : plan().transmit.usable) text += (text.empty() ? "" : " ") + name_of(facts, id);
    return text;
  }

  P policy;
};

struct RoundRobin : Paper<BalanceRr> {
  explicit RoundRobin(std::size_t ports) : Paper(ports, Mode::balance_rr) {}
  std::string igmp() const { return name_of(facts, plan().transmit.igmp_port); }
};
struct Xor : Paper<BalanceXor> {
  explicit Xor(std::size_t ports) : Paper(ports, Mode::balance_xor) {}
};
struct Copies : Paper<Broadcast> {
  explicit Copies(std::size_t ports) : Paper(ports, Mode::broadcast) {}
};

template <class Bond>
void check_without_ports() {
  Bond bond(2);
  bond.link(0, LinkState::down);
  bond.link(1, LinkState::back);
  BOOST_TEST((bond.plan().transmit.spread == Spread::nothing));
  BOOST_TEST(!bond.plan().carrier);
  BOOST_TEST(!bond.plan().transmit.igmp_port.has_value());
}

template <class Bond>
void check_delivery() {
  Bond bond(3);
  bond.link(1, LinkState::down);
  bond.options.all_slaves_active = true;
  const ForwardingPlan with = bond.plan();
  bond.options.all_slaves_active = false;
  BOOST_TEST(with.same_effect(bond.plan()));
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(with.ports[i].deliver == deliver_all);
  for (std::size_t i = 3; i < max_ports; ++i) BOOST_TEST(with.ports[i].deliver == deliver_nothing);
  BOOST_TEST(with.punt == punt_nothing);
  BOOST_TEST(with.carrier);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trunk_modes)

BOOST_AUTO_TEST_CASE(without_a_port_that_is_up_nothing_is_sent) {
  check_without_ports<RoundRobin>();
  check_without_ports<Xor>();
  check_without_ports<Copies>();
}

BOOST_AUTO_TEST_CASE(every_port_delivers_everything_whatever_all_slaves_active_says) {
  check_delivery<RoundRobin>();
  check_delivery<Xor>();
  check_delivery<Copies>();
}

BOOST_AUTO_TEST_CASE(no_port_is_shown_as_active) {
  BOOST_TEST(!RoundRobin(2).policy.active().has_value());
  BOOST_TEST(!Xor(2).policy.active().has_value());
  BOOST_TEST(!Copies(2).policy.active().has_value());
}

BOOST_AUTO_TEST_CASE(primary_and_prio_of_other_modes_choose_nothing) {
  RoundRobin bond(3);
  bond.options.primary = "eth2";
  bond[1].options.prio = 9;
  BOOST_TEST(bond.tell(Reconfigured{"primary"}) == "");
  BOOST_TEST(bond.tell(Reconfigured{"prio"}) == "");
  BOOST_TEST(bond.link(2, LinkState::up) == "");
  BOOST_TEST(bond.igmp() == "eth0");
  BOOST_TEST(bond.link(0, LinkState::down) == "active eth0>eth1");
  BOOST_TEST(bond.link(0, LinkState::up) == "");
  BOOST_TEST(bond.igmp() == "eth1");
}

BOOST_AUTO_TEST_CASE(the_last_port_with_link_hands_over_to_one_that_is_going_back) {
  Xor bond(2);
  bond.link(1, LinkState::down);
  bond[1].back_left = Ticks{700};
  BOOST_TEST(bond.link(1, LinkState::back) == "");
  BOOST_TEST(bond.link(0, LinkState::down) == "active eth0>eth1");
  BOOST_TEST(bond.link(1, LinkState::down) == "active eth1>none");
}

BOOST_AUTO_TEST_CASE(round_robin_keeps_a_place_for_each_port_and_gives_it_to_the_next_one_up) {
  RoundRobin bond(4);
  BOOST_TEST(bond.usable() == "eth0 eth1 eth2 eth3");
  bond.link(1, LinkState::down);
  BOOST_TEST(bond.usable() == "eth0 eth2 eth2 eth3");
  bond.link(3, LinkState::fail);
  BOOST_TEST(bond.usable() == "eth0 eth2 eth2 eth0");
  bond.link(0, LinkState::back);
  BOOST_TEST(bond.usable() == "eth2 eth2 eth2 eth2");
  bond.remove(1);
  BOOST_TEST(bond.usable() == "eth2 eth2 eth2");
}

BOOST_AUTO_TEST_CASE(round_robin_takes_its_count_and_queues_from_the_options) {
  RoundRobin bond(2);
  bond.options.packets_per_slave = 7;
  bond[1].options.queue_id = 2;
  BOOST_TEST((bond.plan().transmit.spread == Spread::round_robin));
  BOOST_TEST(bond.plan().transmit.packets_per_port == 7);
  BOOST_TEST(bond.plan().ports[0].queue_id == 0);
  BOOST_TEST(bond.plan().ports[1].queue_id == 2);
}

BOOST_AUTO_TEST_CASE(igmp_leaves_on_the_active_port_while_it_is_up) {
  RoundRobin bond(3);
  BOOST_TEST(bond.igmp() == "eth0");
  bond.link(0, LinkState::fail);
  BOOST_TEST(bond.igmp() == "eth1");
  bond.link(0, LinkState::up);
  BOOST_TEST(bond.igmp() == "eth0");
  bond.link(0, LinkState::down);
  BOOST_TEST(bond.igmp() == "eth1");
  bond.remove(1);
  BOOST_TEST(bond.igmp() == "eth2");
}

BOOST_AUTO_TEST_CASE(round_robin_joins_groups_again_when_their_port_changed) {
  RoundRobin bond(3);
  BOOST_TEST(!bond.policy.next_deadline().has_value());
  bond.link(2, LinkState::down);
  BOOST_TEST(!bond.policy.next_deadline().has_value());
  bond.link(0, LinkState::down);
  BOOST_REQUIRE(bond.policy.next_deadline().has_value());
  BOOST_TEST(bond.tell(TimerDue{}, *bond.policy.next_deadline()) == "rejoin");
  bond.link(1, LinkState::down);
  BOOST_TEST(!bond.policy.next_deadline().has_value());
  BOOST_TEST(bond.link(2, LinkState::up) == "active none>eth2");
  BOOST_TEST(bond.policy.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(xor_hashes_over_the_ports_that_are_up) {
  Xor bond(3);
  bond.options.xmit_hash_policy = HashPolicy::layer34;
  bond[2].options.queue_id = 5;
  bond.link(1, LinkState::fail);
  BOOST_TEST(bond.usable() == "eth0 eth2");
  BOOST_TEST((bond.plan().transmit.spread == Spread::hash));
  BOOST_TEST((bond.plan().transmit.hash_policy == HashPolicy::layer34));
  BOOST_TEST(bond.plan().ports[2].queue_id == 5);
}

BOOST_AUTO_TEST_CASE(resilient_xor_spreads_every_frame_by_a_table_over_all_ports) {
  Xor bond(3);
  bond.options.xmit_hash_resilient = true;
  bond.options.xmit_hash_policy = HashPolicy::layer23;
  bond.link(1, LinkState::down);
  const TransmitRule rule = bond.plan().transmit;
  BOOST_TEST((rule.spread == Spread::buckets));
  BOOST_TEST((rule.bucket_key == BucketKey::every_frame));
  BOOST_TEST((rule.hash_policy == HashPolicy::layer23));
  BOOST_TEST(bond.usable() == "eth0 eth2");
  PortList all;
  for (const PortFacts& port : bond.facts.ports) all.push_back(port.id);
  BOOST_TEST((rule.bucket_port == resilient_buckets(all, rule.usable)));
}

BOOST_AUTO_TEST_CASE(broadcast_copies_to_the_ports_that_are_up_and_has_no_queues) {
  Copies bond(3);
  bond[1].options.queue_id = 3;
  bond.link(0, LinkState::fail);
  BOOST_TEST(bond.usable() == "eth1 eth2");
  BOOST_TEST((bond.plan().transmit.spread == Spread::copy_to_all));
  BOOST_TEST(bond.plan().ports[1].queue_id == 0);
}

BOOST_AUTO_TEST_CASE(updelay_is_skipped_never_or_while_nothing_is_up_or_always) {
  RoundRobin rr(2);
  Xor by_hash(2);
  Copies copies(2);
  BOOST_TEST(!rr.policy.skip_updelay(rr));
  BOOST_TEST(!by_hash.policy.skip_updelay(by_hash));
  BOOST_TEST(copies.policy.skip_updelay(copies));
  for (std::size_t i = 0; i < 2; ++i) {
    rr.link(i, LinkState::down);
    by_hash.link(i, LinkState::down);
  }
  BOOST_TEST(!rr.policy.skip_updelay(rr));
  BOOST_TEST(by_hash.policy.skip_updelay(by_hash));
}

BOOST_AUTO_TEST_SUITE_END()

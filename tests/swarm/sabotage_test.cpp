// Each rule can fail: something is broken on purpose, and the rule that is meant for it notices.
#include <boost/test/unit_test.hpp>

#include "tests/swarm/play.hpp"

namespace bondbox::swarm {
namespace {

Story story_of(const char* mode, const char* steps = "", const char* partner_options = "") {
  const std::string text = std::string(
                               "seed 1\ncalm 9000\n"
                               "card e0 02:00:00:00:0a:00 1000\ncard e1 02:00:00:00:0a:01 1000\n"
                               "card p0 02:00:00:00:0b:00 1000\ncard p1 02:00:00:00:0b:01 1000\n"
                               "wire e0 p0\nwire e1 p1\n"
                               "flow bond0 bond1 udp 20\nflow bond1 bond0 raw 20\n"
                               "bond bond0 e0 e1 mode=") +
                           mode + " miimon=100 address=10.0.0.1/24\nbond bond1 p0 p1 mode=" + mode + " " +
                           partner_options + " address=10.0.0.2/24\n" + steps;
  std::string error;
  const auto story = parse_story(text, error);
  BOOST_REQUIRE_MESSAGE(story.has_value(), error);
  return *story;
}

/// The rule that is broken; empty: none.
std::string broken_rule(const Story& story, Sabotage sabotage) {
  const Played played = play(story, {.timeline = false, .stays = false, .sabotage = std::move(sabotage)});
  return played.violation ? played.violation->rule : std::string();
}

std::string broken_rule(Sabotage sabotage, const char* mode = "2", const char* steps = "") {
  const Story story = story_of(mode, steps);
  BOOST_REQUIRE_EQUAL(broken_rule(story, Sabotage{}), "");
  return broken_rule(story, std::move(sabotage));
}

constexpr const char* one_failure = "at 3000 link e0 down\nat 5000 link e0 up\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(sabotage)

BOOST_AUTO_TEST_CASE(a_frame_that_is_delivered_twice_is_found) {
  BOOST_TEST(broken_rule({.deliver_twice = true}) == "duplicate");
}

BOOST_AUTO_TEST_CASE(a_frame_that_comes_back_to_its_sender_is_found) {
  const Story story = story_of("2", "flow bond0 bond1 broadcast 50\n");
  BOOST_TEST(broken_rule(story, {.echo = true}) == "loop");
}

BOOST_AUTO_TEST_CASE(a_frame_on_a_port_that_is_none_is_found) {
  BOOST_TEST(broken_rule({.wrong_card = true}) == "unusable port");
}

BOOST_AUTO_TEST_CASE(a_frame_on_a_port_that_is_down_is_found) {
  const auto call_down = [](BondStatus& status) {
    status.plan.transmit = {};
    for (PortStatus& port : status.ports) {
      port.link = LinkState::down;
      port.carries = false;
    }
  };
  BOOST_TEST(broken_rule({.status = call_down}) == "unusable port");
}

BOOST_AUTO_TEST_CASE(a_frame_on_a_port_that_lacp_has_not_agreed_on_is_found) {
  const auto call_attached = [](BondStatus& status) {
    if (!status.lacp || status.at < Tick{6'000}) return;
    for (LacpPortStatus& port : status.lacp->ports) {
      port.mux = LacpMuxState::attached;
      port.actor.state = 0;
    }
  };
  BOOST_TEST(broken_rule({.status = call_attached}, "4") == "unusable port");
}

BOOST_AUTO_TEST_CASE(a_bond_that_does_not_carry_again_is_found) {
  BOOST_TEST(broken_rule({.eat = true}, "2", one_failure) == "no recovery");
}

BOOST_AUTO_TEST_CASE(a_frame_that_a_nic_counts_and_the_bond_does_not_is_found) {
  BOOST_TEST(broken_rule({.hide_frame = true}) == "counters");
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_counted_for_the_host_and_not_delivered_is_found) {
  BOOST_TEST(broken_rule({.keep_from_host = true}) == "counters");
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_sent_twice_is_found) {
  BOOST_TEST(broken_rule({.send_twice = true}) == "counters");
}

BOOST_AUTO_TEST_CASE(a_bond_that_does_not_come_to_rest_is_found) {
  BOOST_TEST(broken_rule({.restless = true}) == "storm");
}

BOOST_AUTO_TEST_CASE(a_failure_that_no_event_tells_of_is_found) {
  const auto count_one_more = [](BondStatus& status) {
    if (status.at > Tick{4'000}) ++status.ports[0].failures;
  };
  BOOST_TEST(broken_rule({.status = count_one_more}, "2", one_failure) == "unexplained failure");
}

BOOST_AUTO_TEST_CASE(a_second_active_port_is_found) {
  const auto call_all_active = [](BondStatus& status) {
    for (PortStatus& port : status.ports) port.active = true;
  };
  BOOST_TEST(broken_rule({.status = call_all_active}, "1") == "two active");
}

BOOST_AUTO_TEST_CASE(a_second_port_that_delivers_is_found) {
  const auto let_all_deliver = [](BondStatus& status) {
    for (PortRule& rule : status.plan.ports) rule.deliver = deliver_all;
  };
  BOOST_TEST(broken_rule({.status = let_all_deliver}, "1") == "two active");
}

BOOST_AUTO_TEST_CASE(a_second_active_aggregator_is_found) {
  const auto split = [](BondStatus& status) {
    if (!status.lacp) return;
    for (LacpPortStatus& port : status.lacp->ports) {
      port.aggregator = static_cast<std::uint16_t>(port.port.index + 1);
      port.in_active_aggregator = true;
    }
  };
  BOOST_TEST(broken_rule({.status = split}, "4") == "two active");
}

BOOST_AUTO_TEST_CASE(a_port_that_collects_from_a_stranger_is_found) {
  const auto change_partner = [](BondStatus& status) {
    if (status.lacp && status.at > Tick{6'000}) status.lacp->ports[0].partner.key ^= 0x100;
  };
  BOOST_TEST(broken_rule({.status = change_partner}, "4") == "strange partner");
}

BOOST_AUTO_TEST_CASE(an_address_on_two_ports_is_found) {
  const auto give_one_to_all = [](BondStatus& status) {
    for (PortStatus& port : status.ports) port.mac = status.mac;
  };
  BOOST_TEST(broken_rule({.status = give_one_to_all}, "5") == "one address twice");
}

BOOST_AUTO_TEST_CASE(a_plan_that_sends_on_a_port_without_link_is_found) {
  const auto send_on_all = [](BondStatus& status) {
    if (status.at < Tick{4'000} || status.plan.transmit.usable.size() != 1) return;
    status.plan.transmit.usable.clear();
    for (PortStatus& port : status.ports) {
      status.plan.transmit.usable.push_back(port.id);
      port.carries = true;
    }
  };
  BOOST_TEST(broken_rule({.status = send_on_all}, "2", one_failure) == "plan");
}

BOOST_AUTO_TEST_CASE(a_host_that_sees_another_carrier_is_found) {
  const auto turn_carrier = [](BondStatus& status) {
    status.carrier = !status.carrier;
    status.plan.carrier = status.carrier;
  };
  BOOST_TEST(broken_rule({.status = turn_carrier}) == "carrier");
}

BOOST_AUTO_TEST_CASE(a_step_that_comes_late_is_found) {
  BOOST_TEST(broken_rule({.late = true}) == "overrun");
}

BOOST_AUTO_TEST_CASE(a_host_that_finds_no_way_to_another_is_found) {
  BOOST_TEST(broken_rule({.deaf = true}) == "no way");
}

BOOST_AUTO_TEST_CASE(a_refusal_that_changes_something_is_found) {
  BOOST_TEST(broken_rule({.half_refuse = true}, "2", "at 3000 set bond0 miimon banana\n") == "refusal");
}

BOOST_AUTO_TEST_CASE(a_record_that_does_not_come_out_the_same_is_found) {
  BOOST_TEST(broken_rule({.misremember = true}) == "replay");
}

BOOST_AUTO_TEST_CASE(a_successor_that_knows_less_is_found) {
  for (const char* mode : {"1", "2", "4"})
    BOOST_TEST(broken_rule({.forget = true}, mode, "at 4000 takeover 0\n") == "takeover", mode);
}

BOOST_AUTO_TEST_CASE(a_plan_below_that_is_not_the_forwarders_is_found) {
  for (const char* mode : {"0", "1", "2", "5"})
    BOOST_TEST(broken_rule({.other_plan = true}, mode) == "two paths", mode);
}

BOOST_AUTO_TEST_CASE(texts_that_disagree_are_found) {
  const auto lie = [](std::string& text, const char* from, const char* to) {
    const std::size_t place = text.find(from);
    if (place != std::string::npos) text.replace(place, std::string(from).size(), to);
  };
  const auto lie_in_json = [&](std::string& json, std::string&, std::string&) {
    lie(json, "\"link\":\"down\"", "\"link\":\"up\"");
  };
  const auto lie_in_proc = [&](std::string&, std::string& proc, std::string&) {
    lie(proc, "Link Failure Count: 1", "Link Failure Count: 0");
  };
  const auto lie_in_text = [&](std::string&, std::string&, std::string& text) {
    lie(text, "active port e1", "active port e0");
  };
  BOOST_TEST(broken_rule({.texts = lie_in_json}, "2", one_failure) == "status");
  BOOST_TEST(broken_rule({.texts = lie_in_proc}, "2", one_failure) == "status");
  BOOST_TEST(broken_rule({.texts = lie_in_text}, "1", "at 3000 link e0 down\n") == "status");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::swarm

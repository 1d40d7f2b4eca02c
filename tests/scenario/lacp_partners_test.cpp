// Mode 4 with more than one partner, with strange partners, and with options written while it runs.
#include <boost/test/unit_test.hpp>

#include "hal/wire/ethernet.hpp"
#include "tests/support/allocation_counter.hpp"
#include "tests/support/lacp_bench.hpp"

namespace {

using namespace bondbox;
using test::card_mac;
using test::data_frame;
using test::Frame;
using test::LacpBench;
using test::station_mac;

/// bond0 over e0, e1, e2; bondB over p0, bondC over p1 and p2, each a system of its own.
struct TwoPartners : LacpBench {
  BondConfig third;

  explicit TwoPartners(AdSelect select) : LacpBench(3) {
    near.options.ad_select = select;
    third = far;
    third.name = "bondC";
    third.ports = {"p1", "p2"};
    far.ports = {"p0"};
  }
  std::string partner() {
    const LacpStatus status = lacp();
    return status.active ? status.active->partner_system.text() : "none";
  }
};

constexpr const char* first_partner = "02:00:00:00:0b:00";
constexpr const char* second_partner = "02:00:00:00:0b:01";

Frame lacpdu_from(const MacAddress& system, std::uint8_t state = 0x07) {
  const wire::SmallFrame built = wire::build_lacpdu(system, {0xffff, system, 15, 255, 1, state}, {});
  return {built.begin(), built.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lacp_partners)

BOOST_AUTO_TEST_CASE(stable_keeps_the_partner_it_has_until_its_last_link_is_lost) {
  TwoPartners bench(AdSelect::stable);
  bench.start();
  bench.run_for(5'000);
  BOOST_TEST(bench.partner() == first_partner);
  BOOST_TEST(bench.carrying() == 1U);
  bench.add(bench.third);
  bench.run_for(6'000);
  BOOST_TEST(bench.partner() == first_partner);
  BOOST_TEST(bench.carrying() == 1U);
  // Observed on the kernel driver: out of sync, and the partner is left in sync alone.
  for (const char* port : {"e1", "e2"}) {
    BOOST_TEST(bench.actor_state(port) == 0x07U);
    BOOST_TEST(bench.lacp_port(port).partner.state == 0x0fU);
    BOOST_TEST(!bench.delivers(port));
  }
  bench.link("e0", false);
  BOOST_TEST(bench.partner() == second_partner);
  BOOST_TEST(bench.run_until([&] { return bench.carrying() == 2; }, 3'000) >= 0);
  bench.link("e0", true);
  bench.run_for(10'000);
  BOOST_TEST(bench.partner() == second_partner);
  BOOST_TEST(bench.carrying() == 2U);
}

BOOST_AUTO_TEST_CASE(bandwidth_and_count_move_to_the_partner_with_more_links_and_back) {
  for (const AdSelect select : {AdSelect::bandwidth, AdSelect::count}) {
    TwoPartners bench(select);
    bench.start();
    bench.run_for(5'000);
    BOOST_TEST(bench.partner() == first_partner);
    bench.add(bench.third);
    bench.run_for(6'000);
    BOOST_TEST(bench.partner() == second_partner);
    BOOST_TEST(bench.carrying() == 2U);
    BOOST_TEST(!bench.delivers("e0"));
    // Observed on the kernel driver: the port of the aggregator that was active stays in sync, and carries nothing.
    BOOST_TEST(bench.actor_state("e0") == 0x3fU);
    bench.link("e1", false);
    bench.run_for(3'000);
    BOOST_TEST(bench.partner() == second_partner);
    bench.link("e2", false);
    BOOST_TEST(bench.partner() == first_partner);
    BOOST_TEST(bench.run_until([&] { return bench.carrying() == 1; }, 3'000) >= 0);
    BOOST_TEST(bench.delivers("e0"));
  }
}

BOOST_AUTO_TEST_CASE(actor_port_prio_moves_to_the_partner_of_the_higher_sum_when_it_is_written) {
  TwoPartners bench(AdSelect::actor_port_prio);
  bench.start();
  bench.add(bench.third);
  bench.run_for(8'000);
  BOOST_TEST(bench.partner() == second_partner);
  BOOST_REQUIRE(bench.set("actor_port_prio", "e0:1000").ok());
  bench.run_for(8'000);
  BOOST_TEST(bench.lacp_port("e0").actor.port_priority == 1'000U);
  BOOST_TEST(bench.partner() == first_partner);
  BOOST_TEST(bench.carrying() == 1U);
}

BOOST_AUTO_TEST_CASE(ports_of_different_speed_do_not_share_an_aggregator) {
  LacpBench bench;
  for (const char* card : {"e1", "p1"}) BOOST_REQUIRE(bench.world.set_speed(card, 1'000, Duplex::full).ok());
  bench.start();
  bench.run_for(8'000);
  BOOST_TEST(bench.lacp_port("e0").aggregator != bench.lacp_port("e1").aggregator);
  BOOST_TEST(bench.carrying() == 1U);
  BOOST_TEST(bench.lacp_port("e0").in_active_aggregator);
  BOOST_TEST(bench.lacp_port("e1").actor.key == 9U);
  for (const char* card : {"e1", "p1"}) BOOST_REQUIRE(bench.world.set_speed(card, 10'000, Duplex::full).ok());
  BOOST_TEST(bench.run_until_all_carry() > 0);
  BOOST_TEST(bench.lacp_port("e1").aggregator == bench.lacp_port("e0").aggregator);
}

BOOST_AUTO_TEST_CASE(a_port_in_half_duplex_does_not_take_part) {
  LacpBench bench;
  BOOST_REQUIRE(bench.world.set_speed("e1", 10'000, Duplex::half).ok());
  bench.start();
  bench.run_for(8'000);
  BOOST_TEST(bench.carrying() == 1U);
  BOOST_TEST(bench.lacp_port("e1").actor.key == 14U);
  BOOST_TEST((bench.lacp_port("e1").receive == LacpReceiveState::lacp_disabled));
  const auto spoken = bench.take_spoken();
  for (const test::SpokenPdu& one : spoken) BOOST_TEST(one.card != "e1");
}

BOOST_AUTO_TEST_CASE(user_keys_may_differ_between_the_ends_and_stand_in_the_lacpdus) {
  LacpBench bench;
  bench.near.options.ad_user_port_key = 5;
  bench.near.options.ad_actor_sys_prio = 7;
  bench.near.options.ad_actor_system = {{0x02, 0, 0, 0, 0x77, 0x01}};
  bench.start();
  BOOST_TEST(bench.run_until_all_carry() > 0);
  bench.run_for(1'000);
  const LacpPortStatus far = bench.lacp_port("p0", "bondB");
  BOOST_TEST(far.partner.key == (5U << 6 | 15U));
  BOOST_TEST(far.partner.system_priority == 7U);
  BOOST_TEST(far.partner.system.text() == "02:00:00:00:77:01");
  for (const test::SpokenPdu& one : bench.take_spoken()) {
    if (one.card == "e1") BOOST_TEST(wire::EthernetView::parse(one.frame)->source().text() == card_mac(1).text());
  }
}

BOOST_AUTO_TEST_CASE(a_cable_moved_to_another_partner_without_loss_of_link_changes_aggregators) {
  LacpBench bench;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() > 0);
  // p0 is taken out of its bond without a word: it becomes another system's.
  BOOST_REQUIRE(bench.world.set_mute("p0", true).ok());
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("p0"); }, "bondB").ok());
  BOOST_REQUIRE(bench.world.set_mute("p0", false).ok());
  BondConfig other = bench.far;
  other.name = "bondC";
  other.ports = {"p0"};
  other.options.ad_actor_system = {{0x02, 0, 0, 0, 0x0c, 0}};
  bench.add(other);
  BOOST_TEST(bench.run_until([&] { return bench.carrying() == 1; }, 1'000) >= 0);
  bench.run_for(5'000);
  BOOST_TEST(bench.lacp_port("e0").partner.system.text() == "02:00:00:00:0c:00");
  BOOST_TEST(bench.lacp_port("e0").aggregator != bench.lacp_port("e1").aggregator);
  BOOST_TEST(bench.lacp_port("e1").in_active_aggregator);
  BOOST_TEST(bench.carrying() == 1U);
  BOOST_TEST(bench.delivers("e1"));
}

BOOST_AUTO_TEST_CASE(a_cable_between_two_ports_of_one_bond_is_told_counted_and_makes_no_partner) {
  LacpBench bench(1);
  bench.near.ports = {"e0", "p0"};
  bench.start_near();
  bench.run_for(20'000);
  for (const char* port : {"e0", "p0"}) {
    const LacpPortStatus status = bench.lacp_port(port);
    BOOST_TEST(status.counters.loopback_received > 0U);
    BOOST_TEST(!status.has_partner);
    BOOST_TEST(status.partner.system.is_zero());
    BOOST_TEST(status.counters.lacpdu_received >= status.counters.loopback_received);
  }
  BOOST_TEST(bench.carrying() == 1U);
  std::size_t lines = 0;
  for (const std::string& line : bench.take_events()) lines += line.find("illegal loopback") != std::string::npos;
  BOOST_TEST(lines == 2U);
}

BOOST_AUTO_TEST_CASE(a_forged_lacpdu_under_our_own_name_changes_nothing) {
  LacpBench bench;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() > 0);
  bench.run_for(1'000);
  bench.card_receives("e0", lacpdu_from(bench.lacp().system));
  BOOST_TEST(bench.lacp_port("e0").counters.loopback_received == 1U);
  BOOST_TEST(bench.actor_state("e0") == 0x3fU);
  bench.run_for(500);
  BOOST_TEST(bench.carrying() == 2U);
  // It does not keep a silent partner alive either.
  BOOST_REQUIRE(bench.world.set_silent("p0", true).ok());
  bench.card_receives("e0", lacpdu_from(bench.lacp().system));
  BOOST_TEST(bench.run_until([&] { return bench.carrying() == 1; }, 4'000) > 0);
}

BOOST_AUTO_TEST_CASE(what_a_port_that_left_has_heard_is_not_told_of_the_port_in_its_place) {
  LacpBench bench;
  bench.near.ports = {"e0"};
  bench.start_near();
  bench.run_for(1'000);
  BOOST_REQUIRE(bench.world.deliver("e0", lacpdu_from(station_mac(9))));
  bench.scheduler.step();  // the LACPDU waits for the next step, in which ports are exchanged
  const auto exchange = [](Bond& bond) {
    const Outcome outcome = bond.release("e0");
    return outcome.ok() ? bond.enslave("e1") : outcome;
  };
  BOOST_REQUIRE(bench.command(exchange).ok());
  BOOST_TEST(bench.lacp_port("e1").counters.lacpdu_received == 0U);
  bench.run_for(500);
  BOOST_TEST(bench.lacp_port("e1").partner.system.text() == MacAddress{}.text());
}

BOOST_AUTO_TEST_CASE(slow_frames_that_are_no_lacpdu_are_counted_by_what_is_wrong_with_them) {
  LacpBench bench;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() > 0);
  const auto before = bench.lacp_port("e0");
  const Frame good = lacpdu_from(station_mac(9));
  Frame cut(good.begin(), good.begin() + 60);
  bench.card_receives("e0", cut);
  Frame tlv = good;
  tlv[14 + 3] = 99;
  bench.card_receives("e0", tlv);
  Frame version = good;
  version[14 + 1] = 0;
  bench.card_receives("e0", version);
  Frame oam = good;
  oam[14] = 3;
  bench.card_receives("e0", oam);
  const LacpPortStatus after = bench.lacp_port("e0");
  BOOST_TEST(after.counters.illegal_received == 2U);
  BOOST_TEST(after.counters.unknown_received == 2U);
  BOOST_TEST(after.counters.lacpdu_received == before.counters.lacpdu_received);
  BOOST_TEST((after.partner == before.partner));
  bench.run_for(1'000);
  BOOST_TEST(bench.carrying() == 2U);
}

BOOST_AUTO_TEST_CASE(markers_are_answered_on_the_port_they_came_in_by_and_a_flood_does_not_stop_lacp) {
  LacpBench bench;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() > 0);
  Frame marker(124);
  wire::slow_protocols_mac.store(marker.data());
  station_mac(1).store(marker.data() + 6);
  const std::uint8_t start[] = {0x88, 0x09, 2, 1, 1, 16};
  std::copy(std::begin(start), std::end(start), marker.begin() + 12);
  bench.take_spoken();
  bench.card_receives("e1", marker);
  const auto answers = bench.take_spoken();
  BOOST_REQUIRE(answers.size() == 1U);
  BOOST_TEST(answers[0].card == "e1");
  BOOST_TEST(wire::EthernetView::parse(answers[0].frame)->source().text() == card_mac(1).text());
  for (int ms = 0; ms < 5'000; ms += 10) {
    for (int i = 0; i < 20; ++i) bench.world.deliver("e0", marker);
    bench.run_for(10);
  }
  BOOST_TEST(bench.carrying() == 2U);
  BOOST_TEST(bench.carrying("bondB") == 2U);
}

BOOST_AUTO_TEST_CASE(another_mac_of_the_bond_leaves_the_partnership_alone) {
  LacpBench bench;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() > 0);
  BOOST_REQUIRE(bench.host().set_mac({{0x02, 0, 0, 0, 0x66, 0x01}}).ok());
  bench.settle();
  for (int i = 0; i < 150; ++i) {
    bench.run_for(100);
    BOOST_REQUIRE(bench.carrying() == 2U);
  }
  bench.take_spoken();
  bench.run_for(2'000);
  std::size_t spoken = 0;
  for (const test::SpokenPdu& one : bench.take_spoken()) {
    if (one.card != "e1") continue;
    ++spoken;
    BOOST_TEST(wire::EthernetView::parse(one.frame)->source().text() == card_mac(1).text());
    BOOST_TEST(one.lacpdu().actor().system.text() == card_mac(0).text());
  }
  BOOST_TEST(spoken >= 1U);
}

BOOST_AUTO_TEST_CASE(another_system_identifier_is_negotiated_when_it_is_written) {
  LacpBench bench;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() > 0);
  BOOST_REQUIRE(bench.set("ad_actor_system", "02:00:00:00:66:02").ok());
  BOOST_REQUIRE(bench.set("ad_actor_sys_prio", "9").ok());
  bench.run_for(5'000);
  BOOST_TEST(bench.carrying() == 2U);
  BOOST_TEST(bench.carrying("bondB") == 2U);
  BOOST_TEST(bench.lacp("bondB").active->partner_system.text() == "02:00:00:00:66:02");
  BOOST_TEST(bench.lacp_port("p1", "bondB").partner.system_priority == 9U);
  BOOST_TEST(bench.lacp("bondB").active->ports == 2U);
}

BOOST_AUTO_TEST_CASE(the_sysfs_attributes_of_the_active_aggregator_are_there) {
  LacpBench bench;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() > 0);
  const Bond& bond = bench.bond();
  BOOST_TEST(bond.attribute("ad_aggregator") == "1");
  BOOST_TEST(bond.attribute("ad_num_ports") == "2");
  BOOST_TEST(bond.attribute("ad_actor_key") == "15");
  BOOST_TEST(bond.attribute("ad_partner_key") == "15");
  BOOST_TEST(bond.attribute("ad_partner_mac") == "02:00:00:00:0b:00");
  for (const char* card : {"e0", "e1"}) bench.link(card, false);
  BOOST_TEST(bond.attribute("ad_aggregator") == "0");
  BOOST_TEST(bond.attribute("ad_partner_mac") == "");
}

BOOST_AUTO_TEST_CASE(independent_control_comes_together_too) {
  for (const bool far_coupled : {true, false}) {
    LacpBench bench;
    bench.near.options.coupled_control = false;
    bench.far.options.coupled_control = far_coupled;
    bench.start();
    BOOST_TEST(bench.run_until_all_carry() > 0);
    bench.run_for(1'000);
    BOOST_TEST((bench.lacp_port("e0").mux == LacpMuxState::distributing));
  }
}

BOOST_AUTO_TEST_CASE(the_resilient_hash_moves_only_the_flows_of_the_port_that_fails) {
  LacpBench bench(4);
  bench.near.options.xmit_hash_resilient = true;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() > 0);
  const auto before = bench.status().plan.transmit;
  BOOST_REQUIRE((before.spread == Spread::buckets));
  bench.link("e1", false);
  const auto after = bench.status().plan.transmit;
  std::size_t moved = 0;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    if (after.bucket_port[i] == before.bucket_port[i]) continue;
    ++moved;
    BOOST_TEST((before.bucket_port[i] == bench.port("e1").id));
  }
  BOOST_TEST(moved > 0U);
}

BOOST_AUTO_TEST_CASE(neighbours_are_told_on_every_port_with_broadcast_neighbor) {
  LacpBench bench;
  bench.near.options.broadcast_neighbor = true;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() > 0);
  BOOST_TEST(bench.status().plan.transmit.copy_neighbours);
}

BOOST_AUTO_TEST_CASE(churn_is_told_after_60_s_of_a_partner_that_does_not_get_in_sync) {
  LacpBench bench(1);
  bench.start_near();
  bench.run_for(70'000);
  BOOST_TEST((bench.lacp_port("e0").actor_churn == LacpChurn::none));
  BOOST_TEST((bench.lacp_port("e0").partner_churn == LacpChurn::churned));
  BOOST_TEST(bench.lacp_port("e0").partner_churned == 1U);
}

BOOST_AUTO_TEST_CASE(steps_of_a_running_partnership_allocate_nothing) {
  LacpBench bench;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() > 0);
  bench.world.set_tap({});
  bench.run_for(2'000);
  const test::AllocationCounter counter;
  bench.run_for(5'000);
  bench.link("e0", false);
  bench.run_for(5'000);
  bench.link("e0", true);
  bench.run_for(5'000);
  BOOST_TEST(counter.count() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

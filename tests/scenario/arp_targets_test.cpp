// Who may speak for a port: arp_validate, arp_all_targets, and the way on which targets are asked.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/neighbours.hpp"

namespace {

using namespace bondbox;
using test::address_of;
using test::card_mac;
using test::data_frame;
using test::NeighbourBench;
using test::station_mac;

constexpr auto per_element = boost::test_tools::per_element();
using Lines = std::vector<std::string>;
using Family = IpAddress::Family;

constexpr ArpValidate every_value[] = {ArpValidate::none,         ArpValidate::active, ArpValidate::backup,
                                       ArpValidate::all,          ArpValidate::filter, ArpValidate::filter_active,
                                       ArpValidate::filter_backup};

/// Asks its one target by ARP or by neighbour solicitation.
BondConfig config_of(Family family, ArpValidate validate) {
  BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
  config.options.arp_validate = validate;
  if (family == Family::v6) {
    config.options.arp_ip_targets.clear();
    config.options.ns_ip6_targets.push_back(address_of("fd10::254"));
  }
  return config;
}

/// What somebody says whom nobody asked: ARP or neighbour discovery, for others.
test::Frame chatter(Family family) {
  if (family == Family::v4) return test::arp_request(station_mac(7), "10.0.0.77", "10.0.0.78");
  return test::neighbour_advertisement(station_mac(7), address_of("fd10::77"), broadcast_mac, address_of("::"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(arp_targets)

BOOST_AUTO_TEST_CASE(every_value_of_arp_validate_keeps_good_ports_and_leaves_a_dead_path) {
  for (const Family family : {Family::v4, Family::v6}) {
    for (const ArpValidate validate : every_value) {
      NeighbourBench bench({"e0", "e1"});
      bench.add(config_of(family, validate));
      BOOST_TEST_CONTEXT((family == Family::v4 ? "IPv4" : "IPv6") << ", arp_validate " << static_cast<int>(validate)) {
        bench.run_to(3'030);
        BOOST_TEST(bench.active() == "e0");
        BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
        bench.silence("e0");
        BOOST_TEST(bench.run_until_active("e1") == 3'300);
        bench.run_to(5'000);
        BOOST_TEST(bench.active() == "e1");
        BOOST_TEST((bench.state("e0") == LinkState::down));
        BOOST_TEST((bench.state("e1") == LinkState::up));
        BOOST_TEST(bench.port("e1").failures == 0U);
        bench.silence("e0", false);
        BOOST_TEST(bench.run_until("e0", LinkState::up, 500) > 0);
        bench.run_for(1'000);
        BOOST_TEST(bench.active() == "e1");
        BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 1U);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_strangers_frames_stand_for_a_target_only_where_the_active_port_is_not_validated) {
  struct Row {
    ArpValidate validate;
    bool by_chatter, by_data;  ///< e0 lives on them
  };
  constexpr Row rows[] = {
      {ArpValidate::none, true, true},           {ArpValidate::active, false, false},
      {ArpValidate::backup, true, true},         {ArpValidate::all, false, false},
      {ArpValidate::filter, true, false},        {ArpValidate::filter_active, false, false},
      {ArpValidate::filter_backup, true, false},
  };
  for (const Family family : {Family::v4, Family::v6}) {
    for (const Row& row : rows) {
      for (const bool data : {false, true}) {
        NeighbourBench bench({"e0", "e1"});
        bench.add(config_of(family, row.validate));
        bench.run_to(1'000);
        bench.answer_for({});
        for (int i = 0; i < 100; ++i) {
          bench.run_for(20);
          bench.stranger_sends(data ? data_frame(broadcast_mac, station_mac(7)) : chatter(family));
        }
        BOOST_TEST((bench.port("e0").failures == 0U) == (data ? row.by_data : row.by_chatter),
                   (family == Family::v4 ? "IPv4" : "IPv6")
                       << ", arp_validate " << static_cast<int>(row.validate) << (data ? ", data" : ", chatter"));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_reply_for_somebody_else_does_not_speak_for_a_validated_port) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(config_of(Family::v4, ArpValidate::all));
  bench.run_to(1'000);
  bench.answer_for({});
  for (int i = 0; i < 30; ++i) {
    bench.run_for(20);
    // The target is alive, and answers others.
    bench.stranger_sends(test::arp_reply(station_mac(1), "10.0.0.254", broadcast_mac, "10.0.0.78"));
  }
  BOOST_TEST(bench.port("e0").failures == 1U);
}

BOOST_AUTO_TEST_CASE(a_backup_that_sees_our_question_lives_only_while_the_active_port_is_answered) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(config_of(Family::v4, ArpValidate::backup));
  bench.run_to(1'000);
  bench.take_events();
  // Questions of a host with an address that is not ours are not ours.
  bench.host().set_addresses({});
  bench.run_to(3'000);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST((bench.state("e1") == LinkState::down));
}

BOOST_AUTO_TEST_CASE(one_dead_target_of_two_counts_with_arp_all_targets_all_only) {
  for (const Family family : {Family::v4, Family::v6}) {
    for (const ArpAllTargets which : {ArpAllTargets::any, ArpAllTargets::all}) {
      for (const bool second_dead : {false, true}) {
        NeighbourBench bench({"e0", "e1"}, {"10.0.0.254", "10.0.0.253", "fd10::254", "fd10::253"});
        BondConfig config = config_of(family, ArpValidate::all);
        config.options.arp_all_targets = which;
        (family == Family::v4 ? config.options.arp_ip_targets : config.options.ns_ip6_targets)
            .push_back(address_of(family == Family::v4 ? "10.0.0.253" : "fd10::253"));
        bench.add(config);
        bench.run_to(2'000);
        BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
        if (second_dead) {
          bench.answer_for({"10.0.0.254", "fd10::254"});
        } else {
          bench.answer_for({"10.0.0.253", "fd10::253"});
        }
        bench.run_to(4'000);
        BOOST_TEST((bench.port("e0").failures == 0U) == (which == ArpAllTargets::any));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(all_targets_need_not_answer_on_a_port_that_is_not_validated) {
  NeighbourBench bench({"e0", "e1"});
  BondConfig config = config_of(Family::v4, ArpValidate::none);
  config.options.arp_all_targets = ArpAllTargets::all;
  config.options.arp_ip_targets.push_back(address_of("10.0.0.99"));
  bench.add(config);
  bench.run_to(4'000);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.port("e0").failures == 0U);
}

BOOST_AUTO_TEST_CASE(targets_come_and_go_at_run_time) {
  NeighbourBench bench({"e0", "e1"}, {"10.0.0.254", "10.0.0.253"});
  BondConfig config = config_of(Family::v4, ArpValidate::all);
  config.options.arp_all_targets = ArpAllTargets::all;
  bench.add(config);
  bench.run_to(1'000);
  BOOST_REQUIRE(bench.set("arp_ip_target", "+10.0.0.253").ok());
  bench.run_to(2'000);
  // The first goes: the times of the second move with it.
  BOOST_REQUIRE(bench.set("arp_ip_target", "-10.0.0.254").ok());
  bench.answer_for({"10.0.0.253"});
  bench.run_to(3'000);
  BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
  BOOST_REQUIRE(bench.set("arp_ip_target", "+10.0.0.99").ok());
  bench.run_to(3'200);
  BOOST_TEST(bench.active() == "e0");  // it counts as having answered when it was added
  bench.run_to(3'400);
  BOOST_TEST(bench.port("e0").failures == 1U);
}

BOOST_AUTO_TEST_CASE(a_target_behind_a_vlan_is_asked_and_heard_with_the_tag) {
  NeighbourBench bench({"e0", "e1"}, {"10.5.0.254", "fd15::254"});
  BondConfig config = config_of(Family::v4, ArpValidate::all);
  config.options.arp_ip_targets.clear();
  bench.add(config);
  const MacAddress mac = bench.host().mac();
  const VlanId vlan{5};
  bench.host().set_addresses({{address_of("10.5.0.1"), vlan, mac}, {address_of("fd15::1"), vlan, mac}});
  bench.host().set_path(address_of("10.5.0.254"), {true, vlan, address_of("10.5.0.1"), mac});
  bench.host().set_path(address_of("fd15::254"), {true, vlan, address_of("fd15::1"), mac});
  BOOST_REQUIRE(bench.set("arp_ip_target", "+10.5.0.254").ok());
  BOOST_REQUIRE(bench.set("ns_ip6_target", "+fd15::254").ok());
  BOOST_REQUIRE(bench.set("arp_all_targets", "all").ok());
  bench.run_to(2'050);
  bench.take_questions();
  bench.run_to(2'150);
  BOOST_TEST(bench.take_questions() ==
                 (Lines{"2100 e0: 10.5.0.1 for 10.5.0.254 vlan 5", "2100 e0: fd15::1 for fd15::254 vlan 5"}),
             per_element);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
}

BOOST_AUTO_TEST_CASE(a_target_that_is_reached_elsewhere_is_not_asked_and_told_of_once) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(config_of(Family::v4, ArpValidate::none));
  bench.run_to(1'000);
  bench.take_events();
  bench.take_questions();
  bench.host().set_path(address_of("10.0.0.254"), {});
  bench.run_to(2'000);
  BOOST_TEST(bench.take_questions().empty());
  const std::string sentence = "arp_ip_target 10.0.0.254 is not reached through this bond: it is not asked";
  int told = 0;
  for (const std::string& line : bench.take_events()) told += line.find(sentence) != std::string::npos ? 1 : 0;
  BOOST_TEST(told == 1);
  BOOST_TEST(bench.port("e0").failures > 0U);
}

BOOST_AUTO_TEST_CASE(without_an_address_it_is_asked_from_none) {
  NeighbourBench bench({"e0", "e1"});
  BondConfig config = config_of(Family::v6, ArpValidate::none);
  config.options.arp_ip_targets.push_back(address_of("10.0.0.254"));
  config.addresses.clear();
  bench.add(config);
  bench.run_to(150);
  bench.take_questions();
  bench.run_to(250);
  BOOST_TEST(bench.take_questions() == (Lines{"200 e0: 0.0.0.0 for 10.0.0.254", "200 e0: :: for fd10::254"}),
             per_element);
  bench.run_to(2'000);
  BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

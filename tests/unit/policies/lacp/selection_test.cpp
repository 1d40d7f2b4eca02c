#include "policies/lacp/selection.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/policies/lacp/machines_fixture.hpp"

namespace {

using namespace bondbox;
using namespace bondbox::lacp;

/// Ports 0 .. 3 with link, without partners.
struct Bond {
  System system;
  SelectionRule rule;

  Bond() {
    for (std::uint8_t i = 0; i < 4; ++i) add(i);
  }
  Port& add(std::uint8_t index) {
    Port& port = add_port(system, PortId{index});
    const std::uint16_t number = port.actor.port;
    port.enabled = true;
    port.speed_mbps = 10'000;
    port.begin = false;
    port.actor = test::paper_port().actor;
    port.actor.port = number;
    return port;
  }
  Port& at(std::uint8_t index) { return system.at(PortId{index}); }
  /// The partner `name` speaks on it, port `index` of its own.
  void partner(std::uint8_t index, std::uint8_t name, std::uint16_t key = 15) {
    at(index).partner = {0xffff, {{2, 0, 0, 0, 0x0b, name}}, key, 255, index, 0x07};
    at(index).selected = false;
    select_port(system, at(index), rule);
  }
  void alone(std::uint8_t index) {
    at(index).selected = false;
    select_port(system, at(index), rule);
  }
  void lose_link(std::uint8_t index) {
    at(index).enabled = false;
    select_active(system, rule);
  }
  void get_link(std::uint8_t index) {
    at(index).enabled = true;
    select_active(system, rule);
  }
  int number(std::uint8_t index) {
    const Aggregator* const aggregator = system.of(at(index));
    return aggregator != nullptr ? aggregator->number : 0;
  }
  int active() const {
    const Aggregator* const aggregator = system.active_aggregator();
    return aggregator != nullptr ? aggregator->number : 0;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lacp_selection, Bond)

BOOST_AUTO_TEST_CASE(ports_and_aggregators_are_numbered_as_they_come) {
  for (std::uint8_t i = 0; i < 4; ++i) {
    BOOST_TEST(at(i).actor.port == i + 1);
    BOOST_TEST(system.aggregators[i].number == i + 1);
  }
  remove_port(system, PortId{1});
  BOOST_TEST(add(1).actor.port == 5U);
  BOOST_TEST(system.aggregators[1].number == 5U);
  for (std::uint8_t i = 0; i < 4; ++i) remove_port(system, PortId{i});
  BOOST_TEST(add(2).actor.port == 1U);
  BOOST_TEST(system.aggregators[2].number == 1U);
}

BOOST_AUTO_TEST_CASE(after_the_last_number_the_first_free_one_follows_and_never_none) {
  at(3).actor.port = 0xffff;
  remove_port(system, PortId{1});
  system.aggregators_made = 0xffff;
  BOOST_TEST(add(1).actor.port == 2U);
  BOOST_TEST(system.aggregators[1].number == 1U);
}

BOOST_AUTO_TEST_CASE(ports_without_a_partner_are_alone_and_the_first_carries) {
  for (std::uint8_t i = 0; i < 4; ++i) alone(i);
  for (std::uint8_t i = 0; i < 4; ++i) BOOST_TEST(number(i) == i + 1);
  BOOST_TEST(active() == 1);
  BOOST_TEST(at(0).distributes);
  BOOST_TEST(!at(1).distributes);
}

BOOST_AUTO_TEST_CASE(without_fallback_nothing_carries_until_a_partner_speaks) {
  rule.fallback = false;
  alone(0);
  BOOST_TEST(active() == 1);
  BOOST_TEST(!at(0).distributes);
}

BOOST_AUTO_TEST_CASE(ports_to_one_partner_under_one_key_share_an_aggregator) {
  partner(0, 1);
  partner(1, 1);
  BOOST_TEST(number(0) == 1);
  BOOST_TEST(number(1) == 1);
  partner(2, 2);
  BOOST_TEST(number(2) != 1);
  partner(3, 1, 13);
  BOOST_TEST(number(3) != 1);
  BOOST_TEST(number(3) != number(2));
  partner(3, 1);
  BOOST_TEST(number(3) == 1);
  at(3).actor.key = 13;
  partner(3, 1);
  BOOST_TEST(number(3) != 1);
}

BOOST_AUTO_TEST_CASE(a_port_in_half_duplex_shares_with_nobody_and_carries_last) {
  rule.select = AdSelect::bandwidth;
  at(0).actor.key = at(1).actor.key = 14;
  partner(0, 1);
  partner(1, 1);
  BOOST_TEST(number(0) != number(1));
  BOOST_TEST(active() == number(0));
  alone(2);
  BOOST_TEST(active() == number(2));
}

BOOST_AUTO_TEST_CASE(an_aggregator_with_a_partner_takes_over_from_one_without) {
  alone(0);
  BOOST_TEST(at(0).distributes);
  partner(1, 1);
  BOOST_TEST(active() == number(1));
  BOOST_TEST(!at(0).distributes);
}

BOOST_AUTO_TEST_CASE(stable_keeps_what_works_and_moves_when_no_port_of_it_has_link) {
  partner(0, 1);
  partner(1, 2);
  partner(2, 2);
  BOOST_TEST(active() == number(0));
  lose_link(0);
  BOOST_TEST(active() == number(1));
  get_link(0);
  BOOST_TEST(active() == number(1));
}

BOOST_AUTO_TEST_CASE(bandwidth_moves_to_the_faster_and_back) {
  rule.select = AdSelect::bandwidth;
  partner(0, 1);
  partner(1, 2);
  BOOST_TEST(active() == number(0));
  partner(2, 2);
  BOOST_TEST(active() == number(1));
  lose_link(2);
  BOOST_TEST(active() == number(1));
  lose_link(1);
  BOOST_TEST(active() == number(0));
}

BOOST_AUTO_TEST_CASE(count_counts_ports_with_link_and_then_asks_for_bandwidth) {
  rule.select = AdSelect::count;
  at(0).speed_mbps = 100'000;
  partner(0, 1);
  partner(1, 2);
  partner(2, 2);
  BOOST_TEST(active() == number(1));
  lose_link(2);
  BOOST_TEST(active() == number(0));
}

BOOST_AUTO_TEST_CASE(actor_port_prio_sums_the_priorities_of_ports_with_link) {
  rule.select = AdSelect::actor_port_prio;
  partner(0, 1);
  partner(1, 2);
  partner(2, 2);
  BOOST_TEST(active() == number(1));
  at(0).actor.port_priority = 1'000;
  select_active(system, rule);
  BOOST_TEST(active() == number(0));
  lose_link(0);
  BOOST_TEST(active() == number(1));
}

BOOST_AUTO_TEST_CASE(with_no_link_at_all_no_aggregator_is_active) {
  partner(0, 1);
  lose_link(0);
  for (std::uint8_t i = 1; i < 4; ++i) at(i).enabled = false;
  select_active(system, rule);
  BOOST_TEST(active() == 0);
}

BOOST_AUTO_TEST_CASE(an_aggregator_outlives_the_port_that_brought_it) {
  partner(0, 1);
  partner(1, 1);
  partner(2, 1);
  BOOST_TEST(number(1) == 1);
  BOOST_TEST(!remove_port(system, PortId{0}));
  BOOST_TEST(number(1) == 2);
  BOOST_TEST(number(2) == 2);
  BOOST_TEST(active() == 2);
  BOOST_TEST(system.active_aggregator()->partner_system.text() == "02:00:00:00:0b:01");
}

BOOST_AUTO_TEST_CASE(the_last_port_takes_the_active_aggregator_with_it) {
  partner(0, 1);
  alone(1);
  BOOST_TEST(remove_port(system, PortId{0}));
  BOOST_TEST(select_active(system, rule));
  BOOST_TEST(active() == 2);
  BOOST_TEST(at(1).distributes);
}

BOOST_AUTO_TEST_CASE(a_port_may_use_what_a_port_that_left_alone_has_brought) {
  // Port 0 moved to the aggregator of port 1 and back into the first free one.
  partner(1, 1);
  BOOST_TEST(number(1) == 1);  // the first free place
  partner(0, 1);
  BOOST_TEST(number(0) == 1);
  remove_port(system, PortId{1});
  BOOST_TEST(number(0) == 1);
  BOOST_TEST(active() == 1);
}

BOOST_AUTO_TEST_CASE(keys_are_user_key_speed_and_duplex) {
  BOOST_TEST(port_key(0, true, 10'000, Duplex::full) == 15U);
  BOOST_TEST(port_key(0, true, 10'000, Duplex::half) == 14U);
  BOOST_TEST(port_key(1'023, true, 1'000, Duplex::full) == (1'023U << 6 | 4U << 1 | 1U));
  BOOST_TEST(port_key(5, false, 1'000, Duplex::full) == 5U << 6);
  BOOST_TEST(port_key(0, true, 400'000, Duplex::full) == 33U);
  BOOST_TEST(port_key(0, true, 12'345, Duplex::full) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

#include <boost/test/unit_test.hpp>
#include <vector>

#include "policies/lacp/churn.hpp"
#include "policies/lacp/marker.hpp"
#include "policies/lacp/periodic.hpp"
#include "policies/lacp/transmit.hpp"
#include "tests/unit/policies/lacp/machines_fixture.hpp"

namespace {

using namespace bondbox;
using namespace bondbox::lacp;

struct Speaker {
  Port port = test::paper_port();

  /// The ticks, from 1 on, at which the periodic machine wants to transmit.
  std::vector<int> wants(int ticks) {
    std::vector<int> found;
    for (int i = 1; i <= ticks; ++i) {
      port.ntt = false;
      periodic_tick(port);
      if (port.ntt) found.push_back(i);
    }
    return found;
  }
  /// The ticks at which it transmits, wanting to all the time.
  std::vector<int> speaks(int ticks) {
    std::vector<int> found;
    for (int i = 1; i <= ticks; ++i) {
      port.ntt = true;
      if (!transmit_tick(port)) continue;
      found.push_back(i);
      transmitted(port);
    }
    return found;
  }
};

using Turns = std::vector<int>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lacp_periodic, Speaker)

BOOST_AUTO_TEST_CASE(a_partner_with_short_timeout_hears_us_each_second) {
  port.partner.state = 0x07;
  BOOST_TEST(wants(45) == (Turns{10, 20, 30, 40}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_partner_with_long_timeout_hears_us_every_30_s) {
  port.partner.state = 0x05;
  BOOST_TEST(wants(700) == (Turns{301, 601}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_partner_that_turns_to_short_timeout_is_answered_at_once) {
  port.partner.state = 0x05;
  wants(100);
  port.partner.state = 0x07;
  BOOST_TEST(wants(25) == (Turns{1, 11, 21}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(two_passive_ends_say_nothing_and_one_active_end_is_enough) {
  port.clear(lacp_state::activity);
  port.partner.state = 0x06;
  BOOST_TEST(wants(1'000).empty());
  port.partner.state = 0x07;
  BOOST_TEST(wants(15) == (Turns{10}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing_is_said_without_link_without_lacp_or_at_the_beginning) {
  for (int what = 0; what < 3; ++what) {
    port = test::paper_port();
    port.partner.state = 0x07;
    wants(5);
    if (what == 0) port.enabled = false;
    if (what == 1) port.lacp_enabled = false;
    if (what == 2) port.begin = true;
    BOOST_TEST(wants(100).empty());
    BOOST_TEST((port.periodic == PeriodicState::no_periodic));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(lacp_transmit, Speaker)

BOOST_AUTO_TEST_CASE(a_port_speaks_in_one_tick_out_of_three_whatever_it_has_to_say) {
  BOOST_TEST(speaks(10) == (Turns{3, 6, 9}), boost::test_tools::per_element());
  BOOST_TEST(port.counters.lacpdu_sent == 3U);
}

BOOST_AUTO_TEST_CASE(with_nothing_to_say_the_turns_go_on) {
  for (int i = 1; i <= 7; ++i) BOOST_TEST(!transmit_tick(port));
  BOOST_TEST(speaks(5) == (Turns{2, 5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_frame_that_found_no_room_is_asked_for_again_in_the_next_tick) {
  port.ntt = true;
  transmit_tick(port);
  transmit_tick(port);
  BOOST_TEST(transmit_tick(port));
  not_transmitted(port);
  BOOST_TEST(port.ntt);
  BOOST_TEST(transmit_tick(port));
}

BOOST_AUTO_TEST_CASE(without_link_or_lacp_nothing_is_said) {
  port.enabled = false;
  BOOST_TEST(speaks(10).empty());
  port.enabled = true;
  port.lacp_enabled = false;
  BOOST_TEST(speaks(10).empty());
}

BOOST_AUTO_TEST_CASE(a_passive_port_forgets_what_it_wanted_to_say_until_it_is_spoken_to) {
  port.clear(lacp_state::activity);
  BOOST_TEST(speaks(9).empty());
  BOOST_TEST(!port.ntt);
  port.partner = test::partner_end(0x06);
  BOOST_TEST(speaks(9) == (Turns{3, 6, 9}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(lacp_churn, Speaker)

BOOST_AUTO_TEST_CASE(after_60_s_each_end_is_judged_by_its_synchronization) {
  for (const bool actor_in_sync : {true, false}) {
    for (const bool partner_in_sync : {true, false}) {
      port = test::paper_port();
      if (actor_in_sync) port.set(lacp_state::synchronization);
      if (partner_in_sync) port.partner.state = lacp_state::synchronization;
      port.restart_churn = true;
      for (int i = 0; i < 600; ++i) churn_tick(port);
      BOOST_TEST((port.actor_churn == LacpChurn::monitoring));
      churn_tick(port);
      BOOST_TEST((port.actor_churn == (actor_in_sync ? LacpChurn::none : LacpChurn::churned)));
      BOOST_TEST((port.partner_churn == (partner_in_sync ? LacpChurn::none : LacpChurn::churned)));
      BOOST_TEST(port.actor_churned == (actor_in_sync ? 0U : 1U));
      BOOST_TEST(port.partner_churned == (partner_in_sync ? 0U : 1U));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_verdict_stays_until_monitoring_starts_anew_and_churns_are_counted) {
  port.restart_churn = true;
  for (int i = 0; i < 2'000; ++i) churn_tick(port);
  BOOST_TEST((port.actor_churn == LacpChurn::churned));
  BOOST_TEST(port.actor_churned == 1U);
  port.restart_churn = true;
  churn_tick(port);
  BOOST_TEST((port.actor_churn == LacpChurn::monitoring));
  for (int i = 0; i < 600; ++i) churn_tick(port);
  BOOST_TEST(port.actor_churned == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(lacp_marker, Speaker)

BOOST_AUTO_TEST_CASE(an_information_is_answered_and_a_response_ignored_and_both_are_counted) {
  std::vector<std::uint8_t> pdu(wire::slow_pdu_size);
  pdu[0] = 2;
  pdu[1] = 1;
  pdu[2] = 1;
  pdu[3] = 16;
  const auto answer = answer_marker(port, *wire::MarkerView::parse(pdu), test::near_system);
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST((*answer)[14 + 2] == 2U);
  pdu[2] = 2;
  BOOST_TEST(!answer_marker(port, *wire::MarkerView::parse(pdu), test::near_system));
  BOOST_TEST(port.counters.marker_received == 1U);
  BOOST_TEST(port.counters.marker_response_received == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

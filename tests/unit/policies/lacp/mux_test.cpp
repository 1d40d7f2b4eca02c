#include "policies/lacp/mux.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/policies/lacp/machines_fixture.hpp"

namespace {

using namespace bondbox;
using namespace bondbox::lacp;
using State = LacpMuxState;

struct Multiplexer {
  Port port = test::paper_port();
  MuxInput input{.aggregator_active = true, .aggregator_has_partner = true, .others_ready = true, .coupled = true};

  void ticks(int count) {
    for (int i = 0; i < count; ++i) mux_tick(port, input);
  }
  void attach() {
    port.selected = true;
    ticks(21);
  }
  void go_on_the_air() {
    attach();
    port.partner.state = 0x3f;
    ticks(2);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lacp_mux, Multiplexer)

BOOST_AUTO_TEST_CASE(a_selected_port_waits_two_seconds_and_attaches_in_sync) {
  ticks(5);
  BOOST_TEST((port.mux == State::detached));
  port.selected = true;
  ticks(1);
  BOOST_TEST((port.mux == State::waiting));
  ticks(19);
  BOOST_TEST((port.mux == State::waiting));
  BOOST_TEST(!port.ntt);
  ticks(1);
  BOOST_TEST((port.mux == State::attached));
  BOOST_TEST(port.has(lacp_state::synchronization));
  BOOST_TEST(port.ntt);
}

BOOST_AUTO_TEST_CASE(it_waits_for_the_other_ports_of_its_aggregator) {
  input.others_ready = false;
  port.selected = true;
  ticks(100);
  BOOST_TEST((port.mux == State::waiting));
  BOOST_TEST(port.ready_n);
  input.others_ready = true;
  ticks(1);
  BOOST_TEST((port.mux == State::attached));
}

BOOST_AUTO_TEST_CASE(a_port_that_is_unselected_while_it_waits_or_is_attached_detaches) {
  port.selected = true;
  ticks(5);
  port.selected = false;
  ticks(1);
  BOOST_TEST((port.mux == State::detached));
  attach();
  port.selected = false;
  port.ntt = false;
  ticks(1);
  BOOST_TEST((port.mux == State::detached));
  BOOST_TEST(!port.has(lacp_state::synchronization));
  BOOST_TEST(!port.ready_n);
  BOOST_TEST(port.ntt);
}

BOOST_AUTO_TEST_CASE(with_the_partner_in_sync_it_collects_and_distributes_at_once) {
  attach();
  ticks(10);
  BOOST_TEST(!port.distributes);
  port.partner.state = 0x0f;
  port.ntt = false;
  ticks(1);
  BOOST_TEST((port.mux == State::collecting_distributing));
  BOOST_TEST(port.actor.state == 0x3fU);
  BOOST_TEST(port.collects);
  BOOST_TEST(port.distributes);
  BOOST_TEST(port.ntt);
}

BOOST_AUTO_TEST_CASE(in_an_aggregator_that_is_not_active_it_stays_attached_and_out_of_sync) {
  input.aggregator_active = false;
  attach();
  port.partner.state = 0x0f;
  ticks(50);
  BOOST_TEST((port.mux == State::attached));
  BOOST_TEST(!port.has(lacp_state::synchronization));
  input.aggregator_active = true;
  port.partner.state = 0x07;
  port.ntt = false;
  ticks(1);
  BOOST_TEST(port.has(lacp_state::synchronization));
  BOOST_TEST(port.ntt);
}

BOOST_AUTO_TEST_CASE(a_partner_out_of_sync_or_a_lost_selection_ends_it) {
  for (int what = 0; what < 3; ++what) {
    port = test::paper_port();
    go_on_the_air();
    BOOST_REQUIRE(port.distributes);
    if (what == 0) port.partner.state = 0x07;
    if (what == 1) port.selected = false;
    if (what == 2) port.clear(lacp_state::synchronization);
    ticks(1);
    BOOST_TEST((port.mux == State::attached));
    BOOST_TEST(!port.collects);
    BOOST_TEST(!port.distributes);
    BOOST_TEST(!port.has(lacp_state::collecting));
    BOOST_TEST(!port.has(lacp_state::distributing));
  }
}

BOOST_AUTO_TEST_CASE(begin_detaches_from_every_state) {
  go_on_the_air();
  port.begin = true;
  ticks(1);
  BOOST_TEST((port.mux == State::detached));
  BOOST_TEST(port.actor.state == 0x07U);
  BOOST_TEST(!port.distributes);
  BOOST_TEST(port.ntt);
}

BOOST_AUTO_TEST_CASE(an_aggregator_without_a_partner_is_not_closed_by_the_machine) {
  input.aggregator_has_partner = false;
  port.open();
  attach();
  BOOST_TEST(port.distributes);
}

BOOST_AUTO_TEST_CASE(what_carried_alone_is_closed_by_a_partner_that_has_heard_us_and_is_not_in_sync) {
  attach();
  input.aggregator_has_partner = false;
  port.open();
  ticks(5);
  BOOST_TEST(port.distributes);
  input.aggregator_has_partner = true;
  port.matched = false;
  ticks(5);
  BOOST_TEST(port.distributes, "a partner that has not heard us yet has said nothing of us");
  port.matched = true;
  ticks(1);
  BOOST_TEST((port.mux == State::attached));
  BOOST_TEST(!port.distributes);
  BOOST_TEST(!port.collects);
}

BOOST_AUTO_TEST_CASE(independent_control_collects_first_and_distributes_when_the_partner_collects) {
  input.coupled = false;
  attach();
  port.partner.state = 0x0f;
  ticks(1);
  BOOST_TEST((port.mux == State::collecting));
  BOOST_TEST(port.actor.state == 0x1fU);
  BOOST_TEST(port.collects);
  BOOST_TEST(!port.distributes);
  ticks(10);
  BOOST_TEST(!port.distributes);
  port.partner.state = 0x1f;
  ticks(1);
  BOOST_TEST((port.mux == State::distributing));
  BOOST_TEST(port.actor.state == 0x3fU);
  BOOST_TEST(port.distributes);
  port.partner.state = 0x0f;
  ticks(1);
  BOOST_TEST((port.mux == State::collecting));
  BOOST_TEST(port.collects);
  BOOST_TEST(!port.distributes);
  port.partner.state = 0x07;
  ticks(1);
  BOOST_TEST((port.mux == State::attached));
  BOOST_TEST(!port.collects);
}

BOOST_AUTO_TEST_SUITE_END()

#include "policies/lacp/receive.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/policies/lacp/machines_fixture.hpp"

namespace {

using namespace bondbox;
using namespace bondbox::lacp;
using test::PaperPdu;
using test::partner_end;
using State = LacpReceiveState;

struct Receiver {
  Port port = test::paper_port();

  void ticks(int count) {
    for (int i = 0; i < count; ++i) receive_tick(port);
  }
  void hear(const LacpEnd& from, const LacpEnd& of_us) { receive_pdu(port, PaperPdu(from, of_us).view()); }
  void hear(std::uint8_t state = 0x07) { hear(partner_end(state), port.actor); }
  /// From the first tick to a recorded partner.
  void meet() {
    port.begin = true;
    receive_tick(port);
    port.begin = false;
    receive_tick(port);
    hear();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lacp_receive, Receiver)

BOOST_AUTO_TEST_CASE(begin_forgets_the_partner_and_ends_in_port_disabled) {
  meet();
  port.selected = true;
  port.begin = true;
  receive_tick(port);
  BOOST_TEST((port.receive == State::port_disabled));
  BOOST_TEST((port.partner == silent_partner));
  BOOST_TEST(port.has(lacp_state::defaulted));
  BOOST_TEST(!port.has(lacp_state::expired));
  BOOST_TEST(!port.selected);
  BOOST_TEST(!port.matched);
  BOOST_TEST(port.lacp_enabled);
  BOOST_TEST(port.restart_churn);
}

BOOST_AUTO_TEST_CASE(a_port_in_half_duplex_does_not_speak_lacp) {
  port.actor.key = 14;
  port.begin = true;
  receive_tick(port);
  BOOST_TEST(!port.lacp_enabled);
  port.begin = false;
  receive_tick(port);
  BOOST_TEST((port.receive == State::lacp_disabled));
  BOOST_TEST(port.matched);
  hear();
  BOOST_TEST((port.receive == State::lacp_disabled));
}

BOOST_AUTO_TEST_CASE(a_port_that_gets_link_expects_a_partner_for_3_s_and_then_defaults) {
  port.receive = State::port_disabled;
  receive_tick(port);
  BOOST_TEST((port.receive == State::expired));
  BOOST_TEST(port.has(lacp_state::expired));
  BOOST_TEST(port.partner_has(lacp_state::timeout));
  ticks(29);
  BOOST_TEST((port.receive == State::expired));
  receive_tick(port);
  BOOST_TEST((port.receive == State::defaulted));
  BOOST_TEST(!port.has(lacp_state::expired));
  BOOST_TEST(port.has(lacp_state::defaulted));
  BOOST_TEST(port.partner.state == 0U);
  ticks(1'000);
  BOOST_TEST((port.receive == State::defaulted));
}

BOOST_AUTO_TEST_CASE(an_lacpdu_is_recorded_at_once) {
  meet();
  BOOST_TEST((port.receive == State::current));
  BOOST_TEST((port.partner == partner_end()));
  BOOST_TEST(!port.has(lacp_state::defaulted));
  BOOST_TEST(!port.has(lacp_state::expired));
}

BOOST_AUTO_TEST_CASE(the_first_tick_after_a_link_takes_note_of_nothing) {
  port.begin = true;
  hear();
  BOOST_TEST((port.partner == silent_partner));
  port.begin = false;
  port.receive = State::port_disabled;
  hear();
  BOOST_TEST((port.partner == silent_partner));
  port.enabled = false;
  port.receive = State::current;
  hear();
  BOOST_TEST((port.partner == silent_partner));
}

BOOST_AUTO_TEST_CASE(a_silent_partner_expires_after_3_or_90_s_and_is_forgotten_after_3_more) {
  for (const bool fast : {true, false}) {
    port = test::paper_port();
    if (!fast) port.clear(lacp_state::timeout);
    meet();
    hear(0x3f);
    const int timeout = fast ? 30 : 900;
    ticks(timeout - 1);
    BOOST_TEST((port.receive == State::current));
    port.restart_churn = false;
    receive_tick(port);
    BOOST_TEST((port.receive == State::expired));
    BOOST_TEST(!port.partner_has(lacp_state::synchronization));
    BOOST_TEST(port.partner.system.text() == test::far_system.text());
    BOOST_TEST(port.restart_churn);
    port.selected = true;
    ticks(30);
    BOOST_TEST((port.receive == State::defaulted));
    BOOST_TEST(!port.selected);
    BOOST_TEST(port.partner.system.is_zero());
  }
}

BOOST_AUTO_TEST_CASE(each_lacpdu_starts_the_timeout_anew) {
  meet();
  for (int i = 0; i < 5; ++i) {
    ticks(29);
    hear();
  }
  BOOST_TEST((port.receive == State::current));
}

BOOST_AUTO_TEST_CASE(another_partner_or_key_unselects_the_port_and_the_same_does_not) {
  meet();
  port.selected = true;
  hear(0x3f);
  BOOST_TEST(port.selected);
  LacpEnd other = partner_end();
  const auto differs = [&](auto change) {
    port.selected = true;
    port.partner = partner_end();
    other = partner_end();
    change();
    hear(other, port.actor);
    BOOST_TEST(!port.selected);
  };
  differs([&] { other.system.octets[5] = 9; });
  differs([&] { other.system_priority = 1; });
  differs([&] { other.key = 13; });
  differs([&] { other.port = 2; });
  differs([&] { other.port_priority = 2; });
  differs([&] { other.state = 0x03; });
}

BOOST_AUTO_TEST_CASE(a_partner_that_has_us_wrong_is_told) {
  meet();
  const auto asks = [&](auto change) {
    LacpEnd of_us = port.actor;
    change(of_us);
    port.ntt = false;
    hear(partner_end(), of_us);
    return port.ntt;
  };
  BOOST_TEST(!asks([](LacpEnd&) {}));
  BOOST_TEST(asks([](LacpEnd& us) { us.port = 7; }));
  BOOST_TEST(asks([](LacpEnd& us) { us.key = 7; }));
  BOOST_TEST(asks([](LacpEnd& us) { us.system = test::far_system; }));
  BOOST_TEST(asks([](LacpEnd& us) { us.state ^= lacp_state::activity; }));
  BOOST_TEST(asks([](LacpEnd& us) { us.state ^= lacp_state::timeout; }));
  BOOST_TEST(asks([](LacpEnd& us) { us.state ^= lacp_state::aggregation; }));
  BOOST_TEST(asks([](LacpEnd& us) { us.state ^= lacp_state::synchronization; }));
  BOOST_TEST(!asks([](LacpEnd& us) { us.state ^= lacp_state::collecting | lacp_state::distributing; }));
}

BOOST_AUTO_TEST_CASE(a_partner_is_in_sync_only_when_it_means_this_port_or_an_individual_link) {
  meet();
  hear(partner_end(0x0f), port.actor);
  BOOST_TEST(port.matched);
  BOOST_TEST(port.partner_has(lacp_state::synchronization));
  LacpEnd of_us = port.actor;
  of_us.port = 3;
  hear(partner_end(0x0f), of_us);
  BOOST_TEST(!port.matched);
  BOOST_TEST(!port.partner_has(lacp_state::synchronization));
  hear(partner_end(0x0b), of_us);
  BOOST_TEST(port.partner_has(lacp_state::synchronization));
}

BOOST_AUTO_TEST_CASE(a_port_that_loses_link_keeps_its_partner_on_record) {
  meet();
  port.enabled = false;
  receive_tick(port);
  BOOST_TEST((port.receive == State::port_disabled));
  BOOST_TEST(!port.matched);
  BOOST_TEST((port.partner == partner_end()));
}

BOOST_AUTO_TEST_SUITE_END()

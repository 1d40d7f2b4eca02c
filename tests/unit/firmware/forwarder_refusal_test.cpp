// What becomes of frames that a NIC refuses.
#include <cerrno>

#include "firmware/forwarder.hpp"
#include "tests/unit/firmware/forwarder_fixture.hpp"

namespace bondbox::test {

BOOST_FIXTURE_TEST_SUITE(forwarder_refusal, ForwarderFixture)

BOOST_AUTO_TEST_CASE(frames_that_a_port_without_link_refuses_go_to_the_next_in_the_same_call) {
  for (const int error : {ENETDOWN, ENXIO, ENODEV}) {
    ForwarderFixture bond;
    bond.use(Spread::single, {0}, {2, 1});
    bond.nics[0].refuse_after(3, error);
    bond.to_ports(10);
    BOOST_TEST(bond.sent(0) == (Numbers{0, 1, 2}));
    BOOST_TEST(bond.sent(2) == (Numbers{3, 4, 5, 6, 7, 8, 9}));
    BOOST_TEST(bond.nics[1].transmit_calls == 0);
    BOOST_TEST(bond.counters(0).tx_frames == 3U);
    BOOST_TEST(bond.counters(0).tx_moved == 7U);
    BOOST_TEST(bond.counters(0).tx_refused == 0U);
    BOOST_TEST(bond.counters(2).tx_frames == 7U);
    BOOST_TEST(bond.counters(2).tx_bytes == 7U * 60);
  }
}

BOOST_AUTO_TEST_CASE(usable_ports_are_tried_before_fallbacks_until_one_has_link) {
  use(Spread::buckets, {0, 3}, {1, 2});
  nics[0].refuse_all(ENETDOWN);
  nics[3].refuse_after(1, ENETDOWN);
  nics[1].refuse_after(1, ENODEV);
  to_ports(4);
  BOOST_TEST(sent(3) == Numbers{0});
  BOOST_TEST(sent(1) == Numbers{1});
  BOOST_TEST(sent(2) == (Numbers{2, 3}));
  BOOST_TEST(counters(0).tx_moved == 4U);
  for (const std::uint8_t port : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{3}})
    BOOST_TEST(counters(port).tx_refused == 0U);
}

BOOST_AUTO_TEST_CASE(a_port_that_has_gone_is_one_without_link) {
  use(Spread::single, {0}, {1});
  table[0] = nullptr;
  to_ports(2);
  BOOST_TEST(sent(1) == (Numbers{0, 1}));
  BOOST_TEST(counters(0).tx_moved == 2U);
  BOOST_TEST(forwarder.take_link_doubt());
}

BOOST_AUTO_TEST_CASE(frames_that_no_port_takes_are_counted_where_they_were_meant_to_leave) {
  use(Spread::single, {0}, {1, 2});
  for (const std::size_t port : {0U, 1U}) nics[port].refuse_all(ENETDOWN);
  table[2] = nullptr;
  to_ports(5);
  BOOST_TEST(counters(0).tx_refused == 5U);
  BOOST_TEST(counters(0).tx_moved == 0U);
  BOOST_TEST(counters(1).tx_refused == 0U);
  BOOST_TEST(nics[3].transmit_calls == 0);
}

BOOST_AUTO_TEST_CASE(a_refusal_for_want_of_link_asks_for_a_look_at_the_links_once) {
  use(Spread::single, {0}, {1});
  to_ports(1);
  BOOST_TEST(!forwarder.take_link_doubt());
  nics[0].refuse_all(ENETDOWN);
  to_ports(1);
  BOOST_TEST(forwarder.take_link_doubt());
  BOOST_TEST(!forwarder.take_link_doubt());
}

BOOST_AUTO_TEST_CASE(a_full_queue_with_link_loses_one_frame) {
  use(Spread::single, {0}, {1});
  nics[0].refuse_one(2, ENOBUFS);
  to_ports(5);
  BOOST_TEST(sent(0) == (Numbers{0, 1, 3, 4}));
  BOOST_TEST(nics[1].transmit_calls == 0);
  BOOST_TEST(counters(0).tx_refused == 1U);
  BOOST_TEST(counters(0).tx_moved == 0U);
  BOOST_TEST(!forwarder.take_link_doubt());
}

BOOST_AUTO_TEST_CASE(a_full_queue_without_link_is_a_lost_link) {
  use(Spread::single, {0}, {1});
  nics[0].refuse_one(2, ENOBUFS);
  nics[0].sample.up = false;
  to_ports(5);
  BOOST_TEST(sent(0) == (Numbers{0, 1}));
  BOOST_TEST(sent(1) == (Numbers{2, 3, 4}));
  BOOST_TEST(forwarder.take_link_doubt());
}

BOOST_AUTO_TEST_CASE(a_port_that_is_busy_loses_the_rest_and_is_not_asked_again) {
  use(Spread::single, {0}, {1});
  nics[0].refuse_after(2, EAGAIN);
  to_ports(5);
  BOOST_TEST(sent(0) == (Numbers{0, 1}));
  BOOST_TEST(nics[0].transmit_calls == 1);
  BOOST_TEST(nics[1].transmit_calls == 0);
  BOOST_TEST(counters(0).tx_refused == 3U);
  BOOST_TEST(!forwarder.take_link_doubt());
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_too_long_or_malformed_is_passed_over) {
  for (const int error : {EMSGSIZE, EINVAL}) {
    ForwarderFixture bond;
    bond.use(Spread::single, {0}, {1});
    bond.nics[0].refuse_one(1, error);
    bond.to_ports(4);
    BOOST_TEST(bond.sent(0) == (Numbers{0, 2, 3}));
    BOOST_TEST(bond.counters(0).tx_refused == 1U);
    BOOST_TEST(bond.nics[1].transmit_calls == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_stand_in_treats_its_own_refusals_like_any_port) {
  use(Spread::single, {0}, {1, 2});
  nics[0].refuse_all(ENETDOWN);
  nics[1].refuse_one(1, EMSGSIZE);
  to_ports(4);
  BOOST_TEST(sent(1) == (Numbers{0, 2, 3}));
  BOOST_TEST(nics[2].transmit_calls == 0);
  BOOST_TEST(counters(0).tx_moved == 4U);
  BOOST_TEST(counters(0).tx_refused == 0U);
  BOOST_TEST(counters(1).tx_refused == 1U);
  BOOST_TEST(counters(1).tx_frames == 3U);
}

BOOST_AUTO_TEST_CASE(copies_for_every_port_never_move) {
  use(Spread::copy_to_all, {0, 1}, {2});
  nics[0].refuse_after(1, ENETDOWN);
  to_ports(3);
  BOOST_TEST(sent(0) == Numbers{0});
  BOOST_TEST(sent(1) == (Numbers{0, 1, 2}));
  BOOST_TEST(nics[2].transmit_calls == 0);
  BOOST_TEST(counters(0).tx_refused == 2U);
  BOOST_TEST(counters(0).tx_moved == 0U);
  BOOST_TEST(forwarder.take_link_doubt());
}

BOOST_AUTO_TEST_CASE(refused_frames_are_not_sent_with_the_next_batch) {
  use(Spread::single, {0});
  nics[0].refuse_all(EAGAIN);
  to_ports(3);
  nics[0].refuse_all(0);
  to_ports({numbered(7)});
  BOOST_TEST(sent(0) == Numbers{7});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

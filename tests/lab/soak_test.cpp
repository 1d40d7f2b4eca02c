// The short form of `make soak`, and what its ledger calls a fault.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/soak/soak.hpp"

namespace bondbox::soak {

namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t window = 300 * ms;

/// A packet each millisecond from 0 on, all of which arrived.
std::vector<bench::NumberedFlow::Packet> flow(std::size_t count) {
  std::vector<bench::NumberedFlow::Packet> packets(count);
  for (std::size_t i = 0; i < count; ++i) {
    packets[i].sent_ns = static_cast<std::int64_t>(i) * ms;
    packets[i].arrived_ns = packets[i].sent_ns + ms / 10;
    packets[i].copies = 1;
  }
  return packets;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_soak)

BOOST_AUTO_TEST_CASE(a_packet_is_laid_to_the_last_thing_that_may_have_cost_it) {
  Ledger ledger(window);
  std::vector<bench::NumberedFlow::Packet> packets = flow(3'000);
  const std::vector<Happening> happenings = {{Kind::pull_far, 1'000 * ms, 1'000 * ms, true, false},
                                             {Kind::asked, 1'010 * ms, 1'020 * ms, false, false},
                                             {Kind::back, 1'200 * ms, 1'201 * ms, true, false},
                                             {Kind::switched, 2'000 * ms, 2'100 * ms, false, true}};
  for (const std::size_t lost : {1'001U, 1'030U, 1'299U}) packets[lost].copies = 0;
  ledger.note(happenings);
  ledger.add(Way::out, packets, 0, happenings);
  BOOST_TEST(ledger.totals(Way::out).lost == 3U);
  BOOST_TEST(ledger.totals(Way::out).unexplained == 0U);
  BOOST_TEST(ledger.row(Kind::pull_far).lost[0] == 2U);
  BOOST_TEST(ledger.row(Kind::pull_far).worst == 2U);
  BOOST_TEST(ledger.row(Kind::pull_far).latest_ms == 30.0);
  BOOST_TEST(ledger.row(Kind::back).lost[0] == 1U);
  BOOST_TEST(ledger.row(Kind::asked).cost_something == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_lost_doubled_or_out_of_order_without_a_cause_is_told) {
  Ledger ledger(window);
  std::vector<bench::NumberedFlow::Packet> packets = flow(3'000);
  const std::vector<Happening> happenings = {{Kind::pull_far, 1'000 * ms, 1'000 * ms, true, false},
                                             {Kind::set, 1'900 * ms, 1'901 * ms, false, false},
                                             {Kind::switched, 2'000 * ms, 2'100 * ms, false, true}};
  packets[900].copies = 0;    // before it
  packets[1'301].copies = 0;  // after its window
  packets[1'905].copies = 0;  // an option is no excuse
  packets[2'050].copies = 0;  // nor is a switch, for a loss
  packets[2'060].reordered = true;
  packets[2'600].reordered = true;
  packets[2'700].copies = 2;
  ledger.add(Way::in, packets, 0, happenings);
  const Totals& totals = ledger.totals(Way::in);
  BOOST_TEST(totals.unexplained == 4U);
  BOOST_TEST(totals.reordered_in_window == 1U);
  BOOST_TEST(totals.reordered == 1U);
  BOOST_TEST(totals.doubled == 1U);
  BOOST_TEST(ledger.unexplained().size() == 5U);
  BOOST_TEST(ledger.totals(Way::out).lost == 0U);
}

BOOST_AUTO_TEST_CASE(a_packet_that_waited_as_its_neighbours_did_is_laid_to_what_came_meanwhile) {
  std::vector<bench::NumberedFlow::Packet> packets = flow(3'000);
  for (std::size_t i = 1'400; i < 1'500; ++i) packets[i].arrived_ns += 80 * ms;
  packets[1'450].copies = 0;
  packets[2'850].copies = 0;
  const std::vector<Happening> happenings = {{Kind::removal, 1'500 * ms, 1'500 * ms, true, false},
                                             {Kind::removal, 2'900 * ms, 2'900 * ms, true, false}};
  Ledger ledger(window);
  ledger.add(Way::in, packets, 0, happenings);
  BOOST_TEST(ledger.totals(Way::in).lost == 2U);
  BOOST_TEST(ledger.totals(Way::in).unexplained == 1U);
  BOOST_TEST(ledger.row(Kind::removal).lost[1] == 1U);
}

BOOST_AUTO_TEST_CASE(what_waits_in_a_port_that_is_left_may_not_be_lost_but_with_a_process_that_is_killed) {
  for (const Kind kind : {Kind::removal, Kind::killed}) {
    std::vector<bench::NumberedFlow::Packet> packets = flow(3'000);
    for (std::size_t i = 1'400; i < 1'500; ++i) packets[i].arrived_ns += 80 * ms;
    packets[1'425].copies = 0;
    packets[1'480].copies = 0;  // may have left later than its stamp says
    const std::vector<Happening> happenings = {{kind, 1'500 * ms, 1'500 * ms, true, false}};
    Ledger ledger(window, true);
    ledger.add(Way::in, packets, 0, happenings);
    ledger.add(Way::out, packets, 0, happenings);
    BOOST_TEST(ledger.totals(Way::in).unexplained == (kind == Kind::killed ? 0U : 1U));
    BOOST_TEST(ledger.totals(Way::out).unexplained == 0U);
    BOOST_TEST(ledger.row(kind).lost[1] == (kind == Kind::killed ? 2U : 1U));
  }
}

BOOST_DATA_TEST_CASE(pulls_and_commands_cost_no_packet_that_they_may_not, boost::unit_test::data::make({false, true}),
                     bpf) {
  Settings settings;
  settings.bpf = bpf;
  settings.seconds = 8;
  settings.rate = 500;
  settings.window_ms = 1'000;  // the machine is busy with other tests
  settings.seed = bpf ? 12 : 11;
  const Result result = run_soak(settings, [](const std::string& line) { BOOST_TEST_MESSAGE(line); });
  BOOST_TEST(result.broken.empty(), table_of(result));
  BOOST_TEST(result.ledger.row(Kind::pull_far).happened > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::soak

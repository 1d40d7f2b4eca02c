// An event as a line for a person.
#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>

#include "firmware/render.hpp"

namespace bondbox::test {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(render_events)

BOOST_AUTO_TEST_CASE(an_event_is_a_line_with_wall_time_tick_and_outage) {
  Event event;
  event.at = Tick{1'500};
  event.bond.assign("bond0");
  event.port.assign("eth1");
  event.text.assign("making interface the new active one");
  const WallClock wall{1'795'354'300'250};
  BOOST_TEST(render_event(event, wall) ==
             "2026-11-22T13:31:41.750Z       1500 bond0: (slave eth1): making interface the new active one\n");
  event.outage_ms_max = 42;
  BOOST_TEST(has(render_event(event, wall), "one (traffic interrupted for at most 42 ms)\n"));
}

BOOST_AUTO_TEST_CASE(an_event_tells_its_cause_behind_a_semicolon_or_behind_the_end_of_a_sentence) {
  Event event;
  event.bond.assign("bond0");
  event.text.assign("carrier off");
  event.cause.assign("no port can send");
  BOOST_TEST(has(render_event(event, WallClock{}), "bond0: carrier off; no port can send\n"));
  event.text.assign("now running without any active interface!");
  event.cause.assign("eth0 has no link");
  BOOST_TEST(has(render_event(event, WallClock{}), "active interface! eth0 has no link\n"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

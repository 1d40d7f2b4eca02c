// Mode 4 when something happens to a running partnership that LACP itself did not begin.
#include <boost/test/unit_test.hpp>

#include "tests/support/lacp_bench.hpp"

namespace {

using namespace bondbox;
using test::Frame;
using test::LacpBench;
using test::station_mac;

struct Partnership : LacpBench {
  explicit Partnership(std::size_t cables = 2) : LacpBench(cables) {
    start();
    BOOST_REQUIRE(run_until_all_carry() > 0);
  }
};

Frame lacpdu_from(const MacAddress& system) {
  const wire::SmallFrame built = wire::build_lacpdu(system, {0xffff, system, 15, 255, 1, 0x07}, {});
  return {built.begin(), built.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lacp_upsets)

BOOST_AUTO_TEST_CASE(a_flood_of_lacpdus_on_one_port_costs_the_others_nothing) {
  Partnership bench(3);
  const Frame forged = lacpdu_from(station_mac(9));
  for (int ms = 0; ms < 8'000; ms += 10) {
    for (int i = 0; i < 200; ++i) bench.world.deliver("e0", forged);
    bench.run_for(10);
    BOOST_REQUIRE(bench.delivers("e1"));
    BOOST_REQUIRE(bench.delivers("e2"));
  }
  BOOST_TEST(bench.status().punts_lost > 0U);
}

BOOST_AUTO_TEST_CASE(a_flood_of_markers_does_not_silence_the_port_it_comes_in_by) {
  Partnership bench;
  Frame marker = lacpdu_from(station_mac(9));
  const std::uint8_t start[] = {2, 1, 1, 16};
  std::copy(std::begin(start), std::end(start), marker.begin() + 14);
  for (int ms = 0; ms < 8'000; ms += 10) {
    for (int i = 0; i < 200; ++i) bench.world.deliver("e0", marker);
    bench.run_for(10);
    BOOST_REQUIRE(bench.carrying() == 2U);
  }
}

BOOST_AUTO_TEST_CASE(what_came_for_a_port_that_was_released_is_not_taken_for_the_next_ports) {
  LacpBench bench(3);
  bench.near.ports = {"e0", "e1"};
  bench.start_near();
  bench.run_for(1'000);
  bench.world.deliver("e0", lacpdu_from(station_mac(9)));
  bench.scheduler.step();
  const PortId released = bench.port("e0").id;
  BOOST_REQUIRE(bench
                    .command([](Bond& bond) {
                      Outcome outcome = bond.release("e0");
                      return outcome.ok() ? bond.enslave("e2") : outcome;
                    })
                    .ok());
  BOOST_REQUIRE((bench.port("e2").id == released));
  BOOST_TEST(bench.lacp_port("e2").counters.lacpdu_received == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

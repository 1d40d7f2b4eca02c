// Targets behind a switch are asked whether they are there: what fails over, when, and what does not.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "firmware/render.hpp"
#include "tests/support/neighbours.hpp"

namespace {

using namespace bondbox;
using test::address_of;
using test::card_mac;
using test::NeighbourBench;
using test::station_mac;

constexpr auto per_element = boost::test_tools::per_element();
using Lines = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(arp_monitor_scenarios)

BOOST_AUTO_TEST_CASE(a_path_that_carries_nothing_is_left_though_it_keeps_its_light) {
  NeighbourBench bench({"e0", "e1"});
  bench.add(NeighbourBench::arp_config({"e0", "e1"}));
  bench.run_to(1'030);
  BOOST_TEST(bench.active() == "e0");
  BOOST_TEST(bench.port("e0").failures + bench.port("e1").failures == 0U);
  bench.take_events();
  bench.silence("e0");
  // Heard last at 1000: 250 ms later it is late, and the pass of 1300 sees it.
  BOOST_TEST(bench.run_until_active("e1") == 1'300);
  BOOST_TEST((bench.state("e0") == LinkState::down));
  BOOST_TEST(bench.port("e0").failures == 1U);
  BOOST_TEST(bench.card("e0").carrier);
  BOOST_TEST(bench.take_events() == (Lines{"1300 bond0: (slave e0): link status definitely down, disabling slave",
                                           "1300 bond0: (slave e1): making interface the new active one",
                                           "1300 bond0: told neighbours about 2 addresses"}),
             per_element);
  std::int64_t outage_ms = -1;
  bench.events.for_each_after(0, [&](const Event& event) { outage_ms = std::max(outage_ms, event.outage_ms_max); });
  BOOST_TEST(outage_ms == 300);
  bench.run_to(2'050);
  BOOST_TEST(bench.active() == "e1");
  bench.silence("e0", false);
  // As a backup it hears the question that e1 asks at 2100.
  BOOST_TEST(bench.run_until("e0", LinkState::up) == 2'200);
  BOOST_TEST(bench.active() == "e1");
  BOOST_TEST(bench.take_events() == (Lines{"2200 bond0: (slave e0): link status definitely up"}), per_element);
}

BOOST_AUTO_TEST_SUITE_END()

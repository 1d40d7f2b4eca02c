// Two bonds in mode 4 facing each other: negotiation, loss and return of a link, release.
#include <boost/test/unit_test.hpp>

#include "tests/support/lacp_bench.hpp"

namespace {

using namespace bondbox;
using test::LacpBench;

}  // namespace

BOOST_AUTO_TEST_SUITE(lacp)

BOOST_AUTO_TEST_CASE(two_active_bonds_at_fast_rate_carry_on_both_cables_within_2_9_s) {
  LacpBench bench;
  bench.start();
  const std::int64_t took = bench.run_until_all_carry();
  BOOST_TEST_MESSAGE("cable in to collecting and distributing: " << took << " ms");
  BOOST_TEST(took > 2'000);
  BOOST_TEST(took <= 2'900);
  bench.run_for(1'000);
  for (const char* bond : {"bond0", "bondB"}) {
    const LacpStatus status = bench.lacp(bond);
    BOOST_REQUIRE(status.active.has_value());
    BOOST_TEST(status.active->number == 1U);
    BOOST_TEST(status.active->ports == 2U);
    BOOST_TEST(status.active->actor_key == 15U);
    BOOST_TEST(status.active->partner_key == 15U);
    for (const LacpPortStatus& port : status.ports) {
      BOOST_TEST(port.actor.state == 63U);
      BOOST_TEST(port.partner.state == 63U);
      BOOST_TEST(port.partner.port == port.actor.port);
    }
  }
  for (const std::string& line : bench.take_events()) BOOST_TEST_MESSAGE(line);
}

BOOST_AUTO_TEST_SUITE_END()

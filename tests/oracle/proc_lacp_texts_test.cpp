// Every /proc/net/bonding text that was recorded of an 802.3ad bond (Linux 6.1.176), reproduced byte for byte by
// playing its story on simulated NICs.
#include <boost/test/unit_test.hpp>
#include <string>

#include "firmware/render.hpp"
#include "tests/support/lacp_bench.hpp"
#include "tests/support/recorded_texts.hpp"

namespace bondbox::test {

BOOST_AUTO_TEST_SUITE(proc_lacp_texts)

BOOST_AUTO_TEST_CASE(the_recorded_partnership_is_reproduced_at_both_ends_and_through_a_lost_link) {
  LacpBench bench;
  bench.near.options.xmit_hash_policy = HashPolicy::layer34;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() >= 0);
  bench.run_for(2'000);
  BOOST_TEST(render_proc(bench.status()) == recorded_text("proc.lacp.bond0.txt"));
  BOOST_TEST(render_proc(bench.status("bondB")) == recorded_text("proc.lacp.bondB.txt"));

  bench.link("p0", false);
  bench.run_for(1'500);
  BOOST_TEST(render_proc(bench.status()) == recorded_text("proc.lacp.p0down.txt"));
  bench.link("p0", true);
  bench.run_for(6'000);
  BOOST_TEST(render_proc(bench.status()) == recorded_text("proc.lacp.p0back.txt"));
}

BOOST_AUTO_TEST_CASE(the_recorded_states_of_a_bond_without_a_partner_are_reproduced) {
  const auto states = recorded_states();
  SimBench bench({"e0"});
  BondConfig config = SimBench::config({});
  config.options.mode = Mode::lacp_8023ad;
  bench.add(config);
  bench.run_for(500);
  BOOST_TEST(render_proc(bench.status()) == states.at("3ad no slaves"));
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.enslave("e0"); }).ok());
  bench.run_for(6'000);
  BOOST_TEST(render_proc(bench.status()) == states.at("3ad no partner after 6 s"));
  BOOST_TEST(render_proc(bench.status(), ProcReader::anybody) == recorded_text_for_nobody());
  bench.link("e0", false);
  bench.run_for(1'000);
  BOOST_TEST(render_proc(bench.status()) == states.at("3ad slave down"));
}

BOOST_AUTO_TEST_CASE(whenever_the_text_changes_the_version_that_publishes_it_does) {
  LacpBench bench;
  bench.start();
  std::string text;
  std::uint64_t version = 0;
  int changes = 0;
  for (int i = 0; i < 700; ++i) {
    if (i == 300) bench.link("p0", false);
    if (i == 500) bench.link("p0", true);
    bench.run_for(10);
    const std::string now = render_proc(bench.status());
    const std::uint64_t version_now = bench.bond().status_version();
    if (now != text) {
      ++changes;
      BOOST_TEST(version_now != version, "at " << bench.now() << ":\n" << now);
    }
    text = now;
    version = version_now;
  }
  BOOST_TEST(changes > 5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

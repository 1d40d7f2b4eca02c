// /proc/net/bonding of an active-backup bond with the ARP monitor, reproduced byte for byte by playing its story on
// simulated NICs. Recorded on Linux 6.1.176 (HZ=100) with e0 and e1 on veth pairs whose far ends were ports of a bridge
// with 10.0.0.254, 10.0.0.253 and fd10::254, arp_ignore=1; arp_interval 200, arp_missed_max 3, arp_validate all,
// primary e0: healthy (proc.arp.txt), 1.5 s after e0's far end left the bridge (proc.arp.failover.txt), and while a
// port was looked for after e1's had left, too (proc.arp.search.txt).
#include <boost/test/unit_test.hpp>
#include <string>

#include "firmware/render.hpp"
#include "tests/support/neighbours.hpp"
#include "tests/support/recorded_texts.hpp"

namespace {

using namespace bondbox;
using test::address_of;
using test::NeighbourBench;

}  // namespace

BOOST_AUTO_TEST_SUITE(arp_texts)

BOOST_AUTO_TEST_CASE(the_recorded_texts_of_an_arp_monitored_bond_are_reproduced) {
  NeighbourBench bench({"e0", "e1"}, {"10.0.0.254", "10.0.0.253", "fd10::254"});
  BondConfig config = NeighbourBench::arp_config({"e0", "e1"});
  config.options.arp_interval_ms = 200;
  config.options.arp_missed_max = 3;
  config.options.arp_validate = ArpValidate::all;
  config.options.primary = "e0";
  config.options.arp_ip_targets.push_back(address_of("10.0.0.253"));
  config.options.ns_ip6_targets.push_back(address_of("fd10::254"));
  bench.add(config);
  const auto text = [&] { return render_proc(bench.status()); };

  bench.run_to(2'000);
  BOOST_TEST(text() == test::recorded_text("proc.arp.txt"));
  bench.silence("e0");
  bench.run_to(3'500);
  BOOST_TEST(text() == test::recorded_text("proc.arp.failover.txt"));
  bench.silence("e1");
  const std::string wanted = test::recorded_text("proc.arp.search.txt");
  bool seen = false;
  for (int i = 0; i < 20 && !seen; ++i) {
    bench.run_for(100);
    seen = text() == wanted;
  }
  BOOST_TEST(seen, text());
}

BOOST_AUTO_TEST_SUITE_END()

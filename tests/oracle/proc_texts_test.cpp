// Every /proc/net/bonding text that was recorded of an active-backup bond (Linux 6.1.176), reproduced byte for byte by
// playing its story on simulated NICs. Only the version after "v" is bondbox's own.
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "firmware/render.hpp"
#include "tests/support/recorded_texts.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::SimBench;

/// The recorded texts of active-backup bonds by their headings.
std::map<std::string, std::string> active_backup_texts() {
  std::map<std::string, std::string> texts = test::recorded_states();
  std::erase_if(
      texts, [](const auto& text) { return text.second.find("fault-tolerance (active-backup)") == std::string::npos; });
  return texts;
}

BondConfig two_ports(std::uint32_t delay_ms = 0) {
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.updelay_ms = delay_ms;
  config.options.downdelay_ms = delay_ms;
  return config;
}

using Texts = std::map<std::string, std::string>;

std::string text_now(SimBench& bench) {
  return render_proc(bench.status());
}

/// One bond through the first six situations: both delays 5 s, e1 still in its updelay when e0 loses its link.
void play_delays(bool events, Texts& texts) {
  SimBench bench({"e0", "e1"});
  bench.world.events_enabled = events;
  bench.add(two_ports(5'000));
  const auto show_at = [&](std::int64_t tick, const char* heading) {
    bench.run_to(tick);
    texts[heading] = text_now(bench);
  };
  bench.link(1'000, "e0", false);
  show_at(1'500, "AB downdelay 5000, 0.5s after carrier loss");
  show_at(7'500, "AB 6.5 s after");
  bench.link(8'000, "e0", true);
  show_at(8'500, "AB updelay, .5 s after carrier back");
  bench.link(9'000, "e1", false);
  show_at(9'500, "AB other going down");
  bench.link(10'000, "e0", false);
  show_at(15'000, "AB all down");
  bench.link(16'000, "e0", true);
  show_at(16'500, "AB none-active: e0 came back with updelay 5000: ignore");
}

void play_no_primary(bool events, Texts& texts) {
  SimBench bench({"e0", "e1"});
  bench.world.events_enabled = events;
  bench.add(two_ports());
  bench.run_to(1'000);
  texts["AB no primary"] = text_now(bench);
}

void play_unmonitored(bool events, Texts& texts) {
  SimBench bench({"e0", "e1"});
  bench.world.events_enabled = events;
  BondConfig config = two_ports();
  config.options.miimon_ms = 0;
  config.options.unmonitored = true;
  bench.add(config);
  bench.link(500, "e0", false);
  bench.link(500, "e1", false);
  bench.run_to(2'000);
  texts["AB miimon=0 both carriers down"] = text_now(bench);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(proc_texts)

BOOST_AUTO_TEST_CASE(every_recorded_state_of_an_active_backup_bond_is_reproduced) {
  const Texts wanted = active_backup_texts();
  BOOST_REQUIRE_EQUAL(wanted.size(), 8U);
  for (const bool events : {false, true}) {
    Texts played;
    play_delays(events, played);
    play_no_primary(events, played);
    play_unmonitored(events, played);
    for (const auto& [heading, text] : wanted) BOOST_TEST(played[heading] == text, heading << "\n" << played[heading]);
    BOOST_TEST(played.size() == wanted.size());
  }
}

BOOST_AUTO_TEST_CASE(the_text_after_the_recorded_failover_is_reproduced) {
  SimBench bench({"e0", "e1"});
  BondConfig config = two_ports();
  config.options.num_peer_notif = 3;
  config.options.peer_notif_delay_ms = 300;
  bench.add(config);
  bench.link(4'330, "e0", false);
  bench.run_to(5'000);
  BOOST_TEST(text_now(bench) == test::recorded_text("proc.ab.failover.txt"));
}

BOOST_AUTO_TEST_SUITE_END()

// Every /proc/net/bonding text that was recorded of an active-backup bond (Linux 6.1.176), reproduced byte for byte by
// playing its story on simulated NICs. Only the version after "v" is bondbox's own.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/render.hpp"
#include "firmware/version.hpp"
#include "tests/support/sim_bench.hpp"

#ifndef BONDBOX_SOURCE_DIR
#define BONDBOX_SOURCE_DIR "."
#endif

namespace {

using namespace bondbox;
using test::SimBench;

std::string recorded(const std::string& name) {
  const std::string path = BONDBOX_SOURCE_DIR "/tests/oracle/data/" + name;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  BOOST_REQUIRE_MESSAGE(file != nullptr, "cannot read " << path);
  std::array<char, 4096> part{};
  std::string text;
  for (std::size_t got; (got = std::fread(part.data(), 1, part.size(), file.get())) != 0;)
    text.append(part.data(), got);
  const std::string kernel = "Driver: v6.1.176\n";
  const std::string ours = "Driver: v" + std::string(version()) + "\n";
  for (std::size_t at; (at = text.find(kernel)) != std::string::npos;) text.replace(at, kernel.size(), ours);
  return text;
}

/// The recorded texts of active-backup bonds by their headings; the file ends with a line "done".
std::map<std::string, std::string> active_backup_texts() {
  const std::string file = recorded("proc_states.txt");
  const std::string mark = "##### ";
  std::map<std::string, std::string> texts;
  for (std::size_t at = file.find(mark); at != std::string::npos;) {
    const std::size_t next = file.find(mark, at + 1);
    const std::size_t line_end = file.find('\n', at);
    std::string body = file.substr(line_end + 1, next == std::string::npos ? next : next - line_end - 1);
    if (next == std::string::npos && body.ends_with("done\n")) body.resize(body.size() - 5);
    if (body.find("fault-tolerance (active-backup)") != std::string::npos)
      texts[file.substr(at + mark.size(), line_end - at - mark.size())] = body;
    at = next;
  }
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
  BOOST_TEST(text_now(bench) == recorded("proc.ab.failover.txt"));
}

BOOST_AUTO_TEST_SUITE_END()

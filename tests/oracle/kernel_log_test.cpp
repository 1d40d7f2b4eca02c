// What the kernel driver said of links, failovers and ports (Linux 6.1.176, under user-mode-linux, recorded for this
// test), said again by bondbox in the same order when the same happens to it in simulation. dmesg.*.txt are what dmesg
// showed, without the lines of others. The stories' times leave room for the recording kernel's timers, which run a
// tenth late.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/sim_bench.hpp"
#include "tests/support/source_dir.hpp"

namespace bondbox::test {
namespace {

using Lines = std::vector<std::string>;

Lines recorded_lines(const std::string& name) {
  std::ifstream file(recording(name));
  BOOST_REQUIRE_MESSAGE(file.good(), name);
  Lines lines;
  for (std::string line; std::getline(file, line);) {
    // "[   31.130000] " stands before each line in some.
    if (line.starts_with("[")) line.erase(0, line.find("] ") + 2);
    if (line.starts_with("bond0: ")) lines.push_back(line);
  }
  return lines;
}

/// A bond without ports whose interface is up, as `ip link set bond0 up` leaves it.
struct Story : SimBench {
  explicit Story(Mode mode, std::uint32_t updelay = 0, std::uint32_t downdelay = 0) : SimBench({"e0", "e1"}) {
    world.events_enabled = false;
    BondConfig made = config({});
    made.options.mode = mode;
    made.options.updelay_ms = updelay;
    made.options.downdelay_ms = downdelay;
    add(made);
    for (const char* port : {"e0", "e1"}) {
      BOOST_REQUIRE(command([port](Bond& bond) { return bond.enslave(port); }).ok());
      run_for(300);
    }
    run_for(500);
  }

  void pull(const char* card, std::int64_t then_ms) {
    link(card, false);
    run_for(then_ms);
  }
  void put_back(const char* card, std::int64_t then_ms) {
    link(card, true);
    run_for(then_ms);
  }
  void release(const char* port) {
    BOOST_REQUIRE(command([port](Bond& bond) { return bond.release(port); }).ok());
    run_for(400);
  }

  /// What the kernel driver has sentences for; bondbox tells more.
  Lines told() const {
    Lines lines;
    events.for_each_after(0, [&](const Event& event) {
      const bool has_sentence =
          event.kind == EventKind::port || event.kind == EventKind::link || event.kind == EventKind::active;
      if (has_sentence && event.text.view() != "no active interface") lines.push_back(event_line(event));
    });
    return lines;
  }
};

void compare(const Lines& told, const Lines& recorded) {
  for (std::size_t i = 0; i < std::max(told.size(), recorded.size()); ++i) {
    const std::string ours = i < told.size() ? told[i] : "nothing";
    const std::string theirs = i < recorded.size() ? recorded[i] : "nothing";
    BOOST_TEST(ours == theirs, "line " << i + 1 << "\n  recorded: " << theirs << "\n  told:     " << ours);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kernel_log_oracle)

BOOST_AUTO_TEST_CASE(a_failover_and_a_return_by_hand) {
  Story story(Mode::active_backup);
  story.pull("e0", 2'000);
  story.put_back("e0", 2'000);
  BOOST_REQUIRE(story.set("active_slave", "e0").ok());
  Lines recorded = recorded_lines("dmesg.ab.txt");
  compare(story.told(), recorded);
}

BOOST_AUTO_TEST_CASE(delays_and_a_primary) {
  Story story(Mode::active_backup, 600, 400);
  BOOST_REQUIRE(story.set("primary", "e0").ok());
  story.run_for(1'500);
  story.pull("e0", 1'200);
  story.put_back("e0", 1'600);
  // Shorter than downdelay by the poll's grid on one kernel, longer on the other: recorded as lost.
  story.pull("e1", 550);
  story.put_back("e1", 1'000);
  story.pull("e1", 800);
  story.put_back("e1", 550);
  story.pull("e1", 1'000);
  story.put_back("e1", 1'200);
  story.link("e1", false);
  story.run_for(150);
  story.pull("e0", 1'200);
  story.put_back("e1", 1'500);
  story.put_back("e0", 1'200);
  compare(story.told(), recorded_lines("dmesg.delays.txt"));
}

BOOST_AUTO_TEST_CASE(a_released_port_whose_address_the_bond_keeps) {
  Story story(Mode::active_backup);
  BOOST_REQUIRE(story.set("active_slave", "e1").ok());
  story.run_for(400);
  story.release("e0");
  story.release("e1");
  compare(story.told(), recorded_lines("dmesg.release.txt"));
}

BOOST_AUTO_TEST_CASE(round_robin_without_any_link_for_a_while) {
  Story story(Mode::balance_rr);
  story.pull("e0", 500);
  story.pull("e1", 500);
  story.put_back("e1", 500);
  story.put_back("e0", 500);
  compare(story.told(), recorded_lines("dmesg.rr.txt"));
}

BOOST_AUTO_TEST_CASE(balance_alb) {
  Story story(Mode::balance_alb);
  story.pull("e0", 500);
  story.put_back("e0", 500);
  story.pull("e1", 500);
  story.put_back("e1", 500);
  compare(story.told(), recorded_lines("dmesg.alb.txt"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

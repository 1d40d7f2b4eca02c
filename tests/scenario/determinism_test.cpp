// The same scenario and seed give the same bytes: on the output and in every capture.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "firmware/simulation.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace bondbox;

constexpr const char* story = R"(
duration = "12s"
[bond.bond0]
mode = "active-backup"
ports = ["e0", "e1"]
address = ["192.0.2.1/24", "2001:db8::1/64"]
num_grat_arp = 3
peer_notif_delay = 300
updelay = 500
downdelay = 200
[bond.bond1]
mode = "active-backup"
ports = ["f0", "f1"]
address = ["192.0.2.2/24"]
[[nic]]
name = "e0"
mac = "02:00:00:00:0a:00"
speed = 10000
[[nic]]
name = "e1"
mac = "02:00:00:00:0a:01"
speed = 10000
[[nic]]
name = "f0"
[[nic]]
name = "f1"
[[wire]]
ends = ["e0", "sw"]
[[wire]]
ends = ["e1", "sw"]
[[wire]]
ends = ["f0", "sw"]
[[wire]]
ends = ["f1", "sw"]
[[at]]
time = "500ms"
link = { e0 = "down" }
[[at]]
time = "1s"
print = "proc"
[[at]]
time = "2s"
link = { e0 = "up" }
[[at]]
time = "2700ms"
print = "json"
[[at]]
time = "3s"
set = { bond0 = { active_slave = "e0" } }
[[at]]
time = "4s"
link = { f0 = "down" }
[[at]]
time = "11s"
print = "text"
)";

/// The files of a directory by name.
std::map<std::string, std::string> contents_of(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(entry.path().c_str(), "rb"), std::fclose);
    BOOST_REQUIRE(file != nullptr);
    std::array<char, 4096> part{};
    std::string& text = files[entry.path().filename().string()];
    for (std::size_t got; (got = std::fread(part.data(), 1, part.size(), file.get())) != 0;)
      text.append(part.data(), got);
  }
  return files;
}

struct Run {
  std::string output;
  std::map<std::string, std::string> captures;
};

Run run_story(std::uint32_t seed) {
  ScenarioResult read = load_scenario(story, "story.toml");
  BOOST_REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.errors[0].text()));
  const test::ScratchDirectory folder;
  Run run;
  Simulation simulation(std::move(read.scenario),
                        {.seed = seed, .timeline = true, .pcap_directory = folder.path(), .scenario_directory = ""},
                        [&](std::string_view text) { run.output += text; });
  const Outcome outcome = simulation.run();
  BOOST_REQUIRE_MESSAGE(outcome.ok(), outcome.reason);
  run.captures = contents_of(folder.path());
  return run;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(determinism)

BOOST_AUTO_TEST_CASE(a_scenario_run_twice_gives_the_same_output_and_the_same_captures) {
  const Run first = run_story(1);
  const Run second = run_story(1);
  BOOST_TEST(first.output == second.output);
  BOOST_TEST((first.captures == second.captures));
  BOOST_REQUIRE_EQUAL(first.captures.size(), 4U);
  // There is something in them that could have differed.
  for (const auto& [name, bytes] : first.captures) BOOST_TEST(bytes.size() > 24U, name << " holds no frame");
  BOOST_TEST(first.output.find("\"bonds\"") != std::string::npos);
  BOOST_TEST(first.output.find("making interface the new active one") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(nothing_random_is_in_an_active_backup_bond) {
  const Run first = run_story(1);
  const Run other_seed = run_story(4'711);
  BOOST_TEST(first.output == other_seed.output);
  BOOST_TEST((first.captures == other_seed.captures));
}

BOOST_AUTO_TEST_SUITE_END()

#include "firmware/simulation.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <string>

#include "hal/pcap/capture_file.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;

constexpr const char* two_ports = R"(
duration = "5s"
[bond.bond0]
mode = "active-backup"
ports = ["e0", "e1"]
[[nic]]
name = "e0"
mac = "02:00:00:00:0a:00"
[[nic]]
name = "e1"
mac = "02:00:00:00:0a:01"
)";

/// The simulation of `two_ports` and these steps.
struct Told {
  Outcome outcome;
  std::string output;

  bool has(std::string_view part) const { return output.find(part) != std::string::npos; }
};

Told tell(const std::string& steps, Simulation::Settings settings = {}) {
  ScenarioResult read = load_scenario(two_ports + steps, "test.toml");
  BOOST_REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.errors[0].text()));
  Told told;
  Simulation simulation(std::move(read.scenario), std::move(settings),
                        [&](std::string_view text) { told.output += text; });
  told.outcome = simulation.run();
  return told;
}

Simulation::Settings with_timeline() {
  Simulation::Settings settings;
  settings.timeline = true;
  return settings;
}

Simulation::Settings with_folders(std::string pcap, std::string scenario) {
  Simulation::Settings settings;
  settings.pcap_directory = std::move(pcap);
  settings.scenario_directory = std::move(scenario);
  return settings;
}

std::string at(const char* time, const char* what) {
  return std::string("[[at]]\ntime = \"") + time + "\"\n" + what + "\n";
}

std::size_t frames_in(const std::string& path) {
  auto reader = pcapio::CaptureReader::open(path);
  BOOST_REQUIRE(reader.ok());
  std::size_t count = 0;
  for (;; ++count) {
    const auto frame = reader.value().next();
    BOOST_REQUIRE(frame.ok());
    if (!frame.value()) return count;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(simulation)

BOOST_AUTO_TEST_CASE(ticks_are_said_in_the_largest_whole_unit) {
  BOOST_TEST(tick_text(Tick{0}) == "0s");
  BOOST_TEST(tick_text(Tick{500}) == "500ms");
  BOOST_TEST(tick_text(Tick{3'000}) == "3s");
  BOOST_TEST(tick_text(Tick{12'345}) == "12345ms");
}

BOOST_AUTO_TEST_CASE(nothing_is_printed_that_was_not_asked_for) {
  const Told told = tell(at("1s", "link = { e0 = \"down\" }"));
  BOOST_TEST(told.outcome.ok());
  BOOST_TEST(told.output == "");
}

BOOST_AUTO_TEST_CASE(print_shows_the_bond_under_its_time) {
  const Told told = tell(at("500ms", "link = { e0 = \"down\" }") + at("1s", "print = \"proc\"") +
                         at("2s", "print = \"text\"") + at("3s", "print = \"json\""));
  BOOST_TEST(told.outcome.ok());
  BOOST_TEST(told.output.starts_with("# 1s bond0\nEthernet Channel Bonding Driver: v"));
  BOOST_TEST(told.has("Currently Active Slave: e1\n"));
  BOOST_TEST(told.has("\n# 2s bond0\nbond0: active-backup, up, active port e1\n"));
  BOOST_TEST(told.has("\n# 3s bond0\n{\"version\":1,"));
}

BOOST_AUTO_TEST_CASE(what_happens_at_a_tick_happens_before_what_is_printed_at_it) {
  const Told told = tell(at("1s", "link = { e0 = \"down\" }\nprint = \"proc\"") + at("1s", "print = \"proc\""));
  const std::size_t second = told.output.find("# 1s bond0", 1);
  BOOST_REQUIRE(second != std::string::npos);
  BOOST_TEST(told.output.substr(second).find("Currently Active Slave: e1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_drill_in_a_scenario_reports_when_it_has_ended) {
  const Told told = tell(at("505ms", "drill = { bond0 = [\"e0\", \"--pretend\", \"--for=1s\"] }"));
  BOOST_TEST(told.outcome.ok());
  // Seen with the poll of 600 ms, and again with that of 1600 ms.
  BOOST_TEST(
      told.output.starts_with("# 1600ms drill of bond0\nbond0: drill of e0, as if its link were gone, for 1 s\n"));
  BOOST_TEST(told.has("link missed after 95 ms, port left after 95 ms"));
  BOOST_TEST(told.has("given back  link after 95 ms, all as before after 95 ms"));
  BOOST_TEST(told.has("Outage: 95 ms.\n"));
}

BOOST_AUTO_TEST_CASE(a_drill_that_makes_no_sense_is_refused_with_its_place) {
  const ScenarioResult read =
      load_scenario(two_ports + at("1s", "drill = { bond0 = [\"e0\", \"--for=2\"] }"), "test.toml");
  BOOST_REQUIRE(!read.ok());
  BOOST_TEST(read.errors[0].text().find("--for takes a time from 10ms to 600s") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_timeline_tells_every_event_with_its_time) {
  const Told told = tell(at("500ms", "link = { e0 = \"down\" }"), with_timeline());
  BOOST_TEST(told.has("500ms bond0: (slave e0): link status definitely down, disabling slave\n"));
  BOOST_TEST(told.has("500ms bond0: (slave e1): making interface the new active one\n"));
}

BOOST_AUTO_TEST_CASE(a_refused_change_is_part_of_the_story) {
  const Told told =
      tell(at("1s", "set = { bond0 = { miimon = \"abc\" } }") + at("2s", "print = \"text\""), with_timeline());
  BOOST_TEST(told.outcome.ok());
  BOOST_TEST(told.has("1s bond0: refused: EINVAL: "));
  BOOST_TEST(told.has("# 2s bond0\n"));
}

BOOST_AUTO_TEST_CASE(every_kind_of_step_does_what_it_says) {
  const Told told =
      tell(at("500ms", "release = { bond0 = \"e1\" }") + at("600ms", "print = \"proc\"") +
               at("700ms", "enslave = { bond0 = \"e1\" }") + at("800ms", "activate = { bond0 = \"e1\" }") +
               at("900ms", "print = \"proc\"") + at("1s", "remove = \"e1\"") + at("1100ms", "print = \"text\"") +
               at("1200ms", "add = \"e1\"") + at("1300ms", "print = \"proc\"") +
               at("1400ms", "host = { bond0 = \"down\" }") + at("1500ms", "print = \"text\"") +
               at("1600ms", "host = { bond0 = \"up\" }\naddress = { bond0 = \"192.0.2.1/24\" }") +
               at("1700ms", "print = \"text\"") + at("1800ms", "address = { bond0 = \"-192.0.2.1/24\" }") +
               at("1900ms", "print = \"text\""),
           {});
  BOOST_REQUIRE_MESSAGE(told.outcome.ok(), told.outcome.reason);
  const auto shown = [&](const char* time, std::string_view part) {
    const std::size_t start = told.output.find(std::string("# ") + time + " bond0\n");
    BOOST_REQUIRE(start != std::string::npos);
    return told.output.substr(start, told.output.find("\n# ", start) - start).find(part) != std::string::npos;
  };
  BOOST_TEST(!shown("600ms", "Slave Interface: e1"));
  BOOST_TEST(shown("900ms", "Currently Active Slave: e1"));
  BOOST_TEST(shown("900ms", "Slave Interface: e1"));
  BOOST_TEST(shown("1100ms", "DEGRADED: e1 is awaited: the interface is gone"));
  BOOST_TEST(shown("1300ms", "Slave Interface: e1"));
  BOOST_TEST(shown("1500ms", "DOWN: bond0 is set down on the host"));
  BOOST_TEST(!shown("1700ms", "DOWN"));
  BOOST_TEST(shown("1700ms", "address 192.0.2.1"));
  BOOST_TEST(!shown("1900ms", "address 192.0.2.1"));
}

BOOST_AUTO_TEST_CASE(a_story_that_cannot_be_ends_where_it_cannot_go_on) {
  const Told told = tell(at("1s", "remove = \"e1\"") + at("2s", "remove = \"e1\"") + at("3s", "print = \"text\""));
  BOOST_TEST(told.outcome.error == ENODEV);
  BOOST_TEST(told.output == "");
}

BOOST_AUTO_TEST_CASE(bonds_facing_each_other_answer_within_the_tick) {
  ScenarioResult read = load_scenario(R"(
duration = "1s"
[bond.bondA]
mode = 1
ports = ["a0"]
[bond.bondB]
mode = 1
ports = ["b0"]
[[nic]]
name = "a0"
[[nic]]
name = "b0"
[[wire]]
ends = ["a0", "b0"]
[[at]]
time = "150ms"
bond = "bondB"
send = "frames.pcap"
[[at]]
time = "150ms"
print = { bondA = "json" }
)",
                                      "facing.toml");
  BOOST_REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.errors[0].text()));
  const test::ScratchDirectory folder;
  {
    auto writer =
        pcapio::CaptureWriter::create(folder.path() + "/frames.pcap", pcapio::CaptureWriter::Precision::microseconds);
    BOOST_REQUIRE(writer.ok());
    BOOST_REQUIRE(writer.value().write(0, test::data_frame(broadcast_mac, test::card_mac(0), 1)).ok());
  }
  std::string output;
  Simulation simulation(std::move(read.scenario), with_folders("", folder.path() + "/"),
                        [&](std::string_view text) { output += text; });
  const Outcome outcome = simulation.run();
  BOOST_REQUIRE_MESSAGE(outcome.ok(), outcome.reason);
  // bondA's turn in the step was over when the frame came.
  BOOST_TEST(output.find("\"rx\":{\"frames\":1,") != std::string::npos, output);
}

BOOST_AUTO_TEST_CASE(frames_of_a_capture_are_sent_whole_however_many_there_are) {
  const test::ScratchDirectory folder;
  constexpr std::uint32_t count = 1'000;
  {
    auto writer =
        pcapio::CaptureWriter::create(folder.path() + "/frames.pcap", pcapio::CaptureWriter::Precision::microseconds);
    BOOST_REQUIRE(writer.ok());
    for (std::uint32_t i = 0; i < count; ++i) {
      const test::Frame frame = test::data_frame(test::station_mac(0), test::card_mac(0), i);
      BOOST_REQUIRE(writer.value().write(i, frame).ok());
    }
    BOOST_REQUIRE(writer.value().close().ok());
  }
  const Told told = tell(at("1s", "send = \"frames.pcap\""), with_folders(folder.path(), folder.path() + "/"));
  BOOST_REQUIRE_MESSAGE(told.outcome.ok(), told.outcome.reason);
  BOOST_TEST(frames_in(folder.path() + "/e0.pcap") == count);
  BOOST_TEST(frames_in(folder.path() + "/e1.pcap") == 0U);
}

BOOST_AUTO_TEST_CASE(a_capture_that_is_not_there_ends_the_story) {
  const Told told = tell(at("1s", "send = \"nosuch.pcap\"") + at("2s", "print = \"text\""));
  BOOST_TEST(told.outcome.error == ENOENT);
  BOOST_TEST(!told.outcome.reason.empty());
  BOOST_TEST(told.output == "");
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_not_there_ends_it_before_it_begins) {
  const Told told = tell(at("1s", "print = \"text\""), with_folders("/nonexistent/folder", ""));
  BOOST_TEST(told.outcome.error == ENOENT);
  BOOST_TEST(told.output == "");
}

BOOST_AUTO_TEST_SUITE_END()

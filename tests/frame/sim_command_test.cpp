// `bondbox sim` as it is typed: what it leaves in files.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "hal/pcap/capture_file.hpp"
#include "tests/frame/command.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::test {

BOOST_AUTO_TEST_SUITE(sim_command)

BOOST_AUTO_TEST_CASE(captures_go_into_a_directory_that_is_made_and_a_trace_into_a_file_that_replays) {
  const ScratchDirectory scratch;
  const std::string scenario = scratch.path() + "/failover.toml";
  std::ofstream(scenario) << R"(duration = "2s"
[bond.bond0]
mode = "active-backup"
ports = ["e0", "e1"]
address = "192.0.2.1/24"
[[nic]]
name = "e0"
[[nic]]
name = "e1"
[[at]]
time = "1s"
link = { e0 = "down" }
)";
  const std::string captures = scratch.path() + "/new/captures";
  const std::string trace = scratch.path() + "/trace";
  const CommandResult played = run_bondbox("sim " + scenario + " --pcap " + captures + " --trace " + trace);
  BOOST_TEST(played.status == 0, played.err);
  // The failover is announced on e1.
  auto capture = pcapio::CaptureReader::open(captures + "/e1.pcap");
  BOOST_REQUIRE(capture.ok());
  const auto frame = capture.value().next();
  BOOST_TEST((frame.ok() && frame.value().has_value()));
  BOOST_TEST(std::filesystem::exists(captures + "/e0.pcap"));
  const CommandResult replayed = run_bondbox("replay " + trace);
  BOOST_TEST(replayed.status == 0, replayed.err);

  const CommandResult refused = run_bondbox("sim " + scenario + " --pcap " + scenario + "/below");
  BOOST_TEST(refused.status == 1);
  BOOST_TEST(refused.err.find("failover.toml") != std::string::npos, refused.err);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test

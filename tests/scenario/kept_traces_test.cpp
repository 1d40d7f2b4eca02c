// Traces that were recorded on one machine (x86_64) and step to the same, byte for byte, on every CPU that these tests
// run on: numbers have no size or byte order in them, and nothing that is decided hangs on either.
//
// What a bond decides, or says, may change with the program, and options are a part of what is recorded: then
// `make traces` records them anew.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "firmware/trace/replay.hpp"
#include "tests/support/lacp_bench.hpp"
#include "tests/support/recorded_failover.hpp"
#include "tests/support/sim_recording.hpp"
#include "tests/support/source_dir.hpp"

namespace {

using namespace bondbox;
using Bytes = std::vector<std::uint8_t>;
namespace fs = std::filesystem;

fs::path kept(const char* name) {
  return fs::path(test::source_dir()) / "tests/scenario/traces" / name;
}

Bytes read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Two bonds agree, a cable is pulled and plugged, the partner goes and comes back.
Bytes lacp_story() {
  test::LacpBench bench;
  bench.checkpoint_each = 0;
  bench.start();
  BOOST_TEST(bench.run_until_all_carry() >= 0);
  bench.link("e1", false);
  bench.run_for(500);
  bench.link("e1", true);
  bench.run_for(2'000);
  (void)bench.host("bondB").set_up(false);
  bench.settle();
  bench.run_for(4'000);
  (void)bench.host("bondB").set_up(true);
  bench.settle();
  bench.run_for(1'500);
  return test::trace_bytes(bench.recording->store);
}

trace::Replayed replay(const Bytes& file) {
  const auto read = trace::read_trace(file);
  BOOST_REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.failure().reason));
  trace::Replayed replayed = trace::replay_all(read.value());
  if (replayed.difference) {
    const trace::Difference& found = *replayed.difference;
    BOOST_ERROR("it differs at tick " << found.at.number << ": " << found.what << "; recorded: " << found.recorded
                                      << "; replayed: " << found.replayed
                                      << "; where that is meant to be so, `make traces` records anew");
  }
  return replayed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kept_traces)

BOOST_AUTO_TEST_CASE(a_failover_of_real_interfaces_steps_to_the_same_on_this_cpu) {
  const trace::Replayed replayed = replay(read_file(kept("lab-failover.trace")));
  BOOST_TEST(replayed.parts == 1U);
  BOOST_TEST(replayed.counts.plans >= 3U);
  BOOST_TEST(replayed.counts.events >= 8U);
  BOOST_TEST(replayed.counts.frames >= 1U);
}

BOOST_AUTO_TEST_CASE(a_story_of_lacp_steps_to_the_same_on_this_cpu) {
  const trace::Replayed replayed = replay(read_file(kept("lacp.trace")));
  BOOST_TEST(replayed.parts == 1U);
  BOOST_TEST(replayed.counts.actions >= 50U);
  BOOST_TEST(replayed.counts.plans >= 4U);
}

BOOST_AUTO_TEST_CASE(the_same_story_is_recorded_in_the_same_bytes_on_this_cpu) {
  const Bytes fresh = lacp_story();
  if (const char* const directory = std::getenv("BONDBOX_KEEP_TRACES")) {
    std::ofstream(fs::path(directory) / "lacp.trace", std::ios::binary)
        .write(reinterpret_cast<const char*>(fresh.data()), static_cast<std::streamsize>(fresh.size()));
    return;
  }
  // Headers tell which program it was.
  const auto records = [](const Bytes& file) {
    auto read = trace::read_trace(file);
    return read.ok() ? read.value().parts.at(0).records : Bytes{};
  };
  const Bytes now = records(fresh);
  const Bytes then = records(read_file(kept("lacp.trace")));
  const auto differs = std::mismatch(now.begin(), now.end(), then.begin(), then.end());
  BOOST_TEST((now == then), "from byte " << (differs.first - now.begin()) << " on; `make traces` records anew");
}

BOOST_AUTO_TEST_SUITE_END()

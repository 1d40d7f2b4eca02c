// The announcements that the kernel driver made in ab.p0.pcap and ab.p1.pcap, made again: which frames, on which port,
// in which order, how many passes of the link monitor after what caused them.
//
// The recording: active-backup, e0 and e1 with their far ends p0 and p1 in one bridge, miimon 100, num_grat_arp 3,
// peer_notif_delay 300, addresses 192.0.2.1 and fe80::ff:fe00:a00. e0 loses its link (dmesg.ab.txt, 35.46), comes back
// (37.88), and is written to active_slave (39.87). The bridge floods what e0 sends back out of p1, so that the second
// burst is in both files: the copy in p1's follows within a millisecond and is left out.
//
// Times: the recording kernel ran at 100 Hz, where the driver's timer for 100 ms fires each 110 ms. So times are not
// compared; passes are. The third announcement of each burst follows the second by peer_notif_delay / miimon = 3
// passes, which says how long a pass took; everything else is counted in those. What the monitor finds happens in a
// pass; what is written happens between two, and the first pass after it counts as one.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "hal/pcap/capture_file.hpp"
#include "tests/support/recorded_rows.hpp"
#include "tests/support/sim_bench.hpp"
#include "tests/support/source_dir.hpp"

namespace {

using namespace bondbox;
using test::Frame;
using test::is_gratuitous_arp;
using test::is_unsolicited_na;
using test::SimBench;

struct Spoken {
  std::string port;
  std::int64_t time_us = 0;
  Frame frame;
};
using Burst = std::vector<Spoken>;

bool is_announcement(wire::Bytes frame) {
  return (is_gratuitous_arp(frame) || is_unsolicited_na(frame)) &&
         MacAddress::load(frame.data() + 6) == test::card_mac(0);
}

Burst recorded_on(const char* file, const char* port) {
  auto reader = pcapio::CaptureReader::open(test::recording(file));
  BOOST_REQUIRE_MESSAGE(reader.ok(), (reader.ok() ? "" : reader.failure().reason));
  Burst all;
  for (;;) {
    const auto frame = reader.value().next();
    BOOST_REQUIRE(frame.ok());
    if (!frame.value()) return all;
    const wire::Bytes bytes = frame.value()->bytes;
    if (is_announcement(bytes)) all.push_back({port, frame.value()->time_ns / 1'000, {bytes.begin(), bytes.end()}});
  }
}

/// The burst after the failover, on e1, and the burst after the write, on e0.
std::vector<Burst> recorded_bursts() {
  const Burst on_e0 = recorded_on("ab.p0.pcap", "e0");
  Burst on_e1;
  for (Spoken& spoken : recorded_on("ab.p1.pcap", "e1")) {
    bool flooded = false;
    for (const Spoken& first : on_e0) {
      const std::int64_t later_us = spoken.time_us - first.time_us;
      flooded = flooded || (first.frame == spoken.frame && later_us >= 0 && later_us < 1'000);
    }
    if (!flooded) on_e1.push_back(std::move(spoken));
  }
  return {on_e1, on_e0};
}

/// The same story in simulation; time passes there as told, so that a pass takes 100 ms.
std::vector<Burst> played_bursts() {
  SimBench bench({"e0", "e1"});
  bench.world.events_enabled = false;
  BondConfig config = SimBench::config({"e0", "e1"});
  config.addresses = {IpPrefix::parse("192.0.2.1/24").value(), IpPrefix::parse("fe80::ff:fe00:a00/64").value()};
  config.options.num_peer_notif = 3;
  config.options.peer_notif_delay_ms = 300;
  bench.add(config);
  bench.run_to(2'000);
  std::vector<Burst> bursts(2);
  Burst* now_in = &bursts[0];
  bench.world.set_tap([&](const std::string& card, bool outgoing, Tick now, wire::Bytes frame) {
    if (outgoing) now_in->push_back({card, now.number * 1'000, {frame.begin(), frame.end()}});
  });
  bench.link(4'330, "e0", false);
  bench.link(6'720, "e0", true);
  bench.run_to(8'740);
  now_in = &bursts[1];
  BOOST_REQUIRE(bench.set("active_slave", "e0").ok());
  bench.run_to(12'000);
  return bursts;
}

/// "(slave e0): ..." of every line about a port of the bond that still runs, in order.
std::vector<std::string> recorded_log() {
  std::vector<std::string> lines;
  for (const auto& line : test::read_recorded_rows("dmesg.ab.txt")) {
    // A line may hold commas, at which the rows are split.
    std::string whole;
    for (const std::string& part : line) whole += (whole.empty() ? "" : ",") + part;
    const std::string about = "bond0: (slave ";
    if (const std::size_t at = whole.find(about); at != std::string::npos) lines.push_back(whole.substr(at));
  }
  return lines;
}

/// How many passes after the first frame each of them left. A frame follows its pass within 5 ms.
std::vector<std::int64_t> passes(const Burst& burst, std::int64_t pass_us) {
  std::vector<std::int64_t> found;
  constexpr std::int64_t slack_us = 5'000;
  for (const Spoken& spoken : burst)
    found.push_back((spoken.time_us - burst[0].time_us - slack_us + pass_us - 1) / pass_us);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ab_announcements)

BOOST_AUTO_TEST_CASE(the_recording_is_what_this_test_takes_it_for) {
  for (const Burst& burst : recorded_bursts()) {
    BOOST_REQUIRE_EQUAL(burst.size(), 6U);  // three times ARP and NA
    const std::int64_t pass_us = (burst[4].time_us - burst[2].time_us) / 3;
    BOOST_TEST(pass_us > 109'000);
    BOOST_TEST(pass_us < 111'000);
  }
}

BOOST_AUTO_TEST_CASE(the_same_frames_leave_on_the_same_ports_in_the_same_order_after_as_many_passes) {
  const std::vector<Burst> recorded = recorded_bursts();
  const std::vector<Burst> played = played_bursts();
  const std::vector<std::vector<std::int64_t>> offsets = {{0, 0, 2, 2, 5, 5}, {0, 0, 3, 3, 6, 6}};
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    BOOST_TEST_CONTEXT("burst " << i) {
      BOOST_REQUIRE_EQUAL(recorded[i].size(), 6U);
      BOOST_REQUIRE_EQUAL(played[i].size(), 6U);
      for (std::size_t n = 0; n < recorded[i].size(); ++n) {
        BOOST_TEST(played[i][n].port == recorded[i][n].port);
        BOOST_TEST(played[i][n].frame == recorded[i][n].frame, boost::test_tools::per_element());
      }
      const std::int64_t pass_us = (recorded[i][4].time_us - recorded[i][2].time_us) / 3;
      BOOST_TEST(passes(recorded[i], pass_us) == offsets[i], boost::test_tools::per_element());
      BOOST_TEST(passes(played[i], 100'000) == offsets[i], boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(the_events_tell_the_story_in_the_words_and_the_order_of_the_kernels_log) {
  SimBench bench({"e0", "e1"});
  bench.world.events_enabled = false;
  std::vector<std::string> told;
  bench.events.set_listener([&](const Event& event) {
    if (!event.port.empty()) told.push_back(event_line(event));
  });
  bench.add({"e0", "e1"});
  bench.link(4'330, "e0", false);
  bench.link(6'720, "e0", true);
  bench.run_to(8'740);
  BOOST_REQUIRE(bench.set("active_slave", "e0").ok());
  const std::vector<std::string> recorded = recorded_log();
  BOOST_TEST(recorded.size() == 7U);
  BOOST_TEST(told == recorded, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

// The LACPDUs and marker answers that the kernel driver sent, sent again: the recorded partner speaks to a bond at its
// recorded times, and the bond answers with the same frames in the same ticks.
//
// The recording (lacp.p0.pcap, lacp.p1.pcap): bond0 of e0 and e1 faces bondB of p0 and p1, both active at fast rate;
// the cable e0 - p0 is dark from about 11.4 s to 14.1 s; e0 is released at 21.2 s. The recording kernel ran at 100 Hz,
// where the driver's tick of 100 ms takes 110 ms: all times are counted in those. bond0's first tick lies 0.03 s before
// the first LACPDU on the wire is 0.08 s old; what the partner says in a tick of ours is heard right after it.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "hal/pcap/capture_file.hpp"
#include "hal/wire/ethernet.hpp"
#include "tests/support/lacp_bench.hpp"

#ifndef BONDBOX_SOURCE_DIR
#define BONDBOX_SOURCE_DIR "."
#endif

namespace {

using namespace bondbox;
using test::Frame;
using test::LacpBench;
using test::SpokenPdu;

constexpr std::int64_t recorded_tick_us = 110'000;
constexpr std::int64_t tick_ms = 100;

struct Recorded {
  std::string port;  ///< e0, e1, p0, p1: who sent it
  std::int64_t time_us = 0;
  Frame frame;
};

/// The slow protocol frames of a file, from both ends of the cable `number`.
std::vector<Recorded> recorded(const std::string& file, char number = '0') {
  auto reader = pcapio::CaptureReader::open(BONDBOX_SOURCE_DIR "/tests/oracle/data/" + file);
  BOOST_REQUIRE_MESSAGE(reader.ok(), (reader.ok() ? "" : reader.failure().reason));
  std::vector<Recorded> all;
  for (;;) {
    const auto next = reader.value().next();
    BOOST_REQUIRE(next.ok());
    if (!next.value()) return all;
    const wire::Bytes bytes = next.value()->bytes;
    const auto view = wire::EthernetView::parse(bytes);
    if (!view || view->ethertype() != wire::ethertype::slow_protocols) continue;
    const bool ours = view->source().octets[4] == 0x0a;
    all.push_back(
        {std::string(ours ? "e" : "p") + number, next.value()->time_ns / 1'000, {bytes.begin(), bytes.end()}});
  }
}

/// "tick 3 e0 actor 65535 02:... partner ...": everything an LACPDU says.
std::string told(std::int64_t tick, const std::string& port, const Frame& frame) {
  const auto pdu = wire::LacpduView::parse(wire::Bytes(frame).subspan(wire::ethernet_header_size));
  BOOST_REQUIRE(pdu.has_value());
  std::string text = "tick " + std::to_string(tick) + " " + port;
  for (const wire::LacpEnd& end : {pdu->actor(), pdu->partner()}) {
    text += " | " + std::to_string(end.system_priority) + " " + end.system.text() + " key " + std::to_string(end.key) +
            " port " + std::to_string(end.port_priority) + "/" + std::to_string(end.port) + " state " +
            std::to_string(end.state);
  }
  return text;
}

struct Story {
  std::vector<Recorded> heard;      ///< of p0 and p1, in order of time
  std::vector<std::string> kernel;  ///< what the kernel's bond0 said
  std::int64_t first_us = 0;        ///< the first frame
  std::int64_t tick_of(std::int64_t time_us) const {
    return (time_us - first_us + recorded_tick_us / 2) / recorded_tick_us;
  }
};

Story recorded_story(std::int64_t until_tick) {
  std::vector<Recorded> all = recorded("lacp.p0.pcap");
  for (Recorded& one : recorded("lacp.p1.pcap", '1')) all.push_back(std::move(one));
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    // What is said in one tick is said in order of ports.
    return std::abs(a.time_us - b.time_us) > 5'000 ? a.time_us < b.time_us : a.port < b.port;
  });
  Story story;
  story.first_us = all[0].time_us;
  for (Recorded& one : all) {
    const std::int64_t tick = story.tick_of(one.time_us);
    if (tick > until_tick) break;
    if (one.port[0] == 'p')
      story.heard.push_back(std::move(one));
    else
      story.kernel.push_back(told(tick, one.port, one.frame));
  }
  return story;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lacp_pdus)

BOOST_AUTO_TEST_CASE(bond0_says_what_the_kernels_said_in_the_same_ticks) {
  // Up to the release, which came between two ticks.
  constexpr std::int64_t last_tick = 190;
  const Story story = recorded_story(last_tick);
  BOOST_TEST(story.kernel.size() > 30U);

  std::vector<std::string> played;  // outlives the bench, whose bond says farewell

  // The first recorded frame lies in bond0's first tick, tick 0 here; the bond is set up at that moment.
  test::SimBench bench({"e0", "e1"});
  BondConfig config = test::SimBench::config({"e0", "e1"});
  config.options.mode = Mode::lacp_8023ad;
  config.options.lacp_rate = LacpRate::fast;
  bench.world.set_tap([&](const std::string& card, bool outgoing, Tick at, wire::Bytes frame) {
    if (outgoing) played.push_back(told(at.number / tick_ms, card, {frame.begin(), frame.end()}));
  });
  bench.add(config);
  bool dark = false;
  const auto run_to_tick = [&](std::int64_t tick, std::int64_t into_ms) {
    const std::int64_t at = tick * tick_ms + into_ms;
    constexpr std::int64_t dark_from = 104 * tick_ms - 50;
    constexpr std::int64_t dark_to = 128 * tick_ms - 50;
    if (!dark && at > dark_from && bench.now() < dark_from) {
      bench.link(dark_from, "e0", false);
      dark = true;
    }
    if (dark && at > dark_to) {
      bench.link(dark_to, "e0", true);
      dark = false;
    }
    bench.run_to(at);
  };
  for (const Recorded& one : story.heard) {
    run_to_tick(story.tick_of(one.time_us), 20);
    bench.card_receives(one.port == "p0" ? "e0" : "e1", one.frame);
  }
  run_to_tick(last_tick, 20);
  BOOST_TEST(played == story.kernel, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_released_port_says_what_the_kernels_said) {
  const std::vector<Recorded> all = recorded("lacp.p0.pcap");
  BOOST_REQUIRE(all.back().port == "e0");
  LacpBench bench;
  bench.start();
  BOOST_REQUIRE(bench.run_until_all_carry() > 0);
  bench.run_for(1'000);
  bench.take_spoken();
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("e0"); }).ok());
  const std::vector<SpokenPdu> spoken = bench.take_spoken();
  BOOST_REQUIRE(spoken.size() >= 1U);
  BOOST_TEST(spoken[0].card == "e0");
  BOOST_TEST(spoken[0].frame == all.back().frame, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_marker_is_answered_byte_for_byte_and_a_response_ignored) {
  const std::vector<Recorded> all = recorded("marker.pcap");
  std::vector<Frame> asked;
  std::vector<Frame> answered;
  for (const Recorded& one : all) {
    if (one.frame[wire::ethernet_header_size] != wire::slow_subtype::marker) continue;
    (one.port == "e0" ? answered : asked).push_back(one.frame);
  }
  BOOST_REQUIRE(asked.size() == 2U);
  BOOST_REQUIRE(answered.size() == 1U);
  LacpBench bench(1);
  bench.start_near();
  bench.run_for(50);
  bench.take_spoken();
  for (const Frame& frame : asked) bench.card_receives("e0", frame);
  const std::vector<SpokenPdu> spoken = bench.take_spoken();
  BOOST_REQUIRE(spoken.size() == 1U);
  BOOST_TEST(spoken[0].frame == answered[0], boost::test_tools::per_element());
  const LacpPortCounters counters = bench.lacp_port("e0").counters;
  BOOST_TEST(counters.marker_received == 1U);
  BOOST_TEST(counters.marker_response_sent == 1U);
  BOOST_TEST(counters.marker_response_received == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

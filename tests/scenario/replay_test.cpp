// A recording steps to the same plans and actions; one that was altered does not, and says where. (That every other
// scenario replays the same is checked by SimBench itself.)
#include "firmware/trace/replay.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

#include "firmware/frame_watcher.hpp"
#include "firmware/trace/checkpoint.hpp"
#include "firmware/trace/file.hpp"
#include "tests/support/below.hpp"
#include "tests/support/recorded_failover.hpp"
#include "tests/support/sim_recording.hpp"

namespace {

using namespace bondbox;
using test::SimBench;
using Records = trace::Records;
using Kind = Records::Record::Kind;

std::vector<std::uint8_t> failover_records() {
  return trace::read_trace(test::recorded_failover()).value().parts[0].records;
}

trace::Replay::Counts replay(const std::vector<std::uint8_t>& bytes, std::optional<trace::Difference>& difference) {
  trace::Replay replay(Records(bytes, Tick{}));
  replay.run();
  difference = replay.difference();
  return replay.counts();
}

/// Where a record with this point begins, the first after `from`.
Records::Record find(const std::vector<std::uint8_t>& bytes, trace::Point point, Tick from = {}) {
  Records records(bytes, Tick{});
  while (records.next().kind != Kind::end &&
         !(records.next().kind == Kind::record && records.next().point == point && records.next().tick >= from))
    records.advance();
  BOOST_REQUIRE(records.next().kind == Kind::record);
  return records.next();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(replay_of_a_trace)

BOOST_AUTO_TEST_CASE(a_failover_comes_out_the_same) {
  std::optional<trace::Difference> difference;
  const trace::Replay::Counts counts = replay(failover_records(), difference);
  BOOST_TEST((!difference));
  BOOST_TEST(counts.plans >= 3U);
  BOOST_TEST(counts.events >= 8U);
  BOOST_TEST(counts.frames >= 1U);
  BOOST_TEST(counts.last.number == 3'000);
}

BOOST_AUTO_TEST_CASE(a_link_that_was_recorded_otherwise_gives_another_story) {
  std::vector<std::uint8_t> bytes = failover_records();
  const Records::Record link = find(bytes, trace::Point::nic_link, Tick{1});
  // The payload: the NIC's number, then whether there is link in the second bit.
  const std::size_t sample = link.offset + 3 + 1;
  BOOST_REQUIRE((bytes[sample] & 2) == 0);
  bytes[sample] |= 2;
  std::optional<trace::Difference> difference;
  replay(bytes, difference);
  BOOST_REQUIRE(difference.has_value());
  BOOST_TEST(difference->at.number == 1'000);
  BOOST_TEST(!difference->recorded.empty());
}

BOOST_AUTO_TEST_CASE(an_event_that_was_recorded_otherwise_is_told_with_both_texts) {
  std::vector<std::uint8_t> bytes = failover_records();
  const Records::Record event = find(bytes, trace::Point::event, Tick{1});
  bytes[event.offset + 3 + event.payload.size() - 1] = '!';
  std::optional<trace::Difference> difference;
  replay(bytes, difference);
  BOOST_REQUIRE(difference.has_value());
  BOOST_TEST(difference->what == "event");
  BOOST_TEST(difference->recorded.back() == '!');
  BOOST_TEST(difference->replayed.back() != '!');
  BOOST_TEST(difference->recorded.substr(0, difference->recorded.size() - 1) ==
             difference->replayed.substr(0, difference->replayed.size() - 1));
}

BOOST_AUTO_TEST_CASE(a_trace_that_ends_in_the_middle_of_a_story_is_no_difference) {
  std::vector<std::uint8_t> bytes = failover_records();
  Records records(bytes, Tick{});
  std::size_t end = 0;
  while (records.next().kind != Kind::end) {
    if (records.next().kind == Kind::step && records.next().tick.number < 1'500) end = records.next().offset;
    records.advance();
  }
  bytes.resize(end);
  std::optional<trace::Difference> difference;
  replay(bytes, difference);
  BOOST_TEST((!difference));
}

BOOST_AUTO_TEST_CASE(records_that_make_no_sense_end_the_replay_and_nothing_else) {
  const std::vector<std::uint8_t> whole = failover_records();
  std::mt19937 random(1);
  int differed = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint8_t> bytes = whole;
    for (int change = 0; change < 3; ++change) {
      const std::size_t at = random() % bytes.size();
      bytes[at] = static_cast<std::uint8_t>(random());
    }
    std::optional<trace::Difference> difference;
    replay(bytes, difference);
    if (difference) ++differed;
  }
  BOOST_TEST(differed > 200);
}

/// A bond whose links flap, recorded into a small ring for so long that the beginning is lost.
std::vector<std::uint8_t> long_story(Mode mode) {
  SimBench bench({"e0", "e1"});
  bench.is_replayed = false;
  bench.checkpoint_each = 1'000'000;  // only where a segment begins
  bench.recording->store = trace::Store::ring(3, 40 * 1024);
  bench.recording->tape.record(bench.recording->store, Tick{});
  BondConfig config = SimBench::config({"e0", "e1"});
  config.options.mode = mode;
  bench.add(config);
  for (std::uint32_t i = 0; i < 2'000 && bench.recording->store.lost_bytes() < 60'000; ++i) {
    bench.link(i % 3 == 0 ? "e0" : "e1", i % 4 < 2);
    bench.host_sends(test::data_frame(test::station_mac(1), test::card_mac(0), i));
    bench.run_for(137);
  }
  BOOST_TEST(bench.recording->store.lost_bytes() >= 60'000U);
  return test::trace_bytes(bench.recording->store);
}

BOOST_AUTO_TEST_CASE(what_is_left_of_a_ring_that_went_round_comes_out_the_same_in_every_mode) {
  for (std::uint8_t mode = 0; mode <= 6; ++mode) {
    const auto read = trace::read_trace(long_story(Mode{mode}));
    BOOST_REQUIRE(read.ok());
    BOOST_REQUIRE_EQUAL(read.value().parts.size(), 3U);
    const trace::Replayed replayed = trace::replay_all(read.value());
    BOOST_TEST(replayed.parts == 3U);
    BOOST_TEST(replayed.counts.plans > 20U);
    BOOST_TEST((!replayed.difference), mode_name(Mode{mode})
                                           << ": " << (replayed.difference ? replayed.difference->what : ""));
  }
}

/// As between any two steps, not only where the bench has come to rest.
void make_checkpoint(SimBench& bench) {
  std::vector<std::uint8_t> state;
  bench.recording->tape.settle();
  BOOST_REQUIRE(trace::write_checkpoint(bench.scheduler, bench.recording->hardware, state));
  bench.recording->tape.checkpoint(state);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_before_the_step_that_opens_the_offload_is_gone_on_from) {
  SimBench bench({"e0", "e1"});
  bench.is_replayed_from_all = true;
  BOOST_REQUIRE(bench.scheduler.add_bond(SimBench::config({"e0", "e1"})).ok());
  make_checkpoint(bench);
  (void)bench.scheduler.step();
  make_checkpoint(bench);
  bench.run_for(300);
  bench.link("e0", false);
  bench.run_for(300);
  BOOST_TEST(bench.replayed() == "");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_in_a_drill_is_gone_on_from_without_one) {
  struct Nobody final : FrameWatcher {
    void see(PortId, const PacketBatch&, const PortRule&) override {}
  } nobody;
  test::Below bench({"e0", "e1"});
  bench.is_replayed_from_all = true;
  bench.add({"e0", "e1"});
  bench.bond().set_watcher(&nobody);
  make_checkpoint(bench);
  bench.run_for(300);
  bench.link("e0", false);
  bench.run_for(300);
  make_checkpoint(bench);
  bench.bond().set_watcher(nullptr);
  bench.link("e0", true);
  bench.run_for(300);
  BOOST_TEST(bench.published() > 3U);
  BOOST_TEST(bench.replayed() == "");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_is_not_what_the_part_before_ends_with_is_told) {
  auto read = trace::read_trace(long_story(Mode::active_backup));
  BOOST_REQUIRE(read.ok());
  trace::Trace::Part& first = read.value().parts[0];
  Records records(first.records, first.from);
  std::size_t end = 0;
  while (records.next().kind != Kind::end) {
    if (records.next().kind == Kind::step && records.next().tick < read.value().parts[1].from + Ticks{-5'000})
      end = records.next().offset;
    records.advance();
  }
  first.records.resize(end);
  const trace::Replayed replayed = trace::replay_all(read.value());
  BOOST_REQUIRE(replayed.difference.has_value());
  BOOST_TEST(replayed.difference->what == "a checkpoint");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_another_layout_or_of_any_bytes_is_refused_or_makes_bonds) {
  auto read = trace::read_trace(long_story(Mode::balance_alb));
  BOOST_REQUIRE(read.ok());
  trace::Trace& trace = read.value();
  trace.parts.resize(1);
  const std::vector<std::uint8_t> whole = trace.parts[0].records;
  const Records records(whole, Tick{});
  const wire::Bytes payload = records.next().payload;
  const auto begin = static_cast<std::size_t>(payload.data() - whole.data());
  const std::size_t content = begin + 16;  // behind the layout and the tick
  const std::size_t end = begin + payload.size();
  std::mt19937 random(3);
  int refused = 0;
  for (int round = 0; round < 60; ++round) {
    trace.parts[0].records = whole;
    for (int change = 0; change < 3; ++change)
      trace.parts[0].records[content + random() % (end - content)] = static_cast<std::uint8_t>(random());
    const trace::Replayed replayed = trace::replay_all(trace);
    refused += replayed.difference && replayed.difference->what == "the checkpoint is damaged" ? 1 : 0;
  }
  BOOST_TEST(refused > 10);
  trace.parts[0].records = whole;
  trace.parts[0].records[begin] ^= 1;
  const trace::Replayed replayed = trace::replay_all(trace);
  BOOST_REQUIRE(replayed.difference.has_value());
  BOOST_TEST(replayed.difference->what == "the checkpoint is of another version of bondbox");
}

BOOST_AUTO_TEST_CASE(what_was_lost_in_the_midst_of_a_step_is_no_difference) {
  const std::vector<std::uint8_t> whole = failover_records();
  for (std::size_t size = whole.size() / 2; size < whole.size(); size += 7) {
    trace::Trace trace;
    trace.parts.push_back({{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, Tick{}, true, true});
    const trace::Replayed replayed = trace::replay_all(trace);
    BOOST_TEST((!replayed.difference), "of " << size << " bytes");
  }
}

BOOST_AUTO_TEST_CASE(an_idle_bond_takes_next_to_no_room) {
  SimBench bench({"e0", "e1"});
  bench.checkpoint_each = 0;
  bench.add({"e0", "e1"});
  bench.run_to(1'000);
  const std::uint32_t before = bench.recording->store[0].used;
  bench.run_to(3'600'000);
  BOOST_TEST(bench.recording->store[0].used - before < 10U);
  BOOST_TEST(bench.recording->tape.records() > 35'000U);
}

BOOST_AUTO_TEST_CASE(frames_that_change_nothing_leave_no_trace) {
  SimBench bench({"e0", "e1"});
  bench.checkpoint_each = 0;
  bench.add({"e0", "e1"});
  bench.run_to(950);
  const std::uint32_t before = bench.recording->store[0].used;
  for (std::uint32_t i = 0; i < 1'000; ++i)
    bench.host_sends(test::data_frame(test::station_mac(1), test::card_mac(0), i));
  BOOST_TEST(bench.card("e0").counters.sent >= 1'000U);
  BOOST_TEST(bench.recording->store[0].used == before);
}

BOOST_AUTO_TEST_SUITE_END()

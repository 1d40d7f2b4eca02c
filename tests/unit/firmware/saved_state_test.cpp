#include "firmware/saved_state.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <memory>

#include "tests/support/lacp_bench.hpp"
#include "tests/support/random_frames.hpp"

namespace {

using namespace bondbox;
using namespace bondbox::test;

const SavedPlace here{"4711-boot", 4026531840};

Tick tick_of(std::int64_t ms) {
  return Tick{ms - 10'000};
}

/// A bond of four modes' worth of things to know, and its state.
struct Saved {
  LacpBench bench;
  std::vector<std::uint8_t> bytes;

  Saved() {
    bench.start();
    bench.run_for(5'000);
    SavedState state;
    state.place = here;
    state.saved_ms = 10'000 + bench.now();
    for (const char* name : {"bond0", "bondB"}) {
      const Bond& bond = bench.bond(name);
      state.bonds.push_back({bond.running_config(), 7, false, {}});
      bond.save(state.bonds.back().memory, bench.clock.now());
    }
    state.write(bytes, bench.clock.now(), bench.events);
  }
};

Outcome read(wire::Bytes bytes, SavedState& state, EventLog& events, const SavedPlace& where = here) {
  return state.read(bytes, where, tick_of, events);
}

void mend_sum(std::vector<std::uint8_t>& bytes) {
  const std::uint64_t sum = fingerprint_of(wire::Bytes(bytes).subspan(32));
  for (std::size_t i = 0; i < 8; ++i) bytes[24 + i] = static_cast<std::uint8_t>(sum >> (56 - 8 * i));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(saved_state)

BOOST_AUTO_TEST_CASE(what_was_saved_is_read_with_its_history) {
  const Saved saved;
  SavedState state;
  const auto events = std::make_unique<EventLog>();
  const Outcome outcome = read(saved.bytes, state, *events);
  BOOST_REQUIRE_MESSAGE(outcome.ok(), outcome.reason);
  BOOST_REQUIRE_EQUAL(state.bonds.size(), 2U);
  BOOST_TEST(state.bonds[1].running.name == "bondB");
  BOOST_TEST(fingerprint_of(state.bonds[0].running) ==
             fingerprint_of(saved.bench.scheduler.bonds()[0]->running_config()));
  BOOST_TEST(state.alive_ms == state.saved_ms);
  BOOST_TEST(events->last_sequence() == saved.bench.events.last_sequence());
  std::vector<std::int64_t> ticks;
  std::vector<std::int64_t> before;
  events->for_each_after(0, [&](const Event& event) { ticks.push_back(event.at.number); });
  saved.bench.events.for_each_after(0, [&](const Event& event) { before.push_back(event.at.number); });
  BOOST_TEST(ticks == before, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_damaged_cut_off_or_of_elsewhere_is_refused_and_changes_nothing) {
  const Saved saved;
  SavedState state;
  const auto events = std::make_unique<EventLog>();
  const auto refused = [&](std::vector<std::uint8_t> bytes, const SavedPlace& where = here) {
    return read(bytes, state, *events, where).error;
  };
  std::vector<std::uint8_t> bytes = saved.bytes;
  bytes[bytes.size() / 2] ^= 1;
  BOOST_TEST(refused(bytes) == EBADMSG);
  bytes = saved.bytes;
  bytes[8] ^= 1;  // of the layout
  BOOST_TEST(refused(bytes) == EBADMSG);
  bytes = saved.bytes;
  bytes.resize(bytes.size() - 1);
  BOOST_TEST(refused(bytes) == EBADMSG);
  BOOST_TEST(refused({}) == EBADMSG);
  BOOST_TEST(refused(saved.bytes, {"another-boot", here.namespace_inode}) == ESTALE);
  BOOST_TEST(refused(saved.bytes, {here.boot_id, 1}) == ESTALE);
  BOOST_TEST(state.bonds.empty());
  BOOST_TEST(events->last_sequence() == 0U);
}

BOOST_AUTO_TEST_CASE(the_time_of_the_last_sign_of_life_is_replaced_in_place) {
  Saved saved;
  const auto alive = SavedState::alive_bytes(99'000);
  std::copy(alive.begin(), alive.end(), saved.bytes.begin() + SavedState::alive_at);
  SavedState state;
  const auto events = std::make_unique<EventLog>();
  BOOST_REQUIRE(read(saved.bytes, state, *events).ok());
  BOOST_TEST(state.alive_ms == 99'000);
  BOOST_TEST(state.saved_ms < 99'000);
}

BOOST_AUTO_TEST_CASE(a_bond_made_from_any_bytes_works_or_is_refused) {
  Chance chance(20);
  int refused = 0;
  int made = 0;
  for (int round = 0; round < 300; ++round) {
    LacpBench bench;
    bench.near.options.mode = Mode{static_cast<std::uint8_t>(round % 7)};
    bench.start();
    bench.run_for(1'500);
    const BondConfig config = bench.bond().running_config();
    std::vector<std::uint8_t> bytes;
    bench.bond().save(bytes, bench.clock.now());
    for (std::uint32_t i = chance.below(6) + 1; i > 0; --i)
      bytes[chance.below(static_cast<std::uint32_t>(bytes.size()))] = chance.byte();
    for (const char* name : {"e0", "e1", "bond0"}) BOOST_REQUIRE(bench.world.abandon(name).ok());
    bench.scheduler.remove_bond("bond0");
    const BondMemory memory{bytes, bench.clock.now(), {}};
    const Outcome outcome = bench.scheduler.add_bond(config, &memory);
    ++(outcome.ok() ? made : refused);
    if (!outcome.ok()) {
      BOOST_TEST(outcome.error == EBADMSG, outcome.reason);
      continue;
    }
    for (int i = 0; i < 20; ++i) {
      bench.scheduler.step();
      bench.clock.advance_to(bench.clock.now() + Ticks{100});
      bench.host().inject(data_frame(broadcast_mac, bench.host().mac(), static_cast<std::uint32_t>(i)));
    }
    (void)bench.status();
  }
  BOOST_TEST(refused > 30);
  BOOST_TEST(made > 30);
}

BOOST_AUTO_TEST_CASE(a_saved_state_of_any_bytes_is_read_or_refused) {
  const Saved saved;
  Chance chance(21);
  int refused = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::uint8_t> bytes = saved.bytes;
    const std::uint32_t changes = chance.below(4) + 1;
    for (std::uint32_t i = 0; i < changes; ++i)
      bytes[32 + chance.below(static_cast<std::uint32_t>(bytes.size() - 32))] = chance.byte();
    if (chance.one_in(4)) bytes.resize(40 + chance.below(static_cast<std::uint32_t>(bytes.size() - 40)));
    mend_sum(bytes);
    SavedState state;
    const auto events = std::make_unique<EventLog>();
    if (!read(bytes, state, *events).ok()) ++refused;
  }
  BOOST_TEST(refused > 500);
}

BOOST_AUTO_TEST_SUITE_END()

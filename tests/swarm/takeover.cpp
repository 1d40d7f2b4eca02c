// The program hands all that it knows, and all that it has open, to another one, as `bondbox upgrade` does. Nobody may
// be able to tell: where the other one goes on at once, the same story without the takeover comes out the same, event
// by event and frame by frame, for ever after.
#include <algorithm>
#include <memory>

#include "firmware/saved_state.hpp"
#include "tests/swarm/play.hpp"

namespace bondbox::swarm {
namespace {

constexpr int steps_to_stand_still = 4;

bool is_takeover(const Step& step) {
  return step.words.size() > 1 && step.words[0] == "takeover";
}

/// Ends when another process takes over.
bool is_drill(const Step& step) {
  return !step.words.empty() && step.words[0] == "drill";
}

/// The two are the same up to here; what is told of it.
std::string parting(const Played& one, const Played& other) {
  const auto differs = std::mismatch(one.trail.begin(), one.trail.end(), other.trail.begin(), other.trail.end());
  if (differs.first == one.trail.end()) return "it ends later than without the takeover";
  return "from tick " + std::to_string(differs.first->at_ms) + " on it goes another way than without the takeover";
}

}  // namespace

/// In the order of firmware/cli/succession.cpp.
void Play::take_over(Ticks gap) {
  settle();
  if (settings_.stays || rules_.violation()) return settle();
  for (const auto& bond : scheduler_->bonds()) bond->stand_still(false);
  for (int i = 0; i < steps_to_stand_still && step(nullptr); ++i) {
  }
  const Tick then = clock_.now();
  SavedState state;
  state.saved_ms = state.alive_ms = then.number;
  for (const auto& bond : scheduler_->bonds()) {
    state.bonds.push_back({bond->running_config(), 0, false, {}});
    bond->save(state.bonds.back().memory, then);
  }
  std::vector<std::uint8_t> bytes;
  state.write(bytes, then, events_);
  const std::size_t ports = port_count();
  judge_replay();
  for (const auto& bond : scheduler_->bonds()) bond->let_go();
  hardware_.hands_over = true;
  scheduler_.reset();
  hardware_.hands_over = false;
  if (gap.count != 0) rules_.note_stall(gap);
  clock_.advance(gap);
  go_on_from(bytes);
  result_.found_gone = result_.found_gone || port_count() != ports;
}

std::size_t Play::port_count() const {
  std::size_t count = 0;
  for (const auto& bond : scheduler_->bonds()) count += bond->port_count();
  return count;
}

/// The other one, which has nothing but the bytes and what is open.
void Play::go_on_from(const std::vector<std::uint8_t>& bytes) {
  SavedState state;
  const auto history = std::make_unique<EventLog>();
  const auto tick_of = [](std::int64_t ms) { return Tick{ms}; };
  if (const Outcome outcome = state.read(bytes, {}, tick_of, *history); !outcome.ok())
    return rules_.fail(clock_.now(), "takeover", "the state is not understood: " + outcome.reason);
  std::vector<std::uint8_t> again;
  state.write(again, Tick{state.saved_ms}, *history);
  if (again != bytes) rules_.fail(clock_.now(), "takeover", "what was read of the state is not what was written");

  begin_process();
  hardware_.goes_on = true;
  for (const SavedBond& bond : state.bonds) {
    const BondMemory memory{bond.memory, Tick{state.saved_ms}, {}};
    const Outcome outcome = scheduler_->add_bond(bond.running, &memory);
    if (!outcome.ok()) rules_.fail(clock_.now(), "takeover", bond.running.name + " does not go on: " + outcome.reason);
  }
  hardware_.goes_on = false;
  if (settings_.sabotage.forget) (void)scheduler_->bonds()[0]->write("num_grat_arp", "7");
  if (const std::size_t left = hardware_.close_handed(); left != 0)
    rules_.fail(clock_.now(), "takeover", std::to_string(left) + " of what was handed over is nobody's");
  if (rules_.violation()) return;
  step(nullptr);
  for (const auto& bond : scheduler_->bonds()) bond->go_on();
  settle();
}

Played play(const Story& story, const Play::Settings& settings) {
  Played played = Play(story, settings).run();
  const bool any = std::any_of(story.steps.begin(), story.steps.end(), is_takeover);
  const bool at_once = std::all_of(story.steps.begin(), story.steps.end(), [](const Step& step) {
    return !is_takeover(step) || number_of(step.words[1]) == 0;
  });
  if (!any || !at_once || std::any_of(story.steps.begin(), story.steps.end(), is_drill) || played.found_gone ||
      played.violation)
    return played;
  Play::Settings staying = settings;
  staying.stays = true;
  const Played without = Play(story, staying).run();
  if (without.digest != played.digest || without.violation) {
    const std::int64_t at_ms = played.tally.simulated_ms;
    played.violation = Violation{at_ms, "takeover", parting(played, without)};
  }
  return played;
}

}  // namespace bondbox::swarm

// Every story is recorded, with checkpoints now and then, and has to come out the same when it is stepped again: from
// its beginning and from a checkpoint in the midst of it.
#include "firmware/trace/checkpoint.hpp"
#include "firmware/trace/replay.hpp"
#include "tests/swarm/play.hpp"

namespace bondbox::swarm {
namespace {

using Kind = trace::Records::Record::Kind;

std::string replayed(wire::Bytes bytes, Tick from) {
  trace::Replay replay(trace::Records(bytes, from));
  replay.run();
  if (!replay.difference()) return {};
  const trace::Difference& found = *replay.difference();
  return "from tick " + std::to_string(from.number) + " it differs at tick " + std::to_string(found.at.number) + ": " +
         found.what + "; recorded: " + found.recorded + "; replayed: " + found.replayed;
}

}  // namespace

void Play::make_checkpoint() {
  std::vector<std::uint8_t> state;
  recording_->tape.settle();
  if (trace::write_checkpoint(*scheduler_, recording_->hardware, state)) recording_->tape.checkpoint(state);
}

void Play::judge_replay() {
  if (recording_->tape.is_broken()) return rules_.fail(clock_.now(), "replay", "there is too much to record");
  const trace::Segment& kept = recording_->store[0];
  std::vector<std::uint8_t> bytes(kept.bytes.get(), kept.bytes.get() + kept.used);
  struct Beginning {
    std::size_t offset;
    Tick from;
  };
  std::vector<Beginning> checkpoints;
  for (trace::Records records(bytes, kept.from); records.next().kind <= Kind::record; records.advance()) {
    const trace::Records::Record& next = records.next();
    if (next.kind == Kind::end) break;
    if (next.kind != Kind::record) continue;
    if (next.point == trace::Point::checkpoint) checkpoints.push_back({next.offset, next.tick});
    // The last letter of an event, where it is not a reference to one that was there before.
    const std::ptrdiff_t at = next.payload.data() - bytes.data();
    const bool is_here = at >= 0 && at < static_cast<std::ptrdiff_t>(bytes.size());
    if (settings_.sabotage.misremember && next.point == trace::Point::event && is_here)
      bytes[static_cast<std::size_t>(at) + next.payload.size() - 1] ^= 1;
  }
  std::string difference = replayed(bytes, kept.from);
  for (const std::size_t some : {checkpoints.size() / 2, std::size_t(story_.seed % 7)}) {
    if (!difference.empty() || some >= checkpoints.size()) continue;
    difference = replayed(wire::Bytes(bytes).subspan(checkpoints[some].offset), checkpoints[some].from);
  }
  if (!difference.empty()) rules_.fail(clock_.now(), "replay", difference);
}

}  // namespace bondbox::swarm

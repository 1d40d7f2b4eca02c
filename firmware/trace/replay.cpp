#include "firmware/trace/replay.hpp"

#include <algorithm>
#include <utility>

#include "firmware/text.hpp"
#include "firmware/trace/checkpoint.hpp"

namespace bondbox::trace {
namespace {

using Kind = Records::Record::Kind;

/// From the first byte in which it is another one.
std::string difference_text(wire::Bytes bytes, wire::Bytes other) {
  constexpr std::size_t shown = 16;
  const auto at = std::mismatch(bytes.begin(), bytes.end(), other.begin(), other.end()).first - bytes.begin();
  const wire::Bytes rest = bytes.subspan(static_cast<std::size_t>(at));
  std::string text = format("%zu bytes, from %td on:", bytes.size(), at);
  for (const std::uint8_t byte : rest.first(std::min(rest.size(), shown))) append_format(text, " %02x", byte);
  return text;
}

bool is_command(const Records::Record& record, Point point) {
  return record.kind == Kind::record && record.point == point;
}

}  // namespace

Replay::Replay(Records records, Listener listener) {
  tape_.replay(std::move(records));
  tape_.set_listener([this, listener = std::move(listener)](const Records::Record& record) {
    counts_.last = record.tick;
    if (record.kind == Kind::step) ++counts_.steps;
    if (record.kind == Kind::record) {
      ++counts_.records;
      if (record.point == Point::plan) ++counts_.plans;
      if (record.point == Point::action) ++counts_.actions;
      if (record.point == Point::frame) ++counts_.frames;
      if (record.point == Point::event) ++counts_.events;
    }
    if (listener) listener(record);
  });
  scheduler_.set_tape(tape_);
}

void Replay::run() {
  while (!tape_.has_differed()) {
    const Records::Record& next = tape_.next();
    if (next.kind == Kind::end) return;
    if (next.kind != Kind::record || next.point != Point::checkpoint) begun_ = true;
    if (next.kind == Kind::malformed) return tape_.differ("a record that makes no sense", "", "");
    clock_.tick = next.tick;
    if (next.kind == Kind::step) {
      step();
    } else if (next.kind == Kind::record && next.point == Point::checkpoint) {
      pass_checkpoint();
    } else if (is_command(next, Point::command_outside)) {
      tape_.begin_command();
      command(Point::command_outside);
    } else {
      const auto number = static_cast<std::uint8_t>(next.point);
      tape_.differ("this was not reached", point_name(number) + ": " + payload_text(number, next.payload), "nothing");
    }
  }
}

std::vector<std::uint8_t> Replay::state() {
  std::vector<std::uint8_t> bytes;
  (void)write_checkpoint(scheduler_, hardware_, bytes);
  return bytes;
}

/// At the beginning it is gone on from; later it says what the bonds have to know there.
void Replay::pass_checkpoint() {
  const wire::Bytes recorded = tape_.next().payload;
  if (std::exchange(begun_, true)) {
    const std::vector<std::uint8_t> found = state();
    if (!std::equal(found.begin(), found.end(), recorded.begin(), recorded.end()))
      tape_.differ("a checkpoint", difference_text(recorded, found), difference_text(found, recorded));
  } else if (const Outcome outcome = read_checkpoint(recorded, scheduler_, hardware_); !outcome.ok()) {
    tape_.differ(outcome.reason, "", "");
  }
  if (!tape_.has_differed()) tape_.advance();
}

void Replay::step() {
  tape_.advance();
  scheduler_.step([this](Tick) {
    while (!tape_.has_differed() && is_command(tape_.next(), Point::command)) command(Point::command);
  });
}

void Replay::command(Point point) {
  auto reader = tape_.take_note(point);
  if (!reader) return tape_.differ("a command at another moment", "", "");
  const auto kind = static_cast<CommandKind>(reader->number_to(static_cast<std::uint64_t>(CommandKind::go_on)));
  perform(kind, *reader);
}

/// The record is passed before the command is carried out: what follows belongs to it.
void Replay::perform(CommandKind kind, Reader& reader) {
  if (kind == CommandKind::add_bond) {
    const BondConfig config = get_config(reader);
    Tick at;
    Get get(reader);
    get(at);
    const std::optional<BondMemory> memory = get_memory(reader);
    // Kept, for the record is passed before the bond is made.
    const std::vector<std::uint8_t> kept =
        memory ? std::vector(memory->bytes.begin(), memory->bytes.end()) : std::vector<std::uint8_t>{};
    if (!tape_.finish(reader)) return;
    if (scheduler_.bonds().size() == max_bonds) return tape_.differ("more bonds than there can be", "", "");
    clock_.tick = at;
    const BondMemory before{kept, memory ? memory->then : Tick{}, memory ? memory->alive : std::nullopt};
    (void)scheduler_.add_bond(config, memory ? &before : nullptr);
    return;
  }
  const std::string name(reader.text());
  if (kind == CommandKind::remove_bond) {
    if (tape_.finish(reader)) scheduler_.remove_bond(name);
    return;
  }
  Bond* const bond = scheduler_.find(name);
  if (bond == nullptr) return tape_.differ("a command for a bond that is not there", name, "nothing");
  perform(kind, *bond, reader);
}

void Replay::perform(CommandKind kind, Bond& bond, Reader& reader) {
  Get get(reader);
  std::string first;
  std::string second;
  Ticks delay;
  if (kind == CommandKind::change) {
    Change change;
    get(change);
    if (tape_.finish(reader)) (void)bond.change(change);
    return;
  }
  if (kind == CommandKind::restore) {
    const BondConfig before = get_config(reader);
    get(first);
    if (tape_.finish(reader)) (void)bond.restore(before, first);
    return;
  }
  const bool has_word = kind != CommandKind::stay && kind != CommandKind::leave_later &&
                        kind != CommandKind::stand_still && kind != CommandKind::go_on;
  if (has_word) get(first);
  bool keeps = false;
  if (kind == CommandKind::stand_still) get(keeps);
  if (kind == CommandKind::write) get(second);
  if (kind == CommandKind::release_later || kind == CommandKind::leave_later) get(delay);
  if (!tape_.finish(reader)) return;
  if (kind == CommandKind::write) (void)bond.write(first, second);
  if (kind == CommandKind::enslave) (void)bond.enslave(first);
  if (kind == CommandKind::release) (void)bond.release(first);
  if (kind == CommandKind::activate)
    (void)bond.activate(first.empty() ? std::nullopt : std::optional<std::string_view>(first));
  if (kind == CommandKind::release_later) (void)bond.release_later(first, delay);
  if (kind == CommandKind::leave_later) bond.leave_later(delay);
  if (kind == CommandKind::stay) bond.stay();
  if (kind == CommandKind::stand_still) bond.stand_still(keeps);
  if (kind == CommandKind::go_on) bond.go_on();
}

Replayed replay_all(const Trace& trace, const Replay::Listener& listener) {
  Replayed all;
  for (std::size_t i = 0; i < trace.parts.size() && !all.difference; ++i) {
    const Trace::Part& part = trace.parts[i];
    if (!part.begins) continue;
    Replay replay(Records(part.records, part.from, part.cut), listener);
    replay.run();
    if (all.parts++ == 0) all.from = part.from;
    all.difference = replay.difference();
    const Replay::Counts& counts = replay.counts();
    all.counts.steps += counts.steps;
    all.counts.records += counts.records;
    all.counts.plans += counts.plans;
    all.counts.actions += counts.actions;
    all.counts.frames += counts.frames;
    all.counts.events += counts.events;
    all.counts.last = counts.last;
    if (all.difference || part.cut || i + 1 == trace.parts.size() || !trace.parts[i + 1].begins) continue;
    const Trace::Part& after = trace.parts[i + 1];
    const Records next(after.records, after.from);
    if (next.next().kind != Kind::record || next.next().point != Point::checkpoint) continue;
    const std::vector<std::uint8_t> found = replay.state();
    const wire::Bytes recorded = next.next().payload;
    if (!std::equal(found.begin(), found.end(), recorded.begin(), recorded.end()))
      all.difference =
          Difference{after.from, 0, "a checkpoint", difference_text(recorded, found), difference_text(found, recorded)};
  }
  return all;
}

}  // namespace bondbox::trace

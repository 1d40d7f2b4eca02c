#include "firmware/trace/tape.hpp"

#include <algorithm>
#include <cstring>

namespace bondbox::trace {
namespace {

constexpr std::uint32_t repeats_max = 0xffff;
constexpr std::size_t repeat_size = 3;

bool same(wire::Bytes a, wire::Bytes b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace

std::optional<std::size_t> Recents::find(wire::Bytes payload) const noexcept {
  for (std::size_t i = 0; i < capacity; ++i)
    if (same(payload, at(i))) return i;
  return std::nullopt;
}

void Recents::add(wire::Bytes payload) noexcept {
  Entry& entry = entries_[next_];
  next_ = (next_ + 1) % capacity;
  entry.size = payload.size();
  std::copy(payload.begin(), payload.end(), entry.bytes.begin());
}

// --- Reading ---

Records::Records(wire::Bytes bytes, Tick from, bool cut)
    : bytes_(bytes), cut_(cut), tick_(from), recents_(std::make_unique<Recents>()) {
  advance();
}

void Records::take(Reader& reader, Record::Kind kind) {
  next_.kind = reader.ok() ? kind : cut_ ? Record::Kind::end : Record::Kind::malformed;
  next_.tick = tick_;
  if (reader.ok()) at_ = bytes_.size() - reader.rest().size();
}

void Records::advance() {
  if (next_.kind == Record::Kind::malformed) return;
  next_.offset = at_;
  if (repeats_ != 0) {
    --repeats_;
    tick_ = tick_ + stride_;
    next_.tick = tick_;
    next_.kind = Record::Kind::step;
    return;
  }
  if (at_ >= bytes_.size()) {
    next_.kind = Record::Kind::end;
    return;
  }
  Reader reader(bytes_.subspan(at_));
  const std::uint8_t first = reader.byte();
  if ((first & step_bit) != 0) return read_step(reader, first);
  if (first != static_cast<std::uint8_t>(Point::repeat)) return read_record(reader, first);
  const std::uint8_t high = reader.byte();
  repeats_ = static_cast<std::uint32_t>(high << 8) | reader.byte();
  if (repeats_ == 0) reader.refuse();
  take(reader, Record::Kind::step);
  if (next_.kind == Record::Kind::step) advance();
}

void Records::read_step(Reader& reader, std::uint8_t first) {
  constexpr std::uint64_t longest = std::uint64_t{1} << 53;
  stride_.count = first == step_far ? static_cast<std::int64_t>(reader.number_to(longest)) : first & ~step_bit;
  if (tick_.number > static_cast<std::int64_t>(longest)) reader.refuse();
  tick_ = tick_ + stride_;
  take(reader, Record::Kind::step);
}

void Records::read_record(Reader& reader, std::uint8_t first) {
  next_.point = static_cast<Point>(first);
  next_.calls = reader.number();
  const std::uint64_t length = reader.number();
  if ((length & 1) != 0) {
    if (length / 2 >= Recents::capacity) reader.refuse();
    // Empty where what it refers to is lost.
    next_.payload = reader.ok() ? recents_->at(static_cast<std::size_t>(length / 2)) : wire::Bytes{};
  } else {
    next_.payload = reader.bytes(static_cast<std::size_t>(std::min<std::uint64_t>(length / 2, SIZE_MAX / 2)));
    if (next_.payload.size() >= Recents::least && next_.payload.size() <= Recents::most) recents_->add(next_.payload);
  }
  take(reader, Record::Kind::record);
  if (next_.point == Point::checkpoint) recents_->clear();
}

// --- Recording ---

void Tape::record(Store& store, Tick from) {
  role_ = Role::recording;
  store_ = &store;
  scratch_ = std::make_unique<std::uint8_t[]>(scratch_size);
  recents_ = std::make_unique<Recents>();
  written_tick_ = now_ = from;
  store.begin_at(from);
}

void Tape::settle() noexcept {
  if (recording() && quiet_) write_step(*quiet_);
  quiet_.reset();
}

void Tape::begin_segment(Tick now, wire::Bytes state) {
  if (broken_) store_->cut();
  store_->next_segment(now, !state.empty(), state.size());
  broken_ = bare_step_last_ = repeat_last_ = false;
  written_tick_ = now;
  if (!state.empty()) checkpoint(state);
}

void Tape::checkpoint(wire::Bytes state) noexcept {
  std::uint8_t head[21];
  Writer writer(head, sizeof head);
  writer.byte(static_cast<std::uint8_t>(Point::checkpoint));
  writer.number(0);
  writer.number(state.size() * 2);
  if (!store_->can_grow() && store_->room() < writer.size() + state.size()) broken_ = true;
  append(writer.written());
  append(state);
  recents_->clear();
  calls_ = 0;
  ++written_;
}

void Tape::begin_step(Tick now) noexcept {
  now_ = now;
  in_step_ = true;
  touched_ = step_written_ = false;
  if (recording()) calls_ = 0;
}

void Tape::end_step() noexcept {
  in_step_ = false;
  if (!recording()) return;
  if (touched_ && !step_written_) write_step(now_);
  if (step_written_) {
    quiet_.reset();
  } else {
    quiet_ = now_;
  }
  calls_ = 0;
}

void Tape::append(wire::Bytes bytes) noexcept {
  if (!broken_ && !store_->append(bytes)) {
    broken_ = !store_->can_grow();
    if (!broken_) {
      store_->next_segment(written_tick_, false);
      broken_ = !store_->append(bytes);
    }
  }
  if (broken_) dropped_ += bytes.size();
  bare_step_last_ = repeat_last_ = false;
}

/// A bond that is only polled costs three bytes for 65,535 steps.
void Tape::write_step(Tick tick) noexcept {
  step_written_ = true;
  ++written_;
  const Ticks stride = tick - written_tick_;
  written_tick_ = tick;
  if (bare_step_last_ && stride == stride_ && !broken_) {
    std::uint8_t* const tail = repeat_last_ ? store_->tail(repeat_size) : nullptr;
    const std::uint32_t count = tail != nullptr ? wire::load_be16(tail + 1) : 0U;
    if (tail != nullptr && count < repeats_max) {
      wire::store_be16(tail + 1, static_cast<std::uint16_t>(count + 1));
      return;
    }
    const std::uint8_t repeat[repeat_size] = {static_cast<std::uint8_t>(Point::repeat), 0, 1};
    append(repeat);
    bare_step_last_ = repeat_last_ = true;
    return;
  }
  stride_ = stride;
  std::uint8_t bytes[11];
  Writer writer(bytes, sizeof bytes);
  if (stride.count >= 0 && stride.count < step_far - step_bit) {
    writer.byte(static_cast<std::uint8_t>(step_bit | stride.count));
  } else {
    writer.byte(step_far);
    writer.number(static_cast<std::uint64_t>(stride.count));
  }
  append(writer.written());
  bare_step_last_ = true;
}

void Tape::write_payload(Point point) noexcept {
  if (in_step_ && !step_written_) write_step(now_);
  const wire::Bytes payload = payload_.written();
  const bool is_middle = payload.size() >= Recents::least && payload.size() <= Recents::most;
  const std::optional<std::size_t> known = is_middle ? recents_->find(payload) : std::nullopt;
  std::uint8_t head[21];
  Writer writer(head, sizeof head);
  writer.byte(static_cast<std::uint8_t>(point));
  writer.number(std::exchange(calls_, 0));
  writer.number(known ? *known * 2 + 1 : payload.size() * 2);
  // A record is whole or is not there.
  if (!payload_.ok() || (!store_->can_grow() && store_->room() < writer.size() + payload.size())) broken_ = true;
  append(writer.written());
  if (!known) append(payload);
  if (is_middle && !known) recents_->add(payload);
  ++written_;
}

void Tape::write_command_payload() noexcept {
  if (in_step_) return write_payload(Point::command);
  // What was not worth a step is one now: the command finds the bonds at that time.
  if (quiet_) {
    write_step(*quiet_);
    quiet_.reset();
  }
  calls_ = 0;
  write_payload(Point::command_outside);
}

// --- Replaying ---

void Tape::replay(Records records) {
  role_ = Role::replaying;
  scratch_ = std::make_unique<std::uint8_t[]>(scratch_size);
  records_ = std::move(records);
}

void Tape::advance() {
  if (listener_) listener_(records_.next());
  records_.advance();
  calls_ = 0;
}

void Tape::differ(std::string what, std::string recorded, std::string replayed) {
  if (difference_ || records_.is_past_cut()) return;
  difference_ = Difference{next().tick, next().offset, std::move(what), std::move(recorded), std::move(replayed)};
}

bool Tape::due(Point point) {
  ++calls_;
  if (difference_ || next().kind != Records::Record::Kind::record || !is_counted(next().point) ||
      next().calls != calls_)
    return false;
  if (next().point == point) return true;
  differ("another thing was read or done", point_name(static_cast<std::uint8_t>(next().point)),
         point_name(static_cast<std::uint8_t>(point)));
  return false;
}

Reader Tape::take(std::uint64_t id) {
  Reader reader(next().payload);
  const std::uint64_t recorded = reader.number();
  if (recorded != id)
    differ(point_name(static_cast<std::uint8_t>(next().point)), "of number " + std::to_string(recorded),
           "of number " + std::to_string(id));
  return reader;
}

bool Tape::finish(const Reader& reader) {
  const bool whole = reader.ok() && reader.at_end();
  if (!whole && !difference_)
    differ(point_name(static_cast<std::uint8_t>(next().point)), "a payload that makes no sense", "");
  if (!difference_) advance();
  return whole && !difference_;
}

std::uint64_t Tape::take_number(Point point, std::uint64_t usual) {
  if (!due(point)) return usual;
  Reader reader(next().payload);
  const std::uint64_t value = reader.number();
  return finish(reader) ? value : usual;
}

std::uint64_t Tape::keep_property(Point point, std::uint64_t id, Known& known, std::uint64_t value) {
  if (!is_open()) return value;
  ++calls_;
  if (known.is_set && known.value == value) return value;
  known = {value, true};
  write(point, id, value);
  return value;
}

std::uint64_t Tape::take_property(Point point, std::uint64_t id, Known& known) {
  if (!is_open() || !due(point)) return known.value;
  Reader reader = take(id);
  const std::uint64_t value = reader.number();
  if (finish(reader)) known = {value, true};
  return known.value;
}

Writer& Tape::payload() noexcept {
  payload_ = Writer(scratch_.get(), scratch_size);
  return payload_;
}

void Tape::keep_property(Point point, std::uint64_t id, std::vector<std::uint8_t>& known) {
  ++calls_;
  if (same(payload_.written(), known)) return;
  known.assign(payload_.written().begin(), payload_.written().end());
  begin_payload(id);
  payload_.bytes(known);
  write_payload(point);
}

void Tape::take_property(Point point, std::uint64_t id, std::vector<std::uint8_t>& known) {
  if (!is_open() || !due(point)) return;
  const wire::Bytes bytes = take(id).rest();
  known.assign(bytes.begin(), bytes.end());
  if (!difference_) advance();
}

Outcome Tape::keep_outcome(Point point, std::uint64_t id, Outcome outcome) {
  if (!is_open()) return outcome;
  ++calls_;
  if (!outcome.ok()) write(point, id, outcome);
  return outcome;
}

Outcome Tape::take_outcome(Point point, std::uint64_t id) {
  if (!is_open() || !due(point)) return Outcome::done();
  Reader reader = take(id);
  Outcome outcome = get_outcome(reader);
  return finish(reader) ? outcome : Outcome::done();
}

Outcome Tape::finish_act(Point point, const Outcome& outcome) {
  put_outcome(payload_, outcome);
  ++calls_;
  write_payload(point);
  return outcome;
}

Outcome Tape::keep_act(Point point, std::uint64_t id, std::uint64_t number, Outcome outcome) {
  if (!is_open()) return outcome;
  begin_payload(id, number);
  return finish_act(point, outcome);
}

Outcome Tape::keep_act(Point point, std::uint64_t id, std::string_view text, Outcome outcome) {
  if (!is_open()) return outcome;
  begin_payload(id, text);
  return finish_act(point, outcome);
}

Outcome Tape::take_act(Point point, std::uint64_t id, std::uint64_t number) {
  begin_payload(id, number);
  return take_act(point);
}

Outcome Tape::take_act(Point point, std::uint64_t id, std::string_view text) {
  begin_payload(id, text);
  return take_act(point);
}

/// What is done now stands in payload_.
Outcome Tape::take_act(Point point) {
  if (!is_open()) return Outcome::done();
  const wire::Bytes mine = payload_.written();
  const auto number = static_cast<std::uint8_t>(point);
  if (!due(point)) {
    differ("this was not done then", "nothing", payload_text(number, mine));
    return Outcome::done();
  }
  const wire::Bytes theirs = next().payload;
  if (theirs.size() < mine.size() || !same(mine, theirs.first(mine.size()))) {
    differ(point_name(number), payload_text(number, theirs), payload_text(number, mine));
    return Outcome::done();
  }
  Reader reader(theirs.subspan(mine.size()));
  Outcome outcome = get_outcome(reader);
  return finish(reader) ? outcome : Outcome::done();
}

void Tape::compare(Point point) {
  --calls_;  // due() counts it
  const auto number = static_cast<std::uint8_t>(point);
  if (!due(point)) {
    differ("this was not decided then", "nothing", payload_text(number, payload_.written()));
    return;
  }
  if (!same(payload_.written(), next().payload)) {
    differ(point_name(number), payload_text(number, next().payload), payload_text(number, payload_.written()));
    return;
  }
  advance();
}

std::optional<Reader> Tape::take_note(Point point) {
  const Records::Record& record = next();
  if (difference_ || record.kind != Records::Record::Kind::record || record.point != point || record.calls != calls_)
    return std::nullopt;
  return Reader(record.payload);
}

std::optional<Reader> Tape::take_note(Point point, std::uint64_t number) {
  std::optional<Reader> reader = take_note(point);
  if (reader && reader->number() != number) reader.reset();
  return reader;
}

}  // namespace bondbox::trace

// What goes into the deciding half of the program and what comes out of it passes a tape. Recording, the tape writes it
// down. Replaying, it gives back what was read, asks nobody, and compares what comes out with what came out then.
//
// A step is deterministic, so readings come in the same order both times: only those that are not as known are written,
// each with the number of readings since the record before. A step in which nothing was decided leaves no trace.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware/trace/codec.hpp"
#include "firmware/trace/points.hpp"
#include "firmware/trace/store.hpp"
#include "firmware/trace/values.hpp"
#include "hal/outcome.hpp"

namespace bondbox::trace {

/// How a replay came out otherwise than the recording. `recorded` and `replayed` are texts for a person.
struct Difference {
  Tick at;
  std::size_t offset = 0;  ///< of the record, in the segment
  std::string what;
  std::string recorded;
  std::string replayed;
};

enum class CommandKind : std::uint8_t {
  add_bond,
  remove_bond,
  write,
  enslave,
  release,
  activate,
  release_later,
  leave_later,
  stay,
  change,
  restore,
  stand_still,
  go_on,
};

/// Latest payloads of middle size: a partner's LACPDU says the same each second, and is then a reference. Both sides
/// keep the same.
class Recents {
 public:
  static constexpr std::size_t least = 24;
  static constexpr std::size_t most = 256;
  static constexpr std::size_t capacity = 32;

  std::optional<std::size_t> find(wire::Bytes payload) const noexcept;
  void add(wire::Bytes payload) noexcept;
  /// `index` < capacity.
  wire::Bytes at(std::size_t index) const noexcept { return {entries_[index].bytes.data(), entries_[index].size}; }
  void clear() noexcept { *this = {}; }

 private:
  struct Entry {
    std::size_t size = 0;
    std::array<std::uint8_t, most> bytes;
  };
  std::array<Entry, capacity> entries_{};
  std::size_t next_ = 0;
};

/// Reads the records of one segment.
class Records {
 public:
  struct Record {
    enum class Kind : std::uint8_t { end, step, record, malformed };
    Kind kind = Kind::end;
    std::size_t offset = 0;
    Point point{};
    std::uint64_t calls = 0;
    wire::Bytes payload;  ///< valid until the next record is read
    Tick tick;            ///< of a step: its own; else that of the last one
  };

  Records() = default;
  /// `bytes` outlives it. `cut`: they may end in the midst of a step.
  Records(wire::Bytes bytes, Tick from, bool cut = false);
  const Record& next() const noexcept { return next_; }
  /// What comes now was lost.
  bool is_past_cut() const noexcept { return cut_ && next_.kind == Record::Kind::end; }
  void advance();

 private:
  void read_step(Reader& reader, std::uint8_t first);
  void read_record(Reader& reader, std::uint8_t first);
  void take(Reader& reader, Record::Kind kind);

  wire::Bytes bytes_;
  std::size_t at_ = 0;
  bool cut_ = false;
  Tick tick_;
  Ticks stride_{};
  std::uint32_t repeats_ = 0;
  Record next_;
  std::unique_ptr<Recents> recents_;
};

class Tape {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// From here on. `store` outlives it.
  void record(Store& store, Tick from);
  void replay(Records records);
  void stop() noexcept { role_ = Role::off; }

  bool is_on() const noexcept { return role_ != Role::off; }
  bool recording() const noexcept { return role_ == Role::recording; }
  bool replaying() const noexcept { return role_ == Role::replaying; }
  /// To be asked between steps: the segment is about to be full.
  bool needs_room() const noexcept { return recording() && (broken_ || store_->room() < reserve_); }
  /// Between steps, before a checkpoint is made: the record has come as far as the bonds have.
  void settle() noexcept;
  /// Between steps: a fresh segment. With a checkpoint it can be replayed by itself; empty: it cannot.
  void begin_segment(Tick now, wire::Bytes state);
  /// Between steps: what follows can be replayed from here.
  void checkpoint(wire::Bytes state) noexcept;
  /// Something did not fit into the store; nothing has been recorded since.
  bool is_broken() const noexcept { return broken_; }
  /// In the midst of a step or a command.
  bool is_amid() const noexcept { return in_step_ || depth_ != 0; }
  /// Whether what is read now is read to decide.
  bool is_open() const noexcept { return depth_ != 0 && role_ != Role::off; }

  /// While it lives, what is read is read to decide (or, a Gap, is not).
  class Scope {
   public:
    explicit Scope(Tape& tape) noexcept : tape_(tape) { ++tape_.depth_; }
    ~Scope() { --tape_.depth_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Tape& tape_;
  };
  class Gap {
   public:
    explicit Gap(Tape& tape) noexcept : tape_(tape), depth_(std::exchange(tape.depth_, 0)) {}
    ~Gap() { tape_.depth_ = depth_; }
    Gap(const Gap&) = delete;
    Gap& operator=(const Gap&) = delete;

   private:
    Tape& tape_;
    unsigned depth_;
  };
  /// A command from outside, with its words; what the bond does within another command or by itself is none.
  class Command {
   public:
    template <class... Words>
    Command(Tape& tape, CommandKind kind, const Words&... words) : tape_(tape) {
      if (tape.recording() && tape.depth_ == 0) tape.write_command(kind, words...);
      ++tape.depth_;
    }
    ~Command() { --tape_.depth_; }
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

   private:
    Tape& tape_;
  };

  void begin_step(Tick now) noexcept;
  /// Where the step has been decided in: it must be made again in a replay.
  void touch() noexcept { touched_ = true; }
  void end_step() noexcept;

  // --- what goes in ---

  template <class F>
  std::uint64_t number(Point point, std::uint64_t usual, F read) {
    if (!is_open()) return replaying() ? usual : static_cast<std::uint64_t>(read());
    if (replaying()) return take_number(point, usual);
    const auto value = static_cast<std::uint64_t>(read());
    ++calls_;
    if (value != usual) write(point, value);
    return value;
  }
  template <class F>
  bool flag(Point point, F read) {
    return number(point, 0, std::move(read)) != 0;
  }

  /// A property of thing number `id` as a number; `known` is what it was, and then what it is.
  struct Known {
    std::uint64_t value = 0;
    bool is_set = false;

    template <class A>
    void archive(A& a) {
      a(value, is_set);
    }
  };
  template <class F>
  std::uint64_t property(Point point, std::uint64_t id, Known& known, F read) {
    return replaying() ? take_property(point, id, known) : keep_property(point, id, known, read());
  }
  /// A property of any size, which must be put into `payload()` first; `known` holds the bytes that it was.
  Writer& payload() noexcept;
  void keep_property(Point point, std::uint64_t id, std::vector<std::uint8_t>& known);
  void take_property(Point point, std::uint64_t id, std::vector<std::uint8_t>& known);

  /// For a property that the caller compares.
  template <class T>
  void count_reading(bool changed, Point point, std::uint64_t id, const T& value) {
    ++calls_;
    if (changed) write(point, id, value);
  }

  /// How something ended, for a caller that asks nobody while replaying. Only a failure is written.
  Outcome keep_outcome(Point point, std::uint64_t id, Outcome outcome);
  Outcome take_outcome(Point point, std::uint64_t id);

  /// Something done to thing number `id`: what comes out, as a number or a text, and how it ended, which goes in.
  Outcome keep_act(Point point, std::uint64_t id, std::uint64_t number, Outcome outcome);
  Outcome take_act(Point point, std::uint64_t id, std::uint64_t number);
  Outcome keep_act(Point point, std::uint64_t id, std::string_view text, Outcome outcome);
  Outcome take_act(Point point, std::uint64_t id, std::string_view text);

  // --- what comes out ---

  template <class... Values>
  void tell(Point point, const Values&... values) {
    if (!is_open()) return;
    ++calls_;
    if (recording()) return write(point, values...);
    begin_payload(values...);
    compare(point);
  }

  // --- what stands where it happened ---

  template <class... Values>
  void note(Point point, const Values&... values) {
    if (recording() && (in_step_ || depth_ != 0)) write(point, values...);
  }
  /// The payload of the next record behind its number, if it is this one, of that number, and stands here; replaying
  /// only. To be passed by finish().
  std::optional<Reader> take_note(Point point);
  std::optional<Reader> take_note(Point point, std::uint64_t number);

  // --- for whoever replays ---

  const Records::Record& next() const noexcept { return records_.next(); }
  /// Between steps readings are counted from each command on.
  void begin_command() noexcept { calls_ = 0; }
  /// Hears of each record that is passed.
  void set_listener(std::function<void(const Records::Record&)> listener) { listener_ = std::move(listener); }
  void advance();
  bool has_differed() const noexcept { return difference_.has_value(); }
  const std::optional<Difference>& difference() const noexcept { return difference_; }
  /// Nothing is known to differ from what was lost.
  void differ(std::string what, std::string recorded, std::string replayed);
  /// Whether the next record is of this point and comes with this reading.
  bool due(Point point);
  /// Its payload behind the number, which must be `id`; the record is passed.
  Reader take(std::uint64_t id);
  /// False, and a difference noted: the payload was not what it should be.
  bool finish(const Reader& reader);

  /// How many records there were, and steps in which something was decided.
  std::uint64_t records() const noexcept { return written_; }
  /// Bytes that did not fit into the store.
  std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  enum class Role : std::uint8_t { off, recording, replaying };
  static constexpr std::size_t scratch_size = 80 * 1024;
  static constexpr std::size_t reserve_ = 32 * 1024;

  static void put_value(Writer& writer, const Outcome& value) { put_outcome(writer, value); }
  static void put_value(Writer& writer, const Action& value) { put_action(writer, value); }
  static void put_value(Writer& writer, const ForwardingPlan& value) { put_plan(writer, value); }
  static void put_value(Writer& writer, const BondMemory* value) { put_memory(writer, value); }
  static void put_value(Writer& writer, const BondConfig& value) { put_config(writer, value); }
  static void put_value(Writer& writer, const TrafficSince& value) { put_traffic(writer, value.now, value.before); }
  static void put_value(Writer& writer, std::string_view value) { writer.text(value); }
  static void put_value(Writer& writer, const std::string& value) { writer.text(value); }
  static void put_value(Writer& writer, wire::Bytes value) {
    writer.number(value.size());
    writer.bytes(value);
  }
  template <class T>
  static void put_value(Writer& writer, const T& value) {
    Put put(writer);
    put(value);
  }
  template <class... Values>
  void write(Point point, const Values&... values) {
    begin_payload(values...);
    write_payload(point);
  }
  template <class... Values>
  void begin_payload(const Values&... values) {
    payload_ = Writer(scratch_.get(), scratch_size);
    (put_value(payload_, values), ...);
  }
  template <class... Words>
  void write_command(CommandKind kind, const Words&... words) {
    begin_payload(static_cast<std::uint8_t>(kind), words...);
    write_command_payload();
  }
  void write_payload(Point point) noexcept;
  void write_command_payload() noexcept;
  void write_step(Tick tick) noexcept;
  void append(wire::Bytes bytes) noexcept;
  std::uint64_t take_number(Point point, std::uint64_t usual);
  std::uint64_t keep_property(Point point, std::uint64_t id, Known& known, std::uint64_t value);
  std::uint64_t take_property(Point point, std::uint64_t id, Known& known);
  Outcome finish_act(Point point, const Outcome& outcome);
  Outcome take_act(Point point);
  void compare(Point point);

  Role role_ = Role::off;
  unsigned depth_ = 0;
  std::uint64_t calls_ = 0;
  std::unique_ptr<std::uint8_t[]> scratch_;
  Writer payload_{nullptr, 0};

  // Recording.
  Store* store_ = nullptr;
  std::unique_ptr<Recents> recents_;
  bool in_step_ = false;
  bool touched_ = false;
  bool step_written_ = false;
  bool bare_step_last_ = false;  ///< the last thing written is a step with nothing in it, or a repeat of one
  bool repeat_last_ = false;
  bool broken_ = false;  ///< something did not fit
  Ticks stride_{};
  Tick now_{};
  Tick written_tick_{};
  std::optional<Tick> quiet_;  ///< the last step, if it was not written
  std::uint64_t written_ = 0;
  std::uint64_t dropped_ = 0;

  // Replaying.
  Records records_;
  std::function<void(const Records::Record&)> listener_;
  std::optional<Difference> difference_;
};

}  // namespace bondbox::trace

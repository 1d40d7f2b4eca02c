// The deterministic tick scheduler: every bond of the program, moved on one step at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "firmware/bond.hpp"
#include "hal/clock.hpp"
#include "hal/hardware.hpp"

namespace bondbox {

/// Takes part in steps beside the bonds: a drill.
class StepGuest {
 public:
  /// After observe, at the place of commands.
  virtual void act(Tick now) = 0;
  /// After speak: what has come of the step.
  virtual void look(Tick now) = 0;
  virtual std::optional<Tick> next_deadline() const = 0;

 protected:
  ~StepGuest() = default;
};

/// One step:
///
///   now = clock.now()   the only time read, in whole ticks
///   1 observe           events and link polls that are due
///   2 decide            punted frames, timers and the step's command, until the plan stands
///   3 forward           host -> ports and ports -> host by the plan, at most a fixed number of batches
///   4 speak             carrier, MAC changes, announcements, protocol frames
///
/// The same ticks, link samples, frames and commands give the same plans and actions.
class Scheduler {
 public:
  Scheduler(Hardware& hardware, Clock& clock, EventLog& events);
  ~Scheduler();

  /// Further loops for the bonds that are made from now on; they outlive the bonds.
  void set_loops(LoopHost& loops) noexcept { loops_ = &loops; }

  /// What the bonds decide by, and what they decide, passes it from now on. Before the first bond is made; outlives
  /// them.
  void set_tape(trace::Tape& tape) noexcept { tape_ = &tape; }

  /// nullptr: none.
  void set_guest(StepGuest* guest) noexcept { guest_ = guest; }

  /// Makes the bond as part of a step. The bond stays at its address until it is removed.
  /// `before`: as for Bond::create.
  Outcome add_bond(const BondConfig& config, const BondMemory* before = nullptr);
  /// Releases its ports and takes its interface away.
  void remove_bond(std::string_view name);
  Bond* find(std::string_view name);
  const std::vector<std::unique_ptr<Bond>>& bonds() const noexcept { return bonds_; }

  /// What a person or a file asked for, done in the decide part of its step.
  using Command = std::function<void(Tick now)>;

  /// True when frames or punted frames may be left: step again before sleeping.
  bool step() { return run(nullptr); }
  bool step(const Command& command) { return run(&command); }

  /// The tick by which the next step is due if nothing else wakes the program.
  std::optional<Tick> next_deadline() const;

  /// For how long to go on polling after traffic, before sleeping: the longest that a bond asks for.
  std::uint32_t busy_poll_us() const;

  Tick now() const noexcept { return now_; }
  const SchedulerStatus& status() const noexcept { return status_; }
  /// What the bonds know was written down for the next start, or could not be.
  void note_state_kept(bool kept) noexcept { ++(kept ? status_.state_kept : status_.state_kept_not); }
  EventLog& events() noexcept { return events_; }

  /// Between two steps: all that what the bonds decide hangs on, for a checkpoint of the tape. A scheduler that has no
  /// bond yet has then had these all the time. False: not now, something waits for the next step.
  bool archive_checkpoint(Archive& archive, trace::TapedHardware& hardware);

  /// Every descriptor that should wake the program; changes when handles_version() does.
  std::vector<int> wait_handles() const;
  std::uint64_t handles_version() const;

 private:
  bool run(const Command* command);
  void observe();
  void decide();
  void speak();
  void remove_departed();
  void count_overrun();
  std::optional<Tick> next_duty() const;

  Hardware& hardware_;
  Clock& clock_;
  EventLog& events_;
  LoopHost* loops_ = nullptr;
  StepGuest* guest_ = nullptr;
  std::unique_ptr<trace::Tape> no_tape_;
  trace::Tape* tape_;
  std::uint32_t bonds_made_ = 0;
  PacketBatch batch_;
  PacketBatch spare_{32};  ///< for what waits in a port that is left
  FixedVector<HardwareEvent, 64> hardware_events_;
  std::vector<std::unique_ptr<Bond>> bonds_;
  std::uint64_t bonds_version_ = 0;
  Tick now_{};
  bool in_step_ = false;
  SchedulerStatus status_;
};

}  // namespace bondbox

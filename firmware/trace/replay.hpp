// Steps a recording again: the same bonds with nothing below them, fed with what was read then, compared in all that
// they decide.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/scheduler.hpp"
#include "firmware/trace/file.hpp"
#include "firmware/trace/taped_hardware.hpp"
#include "hal/clock.hpp"

namespace bondbox::trace {

class Replay {
 public:
  struct Counts {
    std::uint64_t steps = 0;
    std::uint64_t records = 0;
    std::uint64_t plans = 0;
    std::uint64_t actions = 0;
    std::uint64_t frames = 0;
    std::uint64_t events = 0;
    Tick last{};
  };
  /// Is shown each record as it is reached.
  using Listener = std::function<void(const Records::Record&)>;

  /// `records` begin where the program began, or with a checkpoint.
  explicit Replay(Records records, Listener listener = {});

  /// Steps to the end, or to the first difference.
  void run();
  const std::optional<Difference>& difference() const noexcept { return tape_.difference(); }
  const Counts& counts() const noexcept { return counts_; }
  Scheduler& scheduler() noexcept { return scheduler_; }
  /// What a checkpoint would hold now.
  std::vector<std::uint8_t> state();

 private:
  struct ToldClock final : Clock {
    Tick now() override { return tick; }
    Tick tick{};
  };

  void step();
  void pass_checkpoint();
  void command(Point point);
  void perform(CommandKind kind, Reader& reader);
  void perform(CommandKind kind, Bond& bond, Reader& reader);

  Tape tape_;
  TapedHardware hardware_{tape_, nullptr};
  ToldClock clock_;
  EventLog events_;
  Scheduler scheduler_{hardware_, clock_, events_};
  Counts counts_;
  bool begun_ = false;  ///< a checkpoint is one to compare with
};

struct Replayed {
  std::size_t parts = 0;  ///< that could be replayed and were
  Tick from;
  Replay::Counts counts;
  std::optional<Difference> difference;
};

/// All parts of a trace that can be replayed, each from where it begins, to the end or the first difference. Where one
/// goes on from another, that one has to end with what it begins with.
Replayed replay_all(const Trace& trace, const Replay::Listener& listener = {});

}  // namespace bondbox::trace

// The daemon's part in RUN_DIR: what is kept there for readers and for the next start, when it is written, and who
// waits for that.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "firmware/control_hooks.hpp"
#include "firmware/file_writer.hpp"
#include "firmware/log.hpp"
#include "firmware/runtime.hpp"
#include "firmware/scheduler.hpp"
#include "firmware/state_keeper.hpp"
#include "firmware/status_files.hpp"
#include "firmware/trace/flight_recorder.hpp"
#include "hal/linux/linux_hardware.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox::cli {

class DaemonFiles {
 public:
  struct Parts {
    lnx::RunDir& run_dir;
    FileWriter& writer;
    Scheduler& scheduler;
    const lnx::MonotonicClock& clock;
    lnx::LinuxHardware& hardware;
    Runtime& runtime;
    const trace::FlightRecorder& recorder;
    std::function<void(const std::string&, LogLevel)> say;
  };

  /// What is in `parts` outlives its use, not its making.
  explicit DaemonFiles(Parts parts);

  StateKeeper& keeper() noexcept { return keeper_; }

  /// Takes away what another process has left to be read.
  void clear() { status_.clear(); }
  void write_pid();
  /// Calls `told` between steps, once this process's id can be read or that takes too long.
  void when_known(std::function<void()> told);
  /// Between steps: hands over what has changed.
  void after_steps();
  /// An orderly end.
  void remove_all();

  /// Hands over what a command has changed. What its answer is to wait for.
  std::uint64_t after_command(std::span<const std::string> words);
  /// Once what the command brought about is in the files, or that takes too long. What was set and acknowledged is
  /// there for the next start, whatever becomes of this process; and what status says, the files say, too.
  bool may_answer(const control::HeldAnswer& answer);
  /// Whether something waits for a file system that may not come back: nothing is to be made there then.
  bool hang() const;
  /// So long that nobody should take over now: of a disk that is only slow, the second of two upgrades finds the first
  /// files of the first still waiting.
  bool is_stuck();
  /// Whether nothing that was begun is left to be done.
  bool is_settled();

 private:
  static constexpr const char* pid_file = "pid";
  static constexpr Ticks place_interval{1'000};

  void stay_in_place();
  void tell_known();
  void tell_lag();

  Parts parts_;
  StatusFiles status_;
  StateKeeper keeper_;
  std::uint64_t pid_number_ = 0;  ///< of what was handed over to write it
  std::function<void()> told_;
  std::int64_t tell_by_ms_ = 0;
  Tick look_at_place_{};
  std::string place_trouble_;
  bool late_ = false;
};

}  // namespace bondbox::cli

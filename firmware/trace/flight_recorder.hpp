// Always on: what the bonds read and decide is kept in memory, the oldest goes for the newest, and a file is written of
// it when somebody asks, a second after a failover, and when the program dies of a fault.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/event_log.hpp"
#include "firmware/file_writer.hpp"
#include "firmware/recorder_status.hpp"
#include "firmware/scheduler.hpp"
#include "firmware/trace/file.hpp"
#include "firmware/trace/tape.hpp"
#include "firmware/trace/taped_hardware.hpp"
#include "hal/outcome.hpp"

namespace bondbox::trace {

/// Takes `--trace FILE` out of the words; what is wrong with it.
std::optional<std::string> take_file(std::vector<std::string>& words, std::string& file);

class FlightRecorder {
 public:
  using Log = std::function<void(const std::string&)>;

  /// `file`: all from the start is written there at the end; empty: it is not.
  /// The files of the running program go to `writer`.
  FlightRecorder(Hardware& below, std::string file, FileWriter& writer, Log log)
      : hardware_(tape_, &below), file_(std::move(file)), writer_(writer), log_(std::move(log)) {}
  ~FlightRecorder();

  Tape& tape() noexcept { return tape_; }
  /// The machine as the bonds are to see it.
  Hardware& hardware() noexcept { return hardware_; }

  /// Takes the memory that start() needs, when there is time for that.
  void prepare();
  /// Before the first bond is made. `directory`, made when it is needed, is for 1.trace to 4.trace and crash.trace;
  /// `started_ms`: the wall clock at tick 0.
  void start(std::string directory, std::int64_t started_ms, Tick now);
  /// Hears of every event.
  void heard(const Event& event);
  /// Between steps: makes room, and hands over what is due.
  void after_steps(Scheduler& scheduler);
  /// Hands over a file of what is there now; its path, or why not. `last_outcome` tells how it went.
  Result<std::string> write_file() { return hand_over({}); }
  /// Of the file that was last written, or could not be.
  const Outcome& last_outcome() const noexcept { return last_outcome_; }

  RecorderStatus status() const;

 private:
  using Done = std::function<void(const Outcome&, const std::string& path)>;
  void begin_segment(Scheduler& scheduler);
  /// `bondbox trace` is a command of a step, and a program dies in the midst of one.
  bool ends_amid() const noexcept { return tape_.is_amid() || tape_.is_broken(); }
  static void crashed(void* context, int signal);
  Result<std::string> hand_over(Done done);
  Outcome write_to(const std::string& path);

  Tape tape_;
  TapedHardware hardware_;
  std::string file_;
  FileWriter& writer_;
  Log log_;
  std::string directory_;
  std::string header_;
  std::string crash_file_;
  std::optional<Store> prepared_;
  std::optional<Store> store_;
  std::vector<std::uint8_t> checkpoint_;
  std::optional<Tick> due_;
  Tick not_before_{};
  unsigned next_file_ = 0;
  bool trouble_told_ = false;
  std::uint64_t written_ = 0;
  std::uint64_t failed_ = 0;
  Outcome last_outcome_;
};

}  // namespace bondbox::trace

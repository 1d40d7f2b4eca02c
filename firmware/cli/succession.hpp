// The daemon's part in a takeover: what is handed over of all that it is made of, and how that is put together again in
// the process that takes its place. The conversation of the two is firmware/takeover.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "firmware/cli/configuration.hpp"
#include "firmware/runtime.hpp"
#include "firmware/scheduler.hpp"
#include "firmware/takeover.hpp"
#include "hal/linux/linux_hardware.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox::cli {

class Succession {
 public:
  struct Parts {
    Scheduler& scheduler;
    Runtime& runtime;
    lnx::LinuxHardware& hardware;
    lnx::MonotonicClock& clock;
    lnx::RunDir& run_dir;
    std::function<void(const std::string&)> say;
    std::function<bool()> settle;          ///< files are written, and answers given, that were begun
    std::function<std::string()> state;    ///< all that the bonds know, as it stands
    std::function<Outcome()> write_state;  ///< the same where a process reads it that is not given it
  };

  /// `words`: of which configuration the daemon runs, as words_of() gives them. What is in `parts` outlives it.
  Succession(const std::string& run_dir, std::string words, bool logs_to_stderr, Parts parts);

  // --- the one that runs ---
  /// What a process asks for that wants to take this one's place.
  Reply let_in(std::string_view version);
  int handle() const noexcept { return door_.handle(); }
  /// Between steps. True: another process carries.
  bool look();
  int successor() const noexcept { return door_.successor(); }
  /// Whether this process is to stay until that one ends, because whoever watches it cannot be told of that one.
  bool is_kept() const noexcept { return stays_; }
  /// What is open here is the other process's: nothing of it is undone when it ends.
  void let_go();
  bool is_others() const noexcept { return is_others_; }
  /// Another process waits for this one to stand still, or has taken its place: nothing is to be written any more.
  bool is_last_moment() const noexcept { return is_others_ || door_.is_about_to(); }

  // --- the one that takes its place ---
  /// Up to the end: `make_bonds` makes them on what was handed over. Refused, the other process goes on.
  Outcome take_over(TakingOver& other, lnx::Handover& handed, bool keep, const std::function<Outcome()>& make_bonds);
  /// What the bonds knew in the other process; null where that one has only written it.
  const std::string* state() const noexcept { return state_.empty() ? nullptr : &state_; }
  /// The port that was active in the other process; empty: none.
  std::string active_before(const std::string& bond) const;

 private:
  static constexpr std::string_view keep_word = "keep ";
  static constexpr std::string_view state_word = "state ";  ///< it takes it by the channel
  void give(lnx::Handover& handover);
  void give_state(lnx::Handover& handover) const;
  Outcome stand_still();
  void go_on();
  void tell_supervisor();

  std::string run_dir_;
  std::string words_;
  bool logs_to_stderr_;
  Parts parts_;
  HandingOver door_;
  std::uint64_t given_version_ = 0;  ///< of the scheduler's handles, when they were given
  std::size_t given_descriptors_ = 0;
  std::int64_t still_since_us_ = 0;  ///< CLOCK_MONOTONIC
  bool is_others_ = false;
  bool stays_ = false;
  lnx::UniqueFd given_state_;
  std::string state_;
};

/// The words of a configuration for a process in another directory, each ended by a zero byte; and back.
std::string words_of(const Invocation& invocation, const Configuration& configuration);
std::vector<std::string> words_from(std::string_view text);

}  // namespace bondbox::cli

// Keeps what the bonds know in RUN_DIR/state/bonds, and gives it to the next start after a kill.
//
// Written at once when something has happened that shows (a link, the plan, the partner, an option, an event), ten
// times a second at most, after each command, and in any case each ten seconds, for counts and tables that grow with
// traffic. In between eight bytes of it tell twice a second that it still holds. An orderly end removes it,
// and leaves the history of events alone, in RUN_DIR/state/bonds.events.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/bond.hpp"
#include "firmware/file_writer.hpp"
#include "firmware/saved_state.hpp"
#include "firmware/scheduler.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/state_file.hpp"

namespace bondbox {

class StateKeeper {
 public:
  using LogLine = std::function<void(const std::string&)>;
  StateKeeper(Scheduler& scheduler, const lnx::MonotonicClock& clock, FileWriter& writer, LogLine log)
      : scheduler_(scheduler), clock_(clock), writer_(writer), log_(std::move(log)) {}

  /// Before any bond is made: reads what is there. Bonds that it has kept for this configuration are to be made from
  /// what it gives back instead, and after those come the ones that were added at run time. `whatever_ran`: all bonds
  /// that ran, and as they ran, whatever is asked for.
  /// `handed`: what a process that still lives has given in place of the file.
  std::vector<BondConfig> recall(const std::string& path, const SavedPlace& here, std::vector<BondConfig> asked_for,
                                 bool whatever_ran = false, const std::string* handed = nullptr);
  /// What a bond of this name knew; none: it begins anew.
  std::optional<BondMemory> memory_of(std::string_view bond) const;

  /// Makes the bonds that recall() has given; what cannot go on begins anew, with a word to the log.
  Outcome add_bonds(const std::vector<BondConfig>& bonds);

  /// The bonds of a configuration, which are as it asks for now.
  void note_configured(const std::vector<BondConfig>& bonds);
  /// A bond that was added, or changed, by words at run time.
  void note_added(const BondConfig& bond);

  /// After each run of steps.
  void keep();
  /// Between two steps: whoever hears that something was done may count on it.
  void keep_now() {
    if (file_) save(scheduler_.now());
  }
  /// What would be written now, for somebody who goes on at once.
  const std::vector<std::uint8_t>& bytes_now() {
    collect(scheduler_.now());
    return bytes_;
  }
  /// The same into the file, before this returns.
  Outcome write_now();
  /// An orderly end: nothing is to be resumed. The history is kept for the next start, in a file beside.
  void forget();

 private:
  static constexpr Ticks busy_interval{100};
  static constexpr Ticks idle_interval{10'000};
  static constexpr Ticks retry_interval{1'000};
  static constexpr Ticks beat_interval{500};
  static constexpr Ticks tidy_interval{60'000};

  struct Origin {
    std::uint64_t fingerprint = 0;
    bool added = false;  ///< at run time: no configuration speaks of it
  };

  void collect(Tick now);
  void save(Tick now);
  void note(const Outcome& outcome, Tick now);
  void recall_history();
  void say_how(const Outcome& outcome);

  Scheduler& scheduler_;
  const lnx::MonotonicClock& clock_;
  FileWriter& writer_;
  LogLine log_;
  std::shared_ptr<lnx::StateFile> file_;     ///< the writer's, once there are bonds
  std::shared_ptr<lnx::StateFile> history_;  ///< of a bondbox that has ended
  SavedPlace here_;
  SavedState before_;  ///< as it was read
  std::map<std::string, Origin, std::less<>> origins_;
  std::vector<std::uint8_t> bytes_;  ///< between collect() and whoever takes them
  std::size_t size_ = 0;             ///< that they last had
  std::uint64_t version_ = 0;        ///< that was saved
  Tick next_save_{};
  Tick next_news_{};
  Tick next_beat_{};
  Tick next_tidying_{};  ///< of memory: the writer is who may wait for it
  bool failing_ = false;
  bool waits_ = false;  ///< for the writer
};

}  // namespace bondbox

// What the running program writes to files, written by a thread of its own: a disk that is slow, full or hangs stops no
// frame. Of each file only the newest content waits, so what waits is bounded by the number of files.
//
// No lock: what is handed over lies in one place, which changes hands whole, and so does what has become of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/file_status.hpp"
#include "hal/outcome.hpp"

namespace bondbox {

class FileWriter {
 public:
  /// Writes a file. Runs on the thread, so it has what it needs by value, or shares it with others like it alone.
  using Work = std::function<Outcome()>;
  /// What has become of it, on the thread that hands over.
  using Done = std::function<void(const Outcome&)>;

  FileWriter();
  /// Waits for what was handed over, for two seconds at most; what hangs longer is left to the end of the process.
  /// Calls no Done any more.
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  /// From here on by a thread; before that, and where it cannot be had, what is handed over is written at once.
  Outcome start();

  /// In the order in which they come. Work of the same name that has not begun is left out, and its Done with it.
  void hand(std::string_view name, Work work, Done done = {});
  /// Calls the Done of what is done.
  void take_results();
  /// Readable when there are results; -1 where nothing is awaited.
  int handle() const noexcept;

  /// The number of what was handed over last.
  std::uint64_t handed() const noexcept { return sequence_; }
  /// Whether all up to that number is written, has failed, or was left out for something newer that is.
  bool has_done(std::uint64_t number) const noexcept;
  bool is_idle() const noexcept { return pending_.empty(); }
  /// Blocks until it is idle. False: it is not in so many milliseconds.
  bool wait(std::int64_t limit_ms);

  /// For how long the oldest has waited.
  std::int64_t lag_ms() const noexcept;
  /// For how long none of those that wait has been done, as far as results were taken: a disk that is slow gets on.
  std::int64_t stuck_ms() const noexcept;
  FileStatus status() const;

 private:
  struct Job {
    std::string name;
    std::uint64_t number = 0;  ///< of the first with this content or one that it replaced
    std::int64_t since_ms = 0;
    Work work;
    Done done;
    Outcome outcome;
  };
  using Batch = std::vector<Job>;
  struct Pending {
    std::string name;
    std::uint64_t number;
    std::int64_t since_ms;
  };
  struct Shared;

  void finish(Job& job);

  std::unique_ptr<Shared> shared_;
  bool has_thread_ = false;
  bool calls_back_ = true;
  std::uint64_t sequence_ = 0;
  std::vector<Pending> pending_;  ///< handed over and not known to be done, oldest first
  std::int64_t worst_lag_ms_ = 0;
  std::int64_t moved_ms_ = 0;  ///< when one was last done, or the first of them was handed over
  std::uint64_t written_ = 0;
  std::uint64_t replaced_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> failed_;
};

}  // namespace bondbox

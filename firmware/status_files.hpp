// What a running bondbox shows in files: RUN_DIR/net/bonding/BOND, as /proc/net/bonding/BOND would be, and
// RUN_DIR/sys/class/net, as the bonding driver's part of /sys/class/net would be.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "firmware/bond.hpp"
#include "firmware/file_writer.hpp"
#include "firmware/render.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox {

class StatusFiles {
 public:
  StatusFiles(const lnx::RunDir& directory, FileWriter& writer);
  ~StatusFiles();

  /// Takes away what another process has left.
  void clear();
  /// Hands over what has changed; only those files are written whose text has. Tells what could not be written since
  /// the last time, once, until all could be written again; the file that failed is removed, for no text is better than
  /// one from before.
  Outcome update(std::span<const std::unique_ptr<Bond>> bonds, Tick now);
  /// Writes all of it again with the next update: somebody may have taken it away.
  void forget();
  void remove_all();

 private:
  class Tree;
  struct Shown {
    std::uint64_t version = 0;  ///< that was handed over
    bool failed = false;
  };
  void show(const Bond& bond, Shown& shown, Tick now);
  void show_masters(std::span<const std::unique_ptr<Bond>> bonds);
  void note(bool& failed, const Outcome& outcome);

  const lnx::RunDir& directory_;
  FileWriter& writer_;
  std::shared_ptr<Tree> tree_;  ///< the writer's alone
  std::map<std::string, Shown> bonds_;
  std::string masters_;  ///< as handed over; empty: not yet
  bool masters_failed_ = false;
  bool told_ = false;  ///< that something failed
  Outcome trouble_;
  Tick next_try_{};  ///< while something has failed
};

}  // namespace bondbox

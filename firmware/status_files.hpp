// What a running bondbox shows in files: RUN_DIR/net/bonding/BOND, as /proc/net/bonding/BOND would be, and
// RUN_DIR/sys/class/net, as the bonding driver's part of /sys/class/net would be.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "firmware/bond.hpp"
#include "firmware/render.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox {

class StatusFiles {
 public:
  explicit StatusFiles(const lnx::RunDir& directory) : directory_(directory) {}

  /// Takes away what another process has left.
  void clear();
  /// Brings the files up to date; only those are written whose text has changed. A failure is told once, until all
  /// could be written again; the file that failed is removed, for no text is better than one from before.
  Outcome update(std::span<const std::unique_ptr<Bond>> bonds, Tick now);
  /// Writes all of it again with the next update: somebody may have taken it away.
  void forget() {
    bonds_.clear();
    masters_.clear();
  }
  void remove_all();

 private:
  struct Shown {
    std::uint64_t version = 0;                 ///< that the files show
    std::uint64_t tried = 0;                   ///< that they were last to show
    std::map<std::string, std::string> files;  ///< by path; what is in them. Links hold where they lead, after '\0'
  };
  void remove(const Shown& shown);
  Outcome write(const std::string& path, const std::string& text);
  Outcome show(const Bond& bond, Shown& shown, Tick now);
  Outcome show_masters(std::span<const std::unique_ptr<Bond>> bonds);

  const lnx::RunDir& directory_;
  std::map<std::string, Shown> bonds_;
  std::string masters_;  ///< as last written; empty: not yet
  bool failed_ = false;
  Tick next_try_{};  ///< while it has failed
};

}  // namespace bondbox

// What a bondbox that died has left standing: bonds whose bond0 outlived it, because programs in the kernel carry their
// frames (hal/linux/host_journal.hpp). For those who ask when nobody answers; nothing is changed and no lock taken.
#pragma once

#include <string>
#include <vector>

namespace bondbox::lnx {

struct LeftBond {
  std::string name;
  bool is_carried = false;  ///< a program is on its egress still
};

/// Those noted in `run_dir` for this network namespace that are there. Whether their process has died, the caller
/// knows.
std::vector<LeftBond> left_bonds(const std::string& run_dir);

/// Who serves a run directory, or did: the process that holds its lock, else the one that its pid file names.
struct Server {
  int pid = 0;            ///< 0: nobody has left a trace
  bool is_alive = false;  ///< it holds the lock
  bool is_stopped = false;
};
Server server_of(const std::string& run_dir);

}  // namespace bondbox::lnx

// A process that has given away what it did, and is still the one whose number somebody watches (init, systemd, runit,
// a shell): it stays until its successor ends, passes signals on to it, and ends as it ended.
#pragma once

#include <string>

namespace bondbox::lnx {

/// Until the process `pid`, or whoever has taken that one's place in turn, has ended. 0: it ended in order; 1: it did
/// not. Signals that ask a daemon for something (SIGTERM, SIGINT, SIGHUP) are passed on. Nothing else is done: all that
/// this process had should be closed by now.
int stand_in(int pid, const std::string& run_dir);

}  // namespace bondbox::lnx

// The bench inside user-mode-linux, whose kernel has the bonding driver. It has one CPU and slow system calls: what its
// figures are worth are the ratios within one run.
#pragma once

#include <string>

namespace bondbox::bench {

/// Boots one, runs `PROGRAM inside` with this process's ROUNDS, SECONDS, ONLY and PULLS, and OUT=`place`, a directory
/// that both kernels see. Throws with the reason where that cannot be done; Interrupted.
void run_inside_kernel(const std::string& program, const std::string& place);

}  // namespace bondbox::bench

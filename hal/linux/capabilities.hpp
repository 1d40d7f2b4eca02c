// What of the rights of root (capabilities(7)) the process keeps. They belong to threads and are inherited by those
// that are started later, so they are given up before there is a second one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hal/outcome.hpp"

namespace bondbox::lnx {

/// A bit for each capability, by the kernel's numbers.
using CapabilitySet = std::uint64_t;

/// What the calling thread may do now.
CapabilitySet held_capabilities();

/// What a daemon needs when it has started: CAP_NET_ADMIN, CAP_NET_RAW and, where the kernel has bpf(2), CAP_BPF and
/// CAP_PERFMON. Before Linux 5.8 bpf(2) asks for CAP_SYS_ADMIN, which is next to everything: it is kept only where
/// system calls are filtered.
CapabilitySet daemon_capabilities(bool calls_are_filtered);

/// Gives up for good what is not in `kept`: no program that is started from here on, setuid ones included, has more
/// than that (bounding set, securebits, no_new_privs), and none is inherited. What the thread does not have it does not
/// get. A step that the kernel refuses for want of a right, because there is nothing to give up, is passed over.
Outcome keep_capabilities(CapabilitySet kept);

/// "CAP_NET_ADMIN", ...; "CAP_99" for what has no name here.
std::vector<std::string> capability_names(CapabilitySet set);

}  // namespace bondbox::lnx

// What the kernel itself drops before any bond has seen it.
#pragma once

#include <cstdint>

namespace bondbox::lab {

/// Frames that found the queue between an interface and the stack full (net.core.netdev_max_backlog), on all CPUs: a
/// thousand for each, which all namespaces of a machine share, and which nobody empties while others have the CPU.
std::uint64_t backlog_drops();

}  // namespace bondbox::lab

// Puts frames into a queue of an interface by their socket's mark, as tc's skbedit queue_mapping would, which the
// kernels that tests run on need not have: an HTB without classes and a classifier of three instructions.
#pragma once

#include "tests/lab/support/namespace.hpp"

namespace bondbox::lab {

/// From now on a frame with mark N goes into queue N of the interface, in the namespace where the caller is. Empty, or
/// what the kernel lacks for it.
std::string queue_by_mark(const Namespace& space, const std::string& interface);

/// Sends UDP datagrams with a mark from `space` to address:port, each from a socket of its own, hence a flow of its
/// own.
void send_marked(const Namespace& space, const char* address, std::uint16_t port, int mark, int count);

}  // namespace bondbox::lab

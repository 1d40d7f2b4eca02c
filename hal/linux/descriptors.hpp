// The numbers of open files: the first three, and how many there may be.
#pragma once

#include <cstddef>

namespace bondbox::lnx {

/// Whoever starts us may have closed stdin, stdout or stderr: the next sockets would get their numbers, and what is
/// said would be written to them. To be called before anything is opened.
void hold_standard_descriptors();

/// Whether it is a file of a file system, and no terminal, pipe or socket.
bool is_regular_file(int fd);

/// How many files this process may have open, its soft limit raised as far as that goes.
std::size_t descriptors_max();

}  // namespace bondbox::lnx

// Who somebody is to the kernel: users and groups by number. No user database: in a static program it would bring the
// loading of libraries with it, and an appliance has /etc/group or nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hal/outcome.hpp"

namespace bondbox::lnx {

/// Of the text of /etc/group.
std::optional<unsigned> find_group(std::string_view text, std::string_view name);
/// By /etc/group; a number stands for itself. ENOENT: there is no such group.
Result<unsigned> group_number(const std::string& name);

/// Whether the process at the other end of a Unix socket is root's or of this process's own user.
bool is_peer_in_charge(int fd);

/// Whether this process is root's.
bool is_root();

/// Whether the process at the other end of a connected socket has closed it, and not only its way of sending.
bool has_hung_up(int fd);

/// The socket at the path is for its owner and for this group (0660). errno, 0: done.
int let_group_in(const std::string& path, unsigned group);

}  // namespace bondbox::lnx

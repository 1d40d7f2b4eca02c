// The per-interface settings under /proc/sys/net that rtnetlink cannot write. They are those of the calling thread's
// network namespace.
#pragma once

#include <optional>
#include <string_view>

namespace bondbox::lnx {

/// net.`family`.conf.`interface`.`key`, with family "ipv4" or "ipv6". Nothing where it does not exist (no IPv6, no
/// /proc).
std::optional<int> read_interface_sysctl(std::string_view family, std::string_view interface, std::string_view key);

/// errno, 0: done.
int write_interface_sysctl(std::string_view family, std::string_view interface, std::string_view key, int value);

}  // namespace bondbox::lnx

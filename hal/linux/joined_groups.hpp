// The IPv4 multicast groups that the host has joined, as the kernel lists them in /proc/net/igmp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "hal/wire/ip_address.hpp"

namespace bondbox::lnx {

struct JoinedGroup {
  int index = 0;  ///< of the interface
  IpAddress group;
  std::uint8_t version = 3;  ///< of IGMP, as the interface speaks it: 1, 2 or 3
  friend constexpr bool operator==(const JoinedGroup&, const JoinedGroup&) = default;
};

/// The table line by line: a line for an interface, then one, further in, for each group that is joined there. What is
/// in neither form is passed over, and a group below an interface that could not be read belongs to none.
class JoinedGroupsParser {
 public:
  /// `line` without its line end. A group, when the line tells of one.
  std::optional<JoinedGroup> take(std::string_view line) noexcept;

 private:
  int index_ = 0;
  std::uint8_t version_ = 3;
};

/// 224.0.0.1, which every host is in and no host reports (RFC 2236 section 6).
bool is_all_hosts(const IpAddress& group) noexcept;
/// 224.0.0.0/24, which is not forwarded; reports of it are for switches that listen (RFC 4541 2.1.2).
bool is_local_network_group(const IpAddress& group) noexcept;

/// The groups of the calling thread's network namespace, in the kernel's order (the last joined first). Reads at most
/// 1 MiB. errno, 0: done; ENOENT where the kernel has no multicast or there is no /proc.
int read_joined_groups(const std::function<void(const JoinedGroup&)>& visit);

/// net.ipv4.igmp_link_local_mcast_reports; true, the kernel's default, where it cannot be read.
bool reports_local_network_groups() noexcept;

}  // namespace bondbox::lnx

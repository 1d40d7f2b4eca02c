// What a configuration file may say beside the options of a bond.
#pragma once

#include <string_view>

namespace bondbox {

struct FileKey {
  std::string_view name;
  std::string_view help;
};

/// Above the first bond.
inline constexpr FileKey program_keys[] = {
    {"log", "where bondbox's lines go: \"stderr\", \"kmsg\" (the kernel's log) or \"syslog\"; read when it starts"},
    {"loops", "threads that forward: 1 to 8, or \"auto\", one a CPU from four CPUs on; read when it starts"},
    {"page_drill", "true: the page of bondbox page --cgi has a drill's button, where root runs the web server"},
    {"readers", "a group, by name or number, that may ask for status, get, events, explain and which"},
    {"sandbox", "false: keep rights and system calls that are not needed, for debugging"},
};

/// In a bond's table.
inline constexpr FileKey bond_keys[] = {
    {"ports", "the names of its ports, at most 16; one that is not there is awaited"},
    {"address", "its addresses with their prefix lengths, a string or a list"},
    {"gateway", "the default route, in the network of one of the addresses"},
    {"mac", "its MAC address; unless given its first port's"},
    {"mtu", "68 to 65535, for its ports too; unless given 1500"},
    {"port", "options of a port: port.eth1.prio, queue_id or actor_port_prio"},
};

}  // namespace bondbox

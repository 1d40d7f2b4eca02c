// What the values of options are called: the kernel driver's names and numbers, where the option is the kernel's.
// Private to option_list.cpp.
#pragma once

#include "firmware/option_table.hpp"

namespace bondbox::option_values {

inline constexpr ValueName mode_values[] = {{"balance-rr", 0}, {"active-backup", 1}, {"balance-xor", 2},
                                            {"broadcast", 3},  {"802.3ad", 4},       {"balance-tlb", 5},
                                            {"balance-alb", 6}};
inline constexpr ValueName fail_over_mac_values[] = {{"none", 0}, {"active", 1}, {"follow", 2}};
inline constexpr ValueName arp_validate_values[] = {
    {"none", 0}, {"active", 1}, {"backup", 2}, {"all", 3}, {"filter", 4}, {"filter_active", 5}, {"filter_backup", 6}};
inline constexpr ValueName arp_all_targets_values[] = {{"any", 0}, {"all", 1}};
inline constexpr ValueName primary_reselect_values[] = {{"always", 0}, {"better", 1}, {"failure", 2}};
inline constexpr ValueName hash_values[] = {{"layer2", 0},   {"layer3+4", 1}, {"layer2+3", 2},
                                            {"encap2+3", 3}, {"encap3+4", 4}, {"vlan+srcmac", 5}};
inline constexpr ValueName lacp_rate_values[] = {{"slow", 0}, {"fast", 1}};
inline constexpr ValueName ad_select_values[] = {{"stable", 0}, {"bandwidth", 1}, {"count", 2}, {"actor_port_prio", 3}};
inline constexpr ValueName switch_values[] = {{"off", 0}, {"on", 1}};
inline constexpr ValueName off_value[] = {{"off", 0}};
inline constexpr ValueName rebalance_values[] = {{"kernel", 0}, {"bounded", 1}};
inline constexpr ValueName offload_values[] = {{"auto", 0}, {"bpf", 1}, {"off", 2}};

}  // namespace bondbox::option_values

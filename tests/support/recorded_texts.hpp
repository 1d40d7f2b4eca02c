// The /proc/net/bonding texts that were recorded of the kernel driver, with bondbox's version in place of the kernel's.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace bondbox::test {

/// The whole of a file of tests/oracle/data; empty where it cannot be read.
std::string recorded_text(std::string_view name);

/// The texts of proc_states.txt by their headings. Where a recording goes on after the text (what nobody sees of it,
/// sysfs files, ip link), that is left out.
std::map<std::string, std::string> recorded_states();

/// What proc_states.txt has of the text "3ad no partner after 6 s" for a reader without CAP_NET_ADMIN.
std::string recorded_text_for_nobody();

}  // namespace bondbox::test

// A bond in the words of the kernel module's parameters, as every guide writes them:
//   bond0 eth0 eth1 mode=1 miimon=100 primary=eth0 address=192.168.10.52/24
#pragma once

#include <span>
#include <string_view>

#include "firmware/config/bond_config.hpp"

namespace bondbox {

/// The first word is the bond's name, further words without '=' are its ports, the others are options as in a file
/// (lists with commas). The same rules and errors as load_config; messages count the words from 1.
ConfigResult load_module_words(std::span<const std::string_view> words);

}  // namespace bondbox

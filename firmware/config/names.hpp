// Names that people write: how to tell a mistyped one, and what an interface may be called.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace bondbox {

/// The candidate that a typing error may have turned into `name`: fewest changed, missing, added or swapped characters,
/// at most a third of its length (and at least one). Case does not count, nor '-' against '_'. Empty: none is near.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates);

/// Why the kernel would not take this as an interface name, as a clause for a sentence; empty when it would.
/// The rules are dev_valid_name's: 1 - 15 bytes, no '/', ':' or white space, not "." or ".."; and no control
/// characters.
std::string bad_interface_name(std::string_view name);

}  // namespace bondbox

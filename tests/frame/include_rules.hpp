// Who may include whom. Everything that ARCHITECTURE.md promises about it is decided by this one function.
#pragma once

#include <string>
#include <string_view>

namespace bondbox::test {

/// What is wrong with `file` (relative to the top, in firmware/, hal/ or policies/) including `header`, which stands
/// between quotes or angle brackets. Empty when nothing is.
std::string include_complaint(std::string_view file, std::string_view header, bool quoted);

}  // namespace bondbox::test

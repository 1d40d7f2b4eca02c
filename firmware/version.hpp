// Which bondbox this is.
#pragma once

#include <string_view>

namespace bondbox {

/// "0.1.0": the release, as the Makefile names it.
std::string_view version();

/// The release and, where the sources were a git work tree, the commit: "0.1.0 (494369d1a2)". "-dirty" follows the
/// commit when the sources differed from it.
std::string_view version_full();

}  // namespace bondbox

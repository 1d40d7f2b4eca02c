// Asking a running bondbox how it is.
#pragma once

#include <span>
#include <string>

#include "firmware/cli/cli.hpp"
#include "firmware/command_executor.hpp"

namespace bondbox::cli {

/// The answer to "status ...". When nobody answers, also why, as far as it can be seen from here.
Reply ask_for_status(const Invocation& invocation, std::span<const std::string> words);

}  // namespace bondbox::cli

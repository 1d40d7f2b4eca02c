// The control socket's asking side.
#pragma once

#include <span>
#include <string>

#include "firmware/command_executor.hpp"

namespace bondbox::control {

/// Sends one command to the program that listens at `socket_path` and waits for its answer, at most ten seconds, or as
/// long as a drill takes. Exit status 1 and a sentence when there is none.
Reply ask(const std::string& socket_path, std::span<const std::string> words);

/// Whether anybody listens there; true also where this process may not ask, and so cannot know.
bool is_listening(const std::string& socket_path);

}  // namespace bondbox::control

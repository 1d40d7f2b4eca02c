// What the rest of the program has to do with a command at the control socket, before and after its answer.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "firmware/command_executor.hpp"

namespace bondbox::control {

/// The answer to a command that was carried out, which waits until it may be given.
struct HeldAnswer {
  const std::vector<std::string>& words;
  Reply& reply;
  std::uint64_t number;        ///< as AfterCommand gave it
  std::int64_t held_since_ms;  ///< CLOCK_MONOTONIC
};

/// Called after every command: it may have changed what the loop waits for. Gives a number to what follows from it.
using AfterCommand = std::function<std::uint64_t(std::span<const std::string> words)>;
/// Whether the answer may be given now; asked each millisecond.
using MayAnswer = std::function<bool(const HeldAnswer&)>;

}  // namespace bondbox::control

// The words of ifenslave, answered by a running bondbox: those of the C program 1.1.0 that was distributed with the
// kernel until 3.10, and those of busybox's applet, which differ in messages and exit statuses.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "firmware/command_executor.hpp"

namespace bondbox::ifenslave {

enum class Form : std::uint8_t { classic, busybox };

/// What the applet needs of the machine.
struct Machine {
  /// A command of bondbox, as words; exit status 1 also when none runs.
  std::function<Reply(std::span<const std::string>)> ask;
  /// The lines that show one interface; of all with an empty name. nullopt: there is none of that name.
  std::function<std::optional<std::string>(std::string_view)> describe;
  /// Whether the interface is set up; nullopt: there is none of that name.
  std::function<std::optional<bool>(std::string_view)> is_up;
  /// The interface that an ifdown above us is taking down; empty: none. Its ports are released a little later, so that
  /// an ifup that follows finds them as they were.
  std::string going_down;
  int linger_ms = 0;  ///< how much later
};

/// How it ended. The C program gives 0, 1, 2 or the last errno of a port; busybox's applet 0, 1, or 255 for an
/// interface that does not exist.
struct Ending {
  int exit_status = 0;
  std::string out;
  std::string err;
};

/// `words` without the program's name.
Ending run(std::span<const std::string> words, Form form, const Machine& machine);

/// For help: the forms, a line each.
extern const std::string_view usage;

}  // namespace bondbox::ifenslave

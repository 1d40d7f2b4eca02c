// The line console on a device: a serial port, or this process's own standard input and output.
#pragma once

#include <string>

#include "firmware/console_session.hpp"

namespace bondbox {

struct ConsoleOptions {
  std::string device;  ///< empty: standard input and output
  std::uint32_t baud = 115'200;
  enum class Flow : std::uint8_t { none, software, hardware };
  Flow flow = Flow::none;
  std::optional<std::size_t> rows;  ///< of the terminal; unset: what it says, else 24
  bool power = false;
  std::string control_socket;
};

/// Until standard input ends or SIGTERM, SIGINT or SIGHUP comes; a device that hangs up or goes is opened again, after
/// pauses that grow from one second to thirty. Returns the exit status. What is typed while an answer is on its way
/// waits in the kernel; when a device has taken nothing of it for a second, what comes is thrown away, counted and
/// told.
int run_console(const ConsoleOptions& options);

}  // namespace bondbox

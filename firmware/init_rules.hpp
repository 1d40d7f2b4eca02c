// What `bondbox init` decides, as values: what it was asked for, what a signal asks for, when what ended starts again.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hal/wire/ids.hpp"

namespace bondbox {

struct InitOptions {
  std::string config = "/etc/bondbox.toml";
  Ticks wait{10'000};  ///< for carrier, at most
  std::string modules = "/lib/bondbox/modules";
  bool modules_given = false;
  std::string console;            ///< a terminal, "none", or empty: the kernel's, for the first process of a machine
  std::vector<std::string> next;  ///< the program to become, with its arguments; empty: stay
};

/// Both put what they understand into `options`, and return what they do not, a sentence each. Words of the command
/// line: options, then [--] NEXT ARG...; without the "--", which a kernel command line cannot hand on, NEXT is a path
/// from the root. NAME=VALUE is passed over: those are words for others that a boot loader added.
std::vector<std::string> read_init_words(std::span<const std::string> words, InitOptions& options);
/// Of the kernel's command line: bondbox.config=FILE and bondbox.wait=TIME. Words of others are passed over.
std::vector<std::string> read_kernel_words(std::string_view line, InitOptions& options);

/// What a signal asks of process 1: as busybox init has them, so that its poweroff, reboot and halt work with us.
enum class InitRequest : std::uint8_t { none, reload, restart, power_off, halt };
InitRequest request_of(int signal) noexcept;

/// When a child that ended is started again: at once at first, then after pauses that double up to `longest`. A child
/// that lived for `settled` starts the count anew.
class Respawn {
 public:
  Respawn(Ticks shortest, Ticks longest, Ticks settled) noexcept
      : shortest_(shortest), longest_(longest), settled_(settled), pause_(shortest) {}

  void started(Tick now) noexcept { started_ = now; }
  /// The pause before the next start.
  Ticks ended(Tick now) noexcept;

 private:
  Ticks shortest_;
  Ticks longest_;
  Ticks settled_;
  Ticks pause_;  ///< that follows when it ends soon
  Tick started_;
};

}  // namespace bondbox

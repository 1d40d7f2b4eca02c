// What the first process of a machine finds missing and puts there. All of it leaves alone what is there already.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hal/linux/kernel_log.hpp"

namespace bondbox::lnx {

struct StageNote {
  LogLevel level = LogLevel::info;
  std::string text;
};
using StageNotes = std::vector<StageNote>;

/// Descriptors 0 to 2 exist from here on, so that nothing else gets their numbers: a kernel that finds no /dev/console
/// starts its first process without them. To be called before anything is opened. Whether any was missing.
bool hold_standard_files();

/// /proc, /sys, /dev (devtmpfs; a tmpfs with the few nodes that a bond needs where the kernel has none), /run (tmpfs,
/// unless it is a mount of its own) and /dev/net/tun.
void mount_missing(StageNotes& notes);
/// Descriptors 0 to 2 become the console, if there is one.
void take_console();

/// Loads every module in the directory (*.ko, and *.ko.gz, .xz, .zst where the kernel unpacks them by itself) in the
/// order of their names, and again what was refused for as long as anything new is taken, so that one may need another
/// that comes later. What is loaded already is not an error; nor is a directory that is missing, unless `must_exist`.
void load_modules(const std::string& directory, bool must_exist, StageNotes& notes);

/// Sets the interface lo up, with which 127.0.0.1 comes.
void set_up_loopback(StageNotes& notes);

/// Those of the interfaces that are not up with carrier.
std::vector<std::string> without_carrier(std::span<const std::string> names);

/// The terminal behind /dev/console, which can be a controlling one ("/dev/ttyS0"); /dev/console where the kernel does
/// not tell.
std::string console_terminal();

/// What the kernel was started with (/proc/cmdline); empty where it does not tell.
std::string kernel_command_line();

}  // namespace bondbox::lnx

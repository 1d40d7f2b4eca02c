// The program under test, running in a namespace with a run directory of its own; stopped and waited for however the
// test ends.
#pragma once

#include <csignal>
#include <string>
#include <string_view>

#include "tests/lab/support/namespace.hpp"

namespace bondbox::lab {

/// $BONDBOX, or build/bondbox.
std::string program();

void write_text(const std::string& path, std::string_view text);
/// Empty where there is no such file.
std::string read_text(const std::string& path);
bool contains(std::string_view text, std::string_view part);

/// How the asking side ended and what it printed.
struct Answer {
  int status = -1;  ///< exit status, as CommandResult's
  std::string out;  ///< stdout
  std::string err;  ///< stderr
};

class Daemon {
 public:
  /// Starts `bondbox run ARGUMENTS` inside and waits until it answers; the test fails with its log when it does not.
  /// Waits further until it has settled who forwards.
  Daemon(const Namespace& space, std::string arguments);
  ~Daemon();
  Daemon(Daemon&&) = default;

  /// Again, with the same run directory, after it has ended.
  void start();
  /// Sends the signal, waits, and tells the exit status; 128 + the signal that ended it.
  int stop(int signal = SIGTERM);
  bool is_running() const { return process_.is_running(); }
  pid_t pid() const noexcept { return process_.pid(); }

  /// `bondbox COMMAND` as a person would type it.
  Answer ask(const std::string& command) const;

  /// What `status --format json` says at a JSON pointer: a string bare, anything else as JSON; empty where there is
  /// nothing.
  std::string status(const std::string& pointer) const;
  std::string active() const { return status("/bonds/0/active"); }
  /// Whether `active` is, or becomes within a few seconds, the active port of the first bond.
  bool comes_to(std::string_view active) const;

  /// The kernel's text, as the file in the run directory has it.
  std::string proc_file(const std::string& bond = "bond0") const { return read_text(path("net/bonding/" + bond)); }
  std::string events(const std::string& bond = "bond0") const { return ask("events " + bond).out; }

  std::string path(const std::string& name) const { return run_.path() + "/" + name; }
  const std::string& run_dir() const noexcept { return run_.path(); }
  /// What it has written to stdout and stderr since it was first started.
  std::string log() const { return read_text(log_file()); }

 private:
  bool answers() const;
  bool has_settled() const;
  std::string log_file() const { return scratch_.path() + "/log"; }

  const Namespace& space_;
  std::string arguments_;
  ScratchDirectory scratch_;
  ScratchDirectory run_;
  Process process_;
};

/// `bondbox ARGUMENTS` in a namespace, to its end; for a run that is to be refused.
Answer run_program(const Namespace& space, const std::string& arguments, const std::string& before = {});

}  // namespace bondbox::lab

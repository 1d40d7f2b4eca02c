// A machine whose first process is bondbox: a PID and mount namespace in the house's box, with a kernel log of its own
// that is a file.
#pragma once

#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {

class Machine {
 public:
  /// Starts `bondbox init -c FILE --run-dir DIR ARGUMENTS` as process 1, FILE holding `config`. `before` is shell text
  /// that runs inside first.
  Machine(const House& house, std::string_view config, const std::string& arguments, const std::string& before = {});

  /// In the machine's namespaces, to its end.
  CommandResult run(const std::string& command) const;
  Answer ask(const std::string& command) const {
    return run_program(house_.box, "--run-dir " + run_dir() + " " + command);
  }
  bool comes_up() const;

  /// To process 1.
  void signal(int number) const;
  /// The wait status' exit code of the namespace: 129 for a restart, 130 for power off and halt (reboot(2)); -1 when it
  /// does not end within ten seconds.
  int end();
  bool is_running() const { return process_.is_running(); }

  /// The kernel's log, as it was written; and what came to the console.
  std::string log() const { return read_text(directory_.path() + "/kmsg"); }
  std::string console() const { return read_text(directory_.path() + "/console"); }
  bool comes_to_log(std::string_view sentence) const;
  void configure(std::string_view config) const { write_text(path("bondbox.toml"), config); }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string run_dir() const { return path("run"); }
  /// What the process table shows of the machine: pid, parent, state, words; a line each.
  std::string processes() const { return run("ps -e -o pid=,ppid=,stat=,args=").output; }

 private:
  int first_process() const;

  const House& house_;
  ScratchDirectory directory_;
  Process process_;
};

}  // namespace bondbox::lab

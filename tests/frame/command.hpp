// Runs the built program as a person would, from the shell.
#pragma once

#include <string>

namespace bondbox::test {

struct CommandResult {
  int status = -1;  ///< exit status; 124 when it took longer than ten seconds, 128 + signal when it was killed
  std::string out;
  std::string err;
};

/// `line` as a shell runs it, from the top of the source tree, with no input.
CommandResult run_shell(const std::string& line);

/// The program under test with `arguments` (shell words). Environment: BONDBOX, else build/bondbox.
CommandResult run_bondbox(const std::string& arguments);

}  // namespace bondbox::test

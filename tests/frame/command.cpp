#include "tests/frame/command.hpp"

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tests/frame/source_tree.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::test {

CommandResult run_shell(const std::string& line) {
  const ScratchDirectory scratch;
  const std::filesystem::path errors = scratch.path() + "/err";
  const std::string whole =
      "cd '" + source_root.string() + "' && timeout 60 sh -c '" + line + "' 2> '" + errors.string() + "' < /dev/null";
  CommandResult result;
  std::FILE* pipe = popen(whole.c_str(), "r");
  if (pipe == nullptr) return result;
  char chunk[4096];
  for (std::size_t length = 0; (length = std::fread(chunk, 1, sizeof chunk, pipe)) > 0;)
    result.out.append(chunk, length);
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.err = read_text(errors);
  return result;
}

CommandResult run_bondbox(const std::string& arguments) {
  const char* given = std::getenv("BONDBOX");
  const std::string program = given != nullptr ? given : "build/bondbox";
  return run_shell("exec \"" + program + "\" " + arguments);
}

}  // namespace bondbox::test

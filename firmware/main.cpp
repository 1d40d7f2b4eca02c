#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/cli/cli.hpp"
#include "hal/linux/descriptors.hpp"
#include "hal/linux/memory.hpp"

namespace {

/// What a kernel calls that was told of no other first process.
bool is_called_as_init(std::string_view name) {
  name.remove_prefix(name.rfind('/') + 1);
  return name == "init" || name == "linuxrc";
}

}  // namespace

namespace __gnu_cxx {  // NOLINT(bugprone-reserved-identifier)

/// What libstdc++ calls for an exception that nobody catches. Its own would tell the type in C++ words, for which it
/// has 45 kB of demangler.
void __verbose_terminate_handler();   // NOLINT(bugprone-reserved-identifier)
void __verbose_terminate_handler() {  // NOLINT(bugprone-reserved-identifier)
  std::fputs("bondbox: out of memory, or a fault of the program's own; it ends\n", stderr);
  std::abort();
}

}  // namespace __gnu_cxx

int main(int count, char** words) {
  bondbox::lnx::give_memory_back();
  bondbox::lnx::hold_standard_descriptors();
  std::vector<std::string> arguments(words + (count > 0 ? 1 : 0), words + count);
  if (count > 0 && is_called_as_init(words[0])) arguments.insert(arguments.begin(), "init");
  const int status = bondbox::cli::main(count > 0 ? words[0] : "", arguments);
  // An answer that a full disk has kept a part of, or all, is none.
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  std::fputs("bondbox: cannot write to stdout\n", stderr);
  return status != 0 ? status : 1;
}

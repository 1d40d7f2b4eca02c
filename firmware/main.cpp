#include <string>
#include <string_view>
#include <vector>

#include "firmware/cli/cli.hpp"

namespace {

/// What a kernel calls that was told of no other first process.
bool is_called_as_init(std::string_view name) {
  name.remove_prefix(name.rfind('/') + 1);
  return name == "init" || name == "linuxrc";
}

}  // namespace

int main(int count, char** words) {
  std::vector<std::string> arguments(words + (count > 0 ? 1 : 0), words + count);
  if (count > 0 && is_called_as_init(words[0])) arguments.insert(arguments.begin(), "init");
  return bondbox::cli::main(count > 0 ? words[0] : "", arguments);
}

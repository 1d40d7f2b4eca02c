#include <string>
#include <vector>

#include "firmware/cli/cli.hpp"

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + (count > 0 ? 1 : 0), words + count);
  return bondbox::cli::main(arguments);
}

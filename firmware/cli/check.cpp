#include "firmware/cli/configuration.hpp"
#include "firmware/config/config_diff.hpp"

namespace bondbox::cli {

int check(const Invocation& invocation) {
  const auto read = read_configuration(invocation, true);
  if (!read.configuration) return read.exit_status;
  // What would be done: the steps from a machine without bonds to this.
  for (const Change& change : diff_config(Config{}, read.configuration->config)) say(change.text() + "\n");
  say((read.configuration->file.empty() ? std::string("the words are") : read.configuration->file + " is") +
      " right; nothing was changed\n");
  return exit_done;
}

}  // namespace bondbox::cli

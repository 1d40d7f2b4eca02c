#include <cstdio>

#include "firmware/cli/configuration.hpp"
#include "firmware/config/config_diff.hpp"
#include "hal/linux/users.hpp"

namespace bondbox::cli {

int check(const Invocation& invocation) {
  const auto read = read_configuration(invocation, true);
  if (!read.configuration) return read.exit_status;
  for (const BondConfig& bond : read.configuration->config.bonds) {
    say("+ bond " + bond.name + ", mode " + mode_name(bond.options.mode) + "\n");
    // What would be done: the steps to this from a bond in which nothing was configured.
    BondConfig plain;
    plain.name = bond.name;
    for (const Change& change : diff_config(plain, bond)) say("  " + change.text() + "\n");
  }
  const std::string& readers = read.configuration->config.readers;
  // Not an error: it may be another machine's configuration.
  if (const Result<unsigned> group = lnx::group_number(readers); !readers.empty() && !group.ok())
    std::fprintf(stderr, "warning: %s\n", group.failure().reason.c_str());
  if (!read.configuration->config.sandbox) say("no sandbox: bondbox keeps all the rights that it is started with\n");
  say((read.configuration->file.empty() ? std::string("the words are") : read.configuration->file + " is") +
      " right; nothing was changed\n");
  return exit_done;
}

}  // namespace bondbox::cli

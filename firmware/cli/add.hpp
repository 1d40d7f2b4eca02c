// What `bondbox add` needs of a daemon that does not run yet.
#pragma once

#include "firmware/cli/cli.hpp"
#include "firmware/config/bond_config.hpp"
#include "hal/linux/background.hpp"

namespace bondbox::cli {

/// The daemon, with these bonds and no file, in a process that has been split; its exit status.
int serve_in_background(const Invocation& invocation, Config config, lnx::Background& background);

}  // namespace bondbox::cli

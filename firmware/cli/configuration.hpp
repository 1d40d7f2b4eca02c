// Where a command gets its configuration from: a file, or the words after it.
#pragma once

#include <string>

#include "firmware/cli/cli.hpp"
#include "firmware/config/bond_config.hpp"

namespace bondbox::cli {

inline constexpr const char* default_config_file = "/etc/bondbox.toml";

struct Configuration {
  Config config;
  std::string file;  ///< empty: it came from the command line
};

/// Reads `[-c FILE]` or, where `words_allowed`, module-parameter words. On failure complains about everything that is
/// wrong and gives the exit status; warnings are complained about too.
struct ConfigurationOrExit {
  std::optional<Configuration> configuration;
  int exit_status = exit_done;
};
ConfigurationOrExit read_configuration(const Invocation& invocation, bool words_allowed);

/// A file again, for reload: all errors as lines, or none and the configuration.
ConfigResult read_configuration_file(const std::string& file, std::string& unreadable);

/// The messages, a line each.
std::string message_lines(const std::vector<ConfigMessage>& messages, std::string_view prefix);

}  // namespace bondbox::cli

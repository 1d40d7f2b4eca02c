// What a person wants of their bonds: /etc/bondbox.toml as values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/config/message.hpp"
#include "firmware/log_target.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"
#include "policies/options.hpp"

namespace bondbox {

inline constexpr std::size_t max_bonds = 64;

struct BondConfig {
  std::string name;
  std::vector<std::string> ports;  ///< in the order in which they are enslaved; at most max_ports
  BondOptions options;             ///< consistent by the rules of firmware/option_table.hpp
  /// Of ports whose options differ from the defaults; every key is in `ports`.
  std::map<std::string, PortOptions, std::less<>> port_options;
  std::string active_slave;  ///< the port to start on; empty: chosen by the mode
  std::vector<IpPrefix> addresses;
  std::optional<IpAddress> gateway;  ///< in the network of one of the addresses
  std::optional<std::uint32_t> mtu;
  std::optional<MacAddress> mac;  ///< unset: the first port's
};

/// Of `loops`: as many as the number of CPUs makes sensible.
inline constexpr std::size_t loops_automatic = 0;

struct Config {
  std::size_t loops = loops_automatic;  ///< threads that forward, 1 to 8
  bool sandbox = true;                  ///< the daemon gives up what it does not need; false is for debugging
  bool page_drill = false;              ///< the status page has buttons that take a port's link away
  std::string readers;                  ///< the group that may ask, not change; empty: nobody but root
  std::optional<LogTarget> log;         ///< where the daemon's lines go, unless the command line says
  std::vector<BondConfig> bonds;        ///< in the order of the file

  const BondConfig* find(std::string_view name) const;
};

struct ConfigResult {
  Config config;  ///< meaningful when ok()
  std::vector<ConfigMessage> errors;
  std::vector<ConfigMessage> warnings;

  bool ok() const noexcept { return errors.empty(); }
};

/// Reads a configuration whole: every error that can be seen is told, not only the first. `file_name` is for messages.
ConfigResult load_config(std::string_view text, std::string_view file_name);

}  // namespace bondbox

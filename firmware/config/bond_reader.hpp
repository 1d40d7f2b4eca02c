// From a document's tables to bonds: shared by configuration files, command-line words and scenario files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/config/bond_config.hpp"
#include "firmware/config/document.hpp"
#include "firmware/option_table.hpp"

namespace bondbox {

class ConfigTarget;

class BondReader {
 public:
  struct NamedAt {
    std::string bond;
    std::string name;
    Position at;
  };
  explicit BondReader(ConfigMessages& messages) : messages_(messages) {}

  /// The value of the key `bond`: one table for each bond.
  void read_bonds(const ConfigValue& bonds);
  /// The table of one bond; `name_at` is where its name stands.
  void read_bond(const std::string& name, Position name_at, const ConfigTable& table);

  /// Every port read so far.
  const std::vector<NamedAt>& ports() const noexcept { return ports_; }

  /// What concerns several bonds is checked now.
  std::vector<BondConfig> finish();

 private:
  struct Key {
    std::string name;  ///< as the option table or the list of further keys has it
    const ConfigEntry* entry;
  };

  std::vector<Key> recognised_keys(const ConfigTable& table, const std::string& where);
  void read_options(ConfigTarget& target, const std::vector<Key>& keys);
  void read_option(ConfigTarget& target, const OptionInfo& option, const ConfigEntry& entry);
  void read_port_names(ConfigTarget& target, const ConfigValue& value);
  void read_port_tables(ConfigTarget& target, const ConfigValue& value);
  void read_host_settings(BondConfig& bond, const std::vector<Key>& keys);
  /// Whether every address could be read.
  bool read_addresses(BondConfig& bond, const ConfigValue& value);
  void check_gateway(const BondConfig& bond, const ConfigValue& value);
  void check_monitors(const BondConfig& bond, const std::vector<Key>& keys);

  ConfigMessages& messages_;
  std::vector<BondConfig> bonds_;
  std::vector<NamedAt> ports_;
  std::vector<NamedAt> addresses_;
};

/// One scalar as the text that a person would write into the option; nullopt, and an error told, when the option takes
/// no such kind of value.
std::optional<std::string> option_text(const OptionInfo& option, const ConfigValue& value, ConfigMessages& messages);

/// A value that is a list of strings, or one string with commas or blanks between the items. `what` is for messages.
struct ConfigItem {
  std::string text;
  Position at;
};
std::vector<ConfigItem> string_items(const ConfigValue& value, std::string_view what, ConfigMessages& messages);

/// "did you mean "miimon"?", or nothing.
std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace bondbox

#include "tests/fuzz/support/texts.hpp"

#include <algorithm>

#include "firmware/config/config_diff.hpp"
#include "firmware/config/config_target.hpp"
#include "firmware/config/names.hpp"
#include "firmware/option_table.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

/// What is read of an option can be written, and reads the same again.
void check_options(BondConfig bond) {
  ConfigTarget target(bond);
  for (const OptionInfo& option : all_options()) {
    const auto read = read_option(target, option.name);
    promise(read.ok(), "every option can be read");
    if (option.kind != OptionKind::number && option.kind != OptionKind::flag) continue;
    const std::int64_t most = option.maximum;
    if (option.kind == OptionKind::number && read.value().size() < 18) {
      const std::int64_t value = std::strtoll(read.value().c_str(), nullptr, 10);
      promise(value <= most || most == 0, "a number is within its option's range");
    }
  }
}

}  // namespace

void check_messages(std::span<const ConfigMessage> messages, std::string_view file, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const ConfigMessage& message : messages) {
    promise(message.file == file, "a message names the file");
    promise(message.at.line <= lines, "a message is about a line of the file");
    promise(!message.wrong.empty(), "a message says what is wrong");
    const std::string said = message.text();
    promise(said.starts_with(file), "a message begins with the file");
    promise(std::none_of(said.begin(), said.end(), [](char c) { return c == '\0' || c == '\n' || c == '\x1b'; }),
            "a message is one line without control characters");
  }
}

void check_bond(const BondConfig& bond) {
  promise(bad_interface_name(bond.name).empty(), "a bond's name is an interface's");
  promise(bond.ports.size() <= max_ports, "a bond has 16 ports at most");
  for (const std::string& port : bond.ports) {
    promise(bad_interface_name(port).empty(), "a port's name is an interface's");
    promise(std::count(bond.ports.begin(), bond.ports.end(), port) == 1, "a port stands in a bond once");
  }
  for (const auto& [port, options] : bond.port_options)
    promise(std::count(bond.ports.begin(), bond.ports.end(), port) == 1, "options of a port are of one that there is");
  promise(bond.options.miimon_ms != 0 || bond.options.arp_interval_ms != 0 || bond.options.unmonitored,
          "a bond without a monitor was asked for in words");
  promise(!bond.mac || bond.mac->is_station(), "a bond's address is a station's");
  check_options(bond);
}

void check_config(const Config& config) {
  promise(config.bonds.size() <= max_bonds, "there are 64 bonds at most");
  promise(config.loops <= 8, "there are 8 loops at most");
  for (const BondConfig& bond : config.bonds) check_bond(bond);
  for (const Change& change : diff_config(config, config))
    promise(change.from == change.to, "nothing changes when nothing has changed");
}

void check_answer(std::string_view text) {
  promise(text.empty() || text.ends_with('\n'), "an answer ends with a newline");
}

}  // namespace bondbox::fuzz

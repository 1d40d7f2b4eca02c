#include "firmware/config/bond_config.hpp"

#include <span>

#include "firmware/config/bond_reader.hpp"
#include "firmware/config/document.hpp"
#include "firmware/config/file_keys.hpp"
#include "firmware/option_table.hpp"

namespace bondbox {
namespace {

std::vector<std::string_view> names_of(std::span<const FileKey> keys) {
  std::vector<std::string_view> names;
  for (const FileKey& key : keys) names.push_back(key.name);
  return names;
}

void unknown_key(const ConfigEntry& entry, ConfigMessages& messages) {
  const std::string name = "\"" + entry.key + "\"";
  if (find_option(entry.key) != nullptr || entry.key == "ports" || entry.key == "address" || entry.key == "gateway")
    messages.error(entry.at, name + " stands outside a bond", "write [bond.bond0] above it");
  else
    messages.error(
        entry.at, "unknown key " + name,
        entry.value.table() ? "bonds are written as [bond.bond0]" : did_you_mean(entry.key, names_of(program_keys)));
}

/// `loops = "auto"` or a number.
std::size_t read_loops(const ConfigValue& value, ConfigMessages& messages) {
  constexpr std::int64_t most = 8;
  if (const std::string* const word = value.string(); word != nullptr && *word == "auto") return loops_automatic;
  const std::int64_t* const number = value.integer();
  if (number != nullptr && *number >= 1 && *number <= most) return static_cast<std::size_t>(*number);
  messages.error(value.at, "loops is the number of threads that forward", "write \"auto\" or 1 to 8");
  return loops_automatic;
}

bool read_switch(const ConfigEntry& entry, bool unless_given, ConfigMessages& messages) {
  const bool* const wanted = entry.value.boolean();
  if (wanted == nullptr)
    messages.error(entry.value.at, entry.key + " is " + entry.value.kind_name(), "write true or false");
  return wanted == nullptr ? unless_given : *wanted;
}

std::string read_readers(const ConfigValue& value, ConfigMessages& messages) {
  const std::string* const group = value.string();
  const bool is_name = group != nullptr && !group->empty() && group->find_first_of(": \t\n") == std::string::npos;
  if (!is_name)
    messages.error(value.at, "readers is the group that may ask bondbox", "write its name or its number in \"\"");
  return is_name ? *group : std::string();
}

std::optional<LogTarget> read_log(const ConfigValue& value, ConfigMessages& messages) {
  const std::string* const where = value.string();
  const std::optional<LogTarget> target = where != nullptr ? parse_log_target(*where) : std::nullopt;
  if (!target) messages.error(value.at, "log is where bondbox's lines go", std::string("one of ") + log_target_names);
  return target;
}

}  // namespace

const BondConfig* Config::find(std::string_view name) const {
  for (const BondConfig& bond : bonds)
    if (bond.name == name) return &bond;
  return nullptr;
}

ConfigResult load_config(std::string_view text, std::string_view file_name) {
  ConfigMessages messages(file_name);
  BondReader reader(messages);
  const ConfigTable document = parse_document(text, messages);
  const bool readable = !messages.any_error();
  ConfigResult result;
  for (const ConfigEntry& entry : document.entries) {
    if (entry.key == "bond")
      reader.read_bonds(entry.value);
    else if (entry.key == "loops")
      result.config.loops = read_loops(entry.value, messages);
    else if (entry.key == "sandbox")
      result.config.sandbox = read_switch(entry, true, messages);
    else if (entry.key == "page_drill")
      result.config.page_drill = read_switch(entry, false, messages);
    else if (entry.key == "readers")
      result.config.readers = read_readers(entry.value, messages);
    else if (entry.key == "log")
      result.config.log = read_log(entry.value, messages);
    else
      unknown_key(entry, messages);
  }
  result.config.bonds = reader.finish();
  if (readable && result.config.bonds.empty() && !messages.any_error())
    messages.error({1, 1}, "there is no bond in the file", "write [bond.bond0]");
  result.errors = messages.take_errors();
  result.warnings = messages.take_warnings();
  return result;
}

}  // namespace bondbox

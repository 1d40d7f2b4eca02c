#include <algorithm>
#include <span>
#include <vector>

#include "firmware/cli/cli.hpp"
#include "firmware/config/file_keys.hpp"
#include "firmware/config/names.hpp"
#include "firmware/option_table.hpp"
#include "firmware/text.hpp"
#include "firmware/version.hpp"

namespace bondbox::cli {
namespace {

std::string overview() {
  std::string text = "bondbox " + std::string(version()) +
                     ": several network cables, one interface; no bonding driver needed.\n\n"
                     "usage: bondbox COMMAND [ARGUMENT...]\n\n";
  for (const Command& command : commands()) {
    append_format(text, "  %-9.*s %.*s\n", static_cast<int>(command.name.size()), command.name.data(),
                  static_cast<int>(command.summary.size()), command.summary.data());
  }
  text +=
      "\nbondbox help options lists the options of a bond, bondbox help OPTION explains one.\n"
      "Every command takes --help, and --run-dir DIR (or BONDBOX_RUN_DIR) for another\n"
      "place than /run/bondbox. Exit status: 0 done, 1 it failed, 2 the words were wrong.\n";
  return text;
}

std::string command_help(const Command& command) {
  std::string text = usage_text(command);
  text += "\n" + std::string(command.summary) + "\n\n" + std::string(command.details);
  return text;
}

/// "0, 1, 5, 6"
std::string mode_numbers(ModeSet modes, const char* separator) {
  std::string text;
  for (unsigned number = 0; number < 7; ++number) {
    if ((modes & (1U << number)) == 0) continue;
    if (!text.empty()) text += separator;
    text += std::to_string(number);
  }
  return text;
}

std::string modes_text(ModeSet modes) {
  return modes == every_mode ? "all modes" : "mode " + mode_numbers(modes, ", ");
}

std::string option_line(const OptionInfo& option) {
  const ModeSet modes = option.effective_modes();
  const std::string shown = modes == every_mode ? "all" : mode_numbers(modes, ",");
  return format("  %-20.*s %-9s %.*s\n", static_cast<int>(option.name.size()), option.name.data(), shown.c_str(),
                static_cast<int>(option.help.size()), option.help.data());
}

std::string option_help(const OptionInfo& option) {
  std::string text = std::string(option.name) + ": " + std::string(option.help) + "\n";
  if (const std::string values = allowed_values(option); !values.empty()) text += "  " + values + "\n";
  if (!option.unit.empty()) text += "  unit: " + std::string(option.unit) + "\n";
  if (!option.default_text.empty()) text += "  default: " + std::string(option.default_text) + "\n";
  text += "  written in: " + modes_text(option.modes) + "\n";
  if (option.effective_modes() != option.modes)
    text += "  does something in: " + modes_text(option.effective_modes()) + "\n";
  if (option.without_ports) text += "  only while the bond has no ports\n";
  if (option.while_down) text += "  only while the bond is down\n";
  return text;
}

std::string key_lines(const char* where, std::span<const FileKey> keys) {
  std::string text = where;
  for (const FileKey& key : keys)
    append_format(text, "  %-20.*s %.*s\n", static_cast<int>(key.name.size()), key.name.data(),
                  static_cast<int>(key.help.size()), key.help.data());
  return text;
}

const FileKey* find_key(std::string_view name) {
  for (const std::span<const FileKey> keys : {std::span<const FileKey>(program_keys), {bond_keys}}) {
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const FileKey& key) { return key.name == name; });
    if (found != keys.end()) return &*found;
  }
  return nullptr;
}

std::string options_list() {
  std::string text = "Options, as the kernel's bonding driver names them, and the modes they do something in:\n\n";
  for (const OptionInfo& option : all_options()) text += option_line(option);
  text +=
      "\nModes: 0 balance-rr, 1 active-backup, 2 balance-xor, 3 broadcast, 4 802.3ad, 5 balance-tlb,\n"
      "6 balance-alb. bondbox help OPTION tells an option's values.\n";
  return text + key_lines("\nIn a file a bond has beside them:\n\n", bond_keys) +
         key_lines("\nand above the first bond may stand:\n\n", program_keys);
}

std::string_view nearest_topic(std::string_view topic) {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) names.push_back(command.name);
  for (const OptionInfo& option : all_options()) names.push_back(option.name);
  for (const FileKey& key : program_keys) names.push_back(key.name);
  for (const FileKey& key : bond_keys) names.push_back(key.name);
  return nearest_name(topic, names);
}

}  // namespace

std::string usage_text(const Command& command) {
  std::string text;
  std::string_view usage = command.usage;
  for (bool first = true; !usage.empty(); first = false) {
    const std::string_view line = usage.substr(0, usage.find('\n'));
    text += (first ? "usage: " : "       ") + std::string(line) + "\n";
    usage.remove_prefix(std::min(usage.size(), line.size() + 1));
  }
  return text;
}

int help(const Invocation& invocation) {
  if (invocation.words.empty()) {
    say(overview());
    return exit_done;
  }
  if (invocation.words.size() > 1) return wrong_words(invocation, "help takes one command or option");
  const std::string& topic = invocation.words[0];
  if (const Command* const command = find_command(topic)) {
    say(command_help(*command));
  } else if (topic == "options") {
    say(options_list());
  } else if (const OptionInfo* const option = find_option(topic)) {
    say(option_help(*option));
  } else if (const FileKey* const key = find_key(topic)) {
    say(std::string(key->name) + ": " + std::string(key->help) + "\n");
  } else {
    const std::string_view near = nearest_topic(topic);
    return wrong_words(invocation, "there is no command or option \"" + topic + "\"" +
                                       (near.empty() ? "" : "; did you mean \"" + std::string(near) + "\"?"));
  }
  return exit_done;
}

}  // namespace bondbox::cli

// modprobe's files (modprobe.d(5)), the older /etc/modules.conf, and commands of that shape:
//   alias bond0 bonding
//   options bonding mode=1 miimon=100 max_bonds=2          for every bond
//   options bond0 mode=4 miimon=100                        for an alias
//   install bond0 /sbin/modprobe bonding -o bond0 miimon=100 mode=1
#include <algorithm>
#include <charconv>

#include "firmware/import/import.hpp"
#include "firmware/import/lines.hpp"

namespace bondbox::import {
namespace {

bool is_modprobe(std::string_view word) {
  word.remove_prefix(word.rfind('/') + 1);
  return word == "modprobe" || word == "insmod";
}

/// One "key=value" of the module; for all bonds where `bond` is empty.
void read_parameter(std::string_view word, std::string_view bond, const Origin& where, Import& import) {
  const std::size_t equals = word.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    import.note(where, "\"" + std::string(word) + "\" is no parameter of the module");
    return;
  }
  const std::string_view key = word.substr(0, equals);
  const std::string_view value = word.substr(equals + 1);
  if (key == "max_bonds") {
    unsigned count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (error != std::errc{} || end != value.data() + value.size())
      import.note(where, "max_bonds is not a number");
    else
      import.set_count(count, where);
    return;
  }
  if (bond.empty()) return import.set_for_all(key, value, where);
  if (OldBond* const known = import.bond(bond, where)) known->set(key, value, where);
}

bool looks_like_bond(const std::string& name, Import& import) {
  return name.starts_with("bond") || import.find(name) != nullptr;
}

}  // namespace

bool read_modprobe_command(const std::vector<std::string>& words, std::string_view bond, const Origin& where,
                           Import& import) {
  std::size_t i = 0;
  while (i < words.size() && !is_modprobe(words[i])) ++i;
  if (i == words.size()) return false;
  std::string name(bond);
  std::vector<std::string> parameters;
  bool is_bonding = false;
  for (++i; i < words.size(); ++i) {
    const std::string& word = words[i];
    // What follows is another command of the shell.
    if (word == ";" || word == "&&" || word == "||" || word == "|") break;
    if ((word == "-o" || word == "--name") && i + 1 < words.size()) {
      name = words[++i];
    } else if (word.starts_with("--name=")) {
      name = word.substr(7);
    } else if (word.starts_with("-") || word == "$CMDLINE_OPTS") {
      continue;
    } else if (!is_bonding) {
      if (word != "bonding") return false;
      is_bonding = true;
    } else {
      parameters.push_back(word);
    }
  }
  if (!is_bonding) return false;
  if (!name.empty() && import.bond(name, where) == nullptr) return true;
  for (const std::string& parameter : parameters) read_parameter(parameter, name, where, import);
  return true;
}

void read_modprobe(std::string_view text, const std::string& file, Import& import) {
  Lines lines(text);
  while (lines.next()) {
    const Origin where{file, lines.number()};
    const std::vector<std::string> words = split_quoted(lines.line());
    if (lines.was_cut()) import.note(where, "the line is too long, and was cut");
    if (words.size() < 2) continue;
    const std::string& name = words[1];
    if (words[0] == "alias") {
      if (words.size() > 2 && words[2] == "bonding" && name.find('*') == std::string::npos)
        (void)import.bond(name, where);
    } else if (words[0] == "options") {
      const bool for_all = name == "bonding";
      if (!for_all && !looks_like_bond(name, import)) continue;
      for (std::size_t i = 2; i < words.size(); ++i)
        if (!words[i].starts_with("-o")) read_parameter(words[i], for_all ? "" : name, where, import);
    } else if (words[0] == "install") {
      const std::vector<std::string> command(words.begin() + 2, words.end());
      const bool for_all = name == "bonding";
      if (!read_modprobe_command(command, for_all ? "" : name, where, import) &&
          (for_all || looks_like_bond(name, import)))
        import.note(where, "the command is none that loads the bonding module");
    } else if (looks_like_bond(name, import) && words[0] != "remove" && words[0] != "softdep") {
      import.note(where, "\"" + words[0] + "\" cannot be carried");
    }
  }
}

}  // namespace bondbox::import

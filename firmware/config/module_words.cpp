#include "firmware/config/module_words.hpp"

#include <string>

#include "firmware/config/bond_reader.hpp"
#include "firmware/config/document.hpp"

namespace bondbox {
namespace {

constexpr std::size_t words_max = 256;

/// What the kernel's module takes and a bond has no use for; empty: it is none of these.
std::string_view module_only(std::string_view key) {
  if (key == "max_bonds") return "name the bond instead: bondbox run bond0 eth0 eth1; a file can hold several bonds";
  if (key == "tx_queues") return "a bond always has 16 transmit queues";
  if (key == "debug") return "bondbox events shows what happens";
  return {};
}

ConfigTable table_of(std::span<const std::string_view> words, ConfigMessages& messages) {
  ConfigTable table;
  ConfigArray ports;
  Position ports_at;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Position at{static_cast<std::uint32_t>(i + 2), 0};
    const std::string_view word = words[i];
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      if (ports.empty()) ports_at = at;
      ports.push_back({std::string(word), at});
      continue;
    }
    const std::string key(word.substr(0, equals));
    if (const std::string_view hint = module_only(key); !hint.empty())
      messages.error(at, "\"" + key + "\" is a parameter of the kernel's module, not of a bond", std::string(hint));
    else if (key.empty())
      messages.error(at, "\"" + std::string(word) + "\" has no option before the =");
    else
      table.entries.push_back({key, at, {std::string(word.substr(equals + 1)), at}});
  }
  if (!ports.empty()) table.entries.insert(table.entries.begin(), {"ports", ports_at, {std::move(ports), ports_at}});
  return table;
}

}  // namespace

ConfigResult load_module_words(std::span<const std::string_view> words) {
  ConfigMessages messages("");
  BondReader reader(messages);
  if (words.empty() || words[0].find('=') != std::string_view::npos) {
    messages.error({1, 0},
                   words.empty() ? "there is no bond" : "\"" + std::string(words[0]) + "\" is not the name of a bond",
                   "write the bond's name first: bond0 eth0 eth1 mode=1 miimon=100");
  } else if (words.size() > words_max) {
    messages.error({words_max + 1, 0}, "there are too many words");
  } else {
    const ConfigTable table = table_of(words.subspan(1), messages);
    reader.read_bond(std::string(words[0]), {1, 0}, table);
  }
  ConfigResult result;
  result.config.bonds = reader.finish();
  result.errors = messages.take_errors();
  result.warnings = messages.take_warnings();
  return result;
}

}  // namespace bondbox

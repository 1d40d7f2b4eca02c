#include "firmware/config/document.hpp"

#include <algorithm>
#include <utility>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_FLOAT_CHARCONV 1  // without it the parser brings iostreams and locales into the binary
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

namespace bondbox {
namespace {

Position position_of(const toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}

ConfigValue converted(const toml::node& node);

/// toml++ keeps its tables sorted by key; the file's order is in the keys' positions.
ConfigTable converted_table(const toml::table& table) {
  ConfigTable result;
  for (const auto& [key, node] : table)
    result.entries.push_back({std::string(key.str()), position_of(key.source()), converted(node)});
  std::stable_sort(result.entries.begin(), result.entries.end(), [](const ConfigEntry& a, const ConfigEntry& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  return result;
}

ConfigValue converted(const toml::node& node) {
  ConfigValue value;
  value.at = position_of(node.source());
  if (const auto* string = node.as_string()) {
    value.content = string->get();
  } else if (const auto* integer = node.as_integer()) {
    value.content = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    value.content = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.content = boolean->get();
  } else if (const auto* array = node.as_array()) {
    ConfigArray items;
    for (const toml::node& item : *array) items.push_back(converted(item));
    value.content = std::move(items);
  } else if (const auto* table = node.as_table()) {
    value.content = converted_table(*table);
  } else {
    value.content = ConfigDate{};
  }
  return value;
}

/// Each dot of a key opens a table within a table, and tables are walked by recursion; keys do not span lines.
bool too_deep(std::string_view text) {
  constexpr std::size_t dots_per_line_max = 250;
  std::size_t dots = 0;
  for (const char c : text) {
    if (c == '.') ++dots;
    if (c == '\n') dots = 0;
    if (dots > dots_per_line_max) return true;
  }
  return false;
}

}  // namespace

const ConfigEntry* ConfigTable::find(std::string_view key) const {
  for (const ConfigEntry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

const char* ConfigValue::kind_name() const {
  static constexpr const char* names[] = {
      "a string", "a whole number", "a number with a fraction", "true or false", "a date or time", "a list", "a table"};
  static_assert(std::size(names) == std::variant_size_v<decltype(content)>);
  return names[content.index()];
}

ConfigTable parse_document(std::string_view text, ConfigMessages& messages) {
  if (text.size() > document_size_max) {
    messages.error({}, "the file is longer than 1 MiB", "a configuration is a few lines");
    return {};
  }
  if (too_deep(text)) {
    messages.error({}, "a line has more than 250 dots");
    return {};
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    messages.error(position_of(parsed.error().source()), std::string(parsed.error().description()));
    return {};
  }
  return converted_table(parsed.table());
}

}  // namespace bondbox

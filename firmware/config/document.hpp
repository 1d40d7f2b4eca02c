// A TOML document as a tree of values that remember where they stood. The parser behind it is toml++, which no other
// file includes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "firmware/config/message.hpp"

namespace bondbox {

struct ConfigValue;
struct ConfigEntry;

/// Entries in the order of the file.
struct ConfigTable {
  std::vector<ConfigEntry> entries;

  const ConfigEntry* find(std::string_view key) const;
};

using ConfigArray = std::vector<ConfigValue>;

/// A date or a time, which no key here takes.
struct ConfigDate {};

struct ConfigValue {
  std::variant<std::string, std::int64_t, double, bool, ConfigDate, ConfigArray, ConfigTable> content;
  Position at;

  const std::string* string() const { return std::get_if<std::string>(&content); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&content); }
  const bool* boolean() const { return std::get_if<bool>(&content); }
  const ConfigArray* array() const { return std::get_if<ConfigArray>(&content); }
  const ConfigTable* table() const { return std::get_if<ConfigTable>(&content); }
  /// "a string", "a number", "true or false", "a list", "a table", ...
  const char* kind_name() const;
};

struct ConfigEntry {
  std::string key;
  Position at;  ///< of the key
  ConfigValue value;
};

/// An empty table, and an error told, when the text is not TOML or is longer than document_size_max.
ConfigTable parse_document(std::string_view text, ConfigMessages& messages);

inline constexpr std::size_t document_size_max = 1024 * 1024;

}  // namespace bondbox

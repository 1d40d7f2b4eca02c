#include "firmware/config/document.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "firmware/config/document_text.hpp"

// toml++ 3.3 asserts that a table header is well formed before it has checked it: "[[[" would end the program.
// Without NDEBUG every assertion goes through TOML_ASSERT, which here refuses the text instead.
namespace {
struct ParserGaveUp {};
}  // namespace
#undef NDEBUG
#define TOML_ASSERT(condition)              \
  do {                                      \
    if (!(condition)) throw ParserGaveUp(); \
  } while (false)
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_FLOAT_CHARCONV 1  // without it the parser brings iostreams and locales into the binary
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wterminate"
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

std::optional<toml::parse_result> parsed(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const ParserGaveUp&) {
    return std::nullopt;
  }
}

/// The first line with which the parser gives up: the shortest run of whole lines that it cannot get through.
Position where_parser_gave_up(std::string_view text) {
  std::vector<std::size_t> ends;  // of lines, exclusive
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n' || i + 1 == text.size()) ends.push_back(i + 1);
  std::size_t good = 0;
  std::size_t bad = ends.size();
  while (bad - good > 1) {
    const std::size_t middle = (good + bad) / 2;
    (parsed(text.substr(0, ends[middle - 1])) ? good : bad) = middle;
  }
  return {static_cast<std::uint32_t>(bad), 1};
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
  std::string prepared(text);
  if (std::optional<TextProblem> problem = prepare_text(prepared); problem) {
    messages.error(problem->at, std::move(problem->wrong), std::move(problem->right));
    return {};
  }
  const std::optional<toml::parse_result> result = parsed(prepared);
  if (!result) {
    messages.error(where_parser_gave_up(prepared), "this line is not TOML");
    return {};
  }
  if (!*result) {
    messages.error(position_of(result->error().source()), std::string(result->error().description()));
    return {};
  }
  return converted_table(result->table());
}

}  // namespace bondbox

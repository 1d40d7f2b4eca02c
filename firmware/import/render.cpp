// bondbox.toml out of what was imported.
#include <algorithm>

#include "firmware/import/import.hpp"
#include "firmware/import/lines.hpp"
#include "firmware/option_table.hpp"

namespace bondbox::import {
namespace {

constexpr std::size_t comment_column = 40;

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string list_of(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) text += (text.size() == 1 ? "" : ", ") + quoted(item);
  return text + "]";
}

/// Comments end with the line, so what a file's name could smuggle in is taken out.
std::string comment(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c >= 0x7f; }, '?');
  return "# " + text;
}

void add_line(std::string& toml, std::string line, const std::string& remark) {
  if (line.size() < comment_column) line.resize(comment_column, ' ');
  toml += line + " " + comment(remark) + "\n";
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 9 && (text[0] != '0' || text.size() == 1) &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string value_text(const Value& value) {
  const OptionInfo* const option = find_option(value.key);
  const bool list = value.key == "address" ||
                    (option != nullptr && (option->kind == OptionKind::list || option->kind == OptionKind::per_port));
  if (list) return list_of(list_items(value.text));
  const bool number = value.key == "mtu" ||
                      (option != nullptr && (option->kind == OptionKind::number || option->kind == OptionKind::flag));
  return number && is_number(value.text) ? value.text : quoted(value.text);
}

void render_bond(const OldBond& bond, std::string& toml) {
  const bool bare = std::all_of(bond.name.begin(), bond.name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  add_line(toml, "[bond." + (bare ? bond.name : quoted(bond.name)) + "]", bond.origin.text());
  if (!bond.ports.empty()) {
    std::vector<std::string> names;
    std::string origins;
    for (const Port& port : bond.ports) {
      names.push_back(port.name);
      const std::string origin = port.origin.text();
      if (origins.find(origin) == std::string::npos) origins += (origins.empty() ? "" : ", ") + origin;
    }
    add_line(toml, "ports = " + list_of(names), origins);
  }
  for (const Value& value : bond.values)
    add_line(toml, value.key + " = " + value_text(value), value.remark.empty() ? value.origin.text() : value.remark);
}

}  // namespace

std::string render_toml(const Import& import) {
  std::string toml;
  for (const OldBond& bond : import.bonds()) {
    if (!toml.empty()) toml += "\n";
    render_bond(bond, toml);
  }
  return toml;
}

}  // namespace bondbox::import

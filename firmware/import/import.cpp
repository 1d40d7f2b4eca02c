#include "firmware/import/import.hpp"

#include <algorithm>

#include "firmware/config/bond_config.hpp"
#include "firmware/config/module_words.hpp"
#include "firmware/config/names.hpp"
#include "firmware/import/lines.hpp"
#include "firmware/option_table.hpp"
#include "hal/wire/ip_address.hpp"

namespace bondbox::import {
namespace {

constexpr std::size_t value_bytes_max = 512;

bool is_shown(char c) {
  return c >= ' ' && c < 0x7f;
}

/// What comes from a file of somebody's, as it may stand in a message.
std::string shown(std::string_view text) {
  constexpr std::size_t shown_max = 60;
  std::string result;
  for (const char c : text.substr(0, shown_max)) result += is_shown(c) ? c : '?';
  return text.size() > shown_max ? result + "..." : result;
}

/// '-' counts as '_', and other names that options have had.
std::string canonical(std::string_view key) {
  std::string name(key);
  std::replace(name.begin(), name.end(), '-', '_');
  if (name == "slaves") return "ports";
  const OptionInfo* const option = find_option(name);
  return option != nullptr ? std::string(option->name) : name;
}

bool is_plain(std::string_view text) {
  return text.size() <= value_bytes_max && std::all_of(text.begin(), text.end(), &is_shown);
}

std::vector<std::string> words_of(const OldBond& bond) {
  std::vector<std::string> words{bond.name};
  for (const Port& port : bond.ports) words.push_back(port.name);
  for (const Value& value : bond.values) words.push_back(value.key + "=" + value.text);
  return words;
}

ConfigResult understood(const OldBond& bond) {
  const std::vector<std::string> words = words_of(bond);
  return load_module_words(std::vector<std::string_view>(words.begin(), words.end()));
}

}  // namespace

void OldBond::add_port(std::string_view port, const Origin& where) {
  const bool known = std::any_of(ports.begin(), ports.end(), [&](const Port& other) { return other.name == port; });
  if (!known && ports.size() < Import::ports_max) ports.push_back({std::string(port), where});
}

void OldBond::set(std::string_view key, std::string_view text, const Origin& where) {
  const std::string option = canonical(key);
  for (Value& value : values) {
    if (value.key != option) continue;
    value = {option, std::string(text), where, {}};
    return;
  }
  if (values.size() < Import::values_max) values.push_back({option, std::string(text), where, {}});
}

const Value* OldBond::find(std::string_view key) const {
  for (const Value& value : values)
    if (value.key == key) return &value;
  return nullptr;
}

OldBond* Import::find(std::string_view name) {
  for (OldBond& bond : bonds_)
    if (bond.name == name) return &bond;
  return nullptr;
}

OldBond* Import::bond(std::string_view name, const Origin& where) {
  if (OldBond* const known = find(name)) return known;
  if (const std::string bad = bad_interface_name(name); !bad.empty()) {
    note(where, "a bond cannot be called \"" + shown(name) + "\": " + bad);
    return nullptr;
  }
  if (!is_plain(name) || bonds_.size() == bonds_max) {
    note(where,
         !is_plain(name) ? "the name of a bond has characters that cannot be carried" : "there are too many bonds");
    return nullptr;
  }
  bonds_.push_back({std::string(name), where, {}, {}});
  return &bonds_.back();
}

void Import::set_for_all(std::string_view key, std::string_view text, const Origin& where) {
  if (!module_) module_ = where;
  const std::string name = canonical(key);
  std::erase_if(for_all_, [&](const Value& other) { return other.key == name; });
  if (for_all_.size() < values_max) for_all_.push_back({name, std::string(text), where, {}});
}

void Import::set_count(unsigned count, const Origin& where) {
  module_ = where;
  count_ = std::min<unsigned>(count, bonds_max);
}

void Import::note(const Origin& where, std::string text) {
  ++notes_count_;
  // It may show words of the file.
  for (char& c : text)
    if (!is_shown(c)) c = '?';
  if (notes_.size() < notes_max)
    notes_.push_back(where.text() + ": " + text);
  else if (notes_.size() == notes_max)
    notes_.push_back("there is more that cannot be carried");
}

void Import::finish() {
  // The module makes bond0 without being asked by name, max_bonds=2 also bond1.
  const unsigned count = module_ && bonds_.empty() ? std::max(count_, 1U) : count_;
  for (unsigned i = 0; i < count; ++i) (void)bond("bond" + std::to_string(i), *module_);
  for (OldBond& bond : bonds_) {
    for (const Value& value : for_all_)
      if (bond.find(value.key) == nullptr) bond.values.push_back(value);
    add_missing(bond);
    drop_refused(bond);
  }
  drop_shared_ports();
}

/// What the driver does without being told, where bondbox does otherwise.
void Import::add_missing(OldBond& bond) const {
  if (bond.find("mode") == nullptr)
    bond.values.push_back({"mode", "balance-rr", bond.origin, "not given: what the kernel's driver does then"});
}

/// What is refused goes, until all is taken; each round drops one thing at least.
void Import::drop_refused(OldBond& bond) {
  std::erase_if(bond.values, [&](const Value& value) {
    if (is_plain(value.text)) return false;
    note(value.origin, value.key + " has a value with characters that cannot be carried, or too long a one");
    return true;
  });
  std::erase_if(bond.ports, [&](const Port& port) {
    const std::string bad = is_plain(port.name) ? bad_interface_name(port.name) : "it has odd characters";
    // In words a port is what has no '='.
    const bool fits = bad.empty() && port.name.find('=') == std::string::npos;
    if (!fits) note(port.origin, "\"" + shown(port.name) + "\" cannot be a port" + (bad.empty() ? "" : ": " + bad));
    return !fits;
  });
  for (; bond.ports.size() > max_ports; bond.ports.pop_back())
    note(bond.ports.back().origin, bond.ports.back().name + " is one port too many: a bond has 16 at most");
  for (std::size_t rounds = ports_max + values_max; rounds > 0; --rounds) {
    const ConfigResult result = understood(bond);
    if (result.ok()) return;
    const ConfigMessage& message = result.errors.front();
    // Arguments count from 1, and the first is the bond itself.
    const std::size_t index = message.at.line >= 2 ? message.at.line - 2 : bond.ports.size() + bond.values.size();
    const std::string why = message.wrong + (message.right.empty() ? "" : "; " + message.right);
    if (index < bond.ports.size()) {
      note(bond.ports[index].origin, bond.name + ": " + why);
      bond.ports.erase(bond.ports.begin() + static_cast<std::ptrdiff_t>(index));
    } else if (index - bond.ports.size() < bond.values.size()) {
      const std::size_t place = index - bond.ports.size();
      note(bond.values[place].origin, bond.name + ": " + why);
      bond.values.erase(bond.values.begin() + static_cast<std::ptrdiff_t>(place));
    } else {
      note(bond.origin, bond.name + ": " + why);
      bond.ports.clear();
      bond.values.clear();
    }
  }
}

/// A port, and an address, can be in one bond only, and no bond can be a port.
void Import::drop_shared_ports() {
  for (std::size_t i = 0; i < bonds_.size(); ++i) {
    OldBond& bond = bonds_[i];
    const std::size_t before = bond.ports.size();
    std::erase_if(bond.ports, [&](const Port& port) {
      bool taken = find(port.name) != nullptr;
      for (std::size_t j = 0; j < i; ++j)
        for (const Port& other : bonds_[j].ports) taken = taken || other.name == port.name;
      if (taken) note(port.origin, port.name + " cannot be a port of " + bond.name + " too");
      return taken;
    });
    std::erase_if(bond.values, [&](const Value& value) {
      bool taken = false;
      for (std::size_t j = 0; j < i && value.key == "address"; ++j)
        if (const Value* const other = bonds_[j].find("address"))
          for (const std::string& address : list_items(value.text))
            for (const std::string& theirs : list_items(other->text))
              taken = taken || address.substr(0, address.find('/')) == theirs.substr(0, theirs.find('/'));
      if (taken) note(value.origin, bond.name + " cannot have an address of another bond");
      return taken;
    });
    if (bond.ports.size() != before || !understood(bond).ok()) drop_refused(bond);
  }
}

int prefix_length(std::string_view netmask) {
  if (const auto whole = IpPrefix::parse("::/" + std::string(netmask))) return whole->length;
  const auto mask = IpAddress::parse(netmask);
  if (!mask || !mask->is_v4()) return -1;
  int length = 0;
  while (length < 32 && (mask->octets[static_cast<std::size_t>(length) / 8] & (0x80 >> (length % 8))) != 0) ++length;
  for (int bit = length; bit < 32; ++bit)
    if ((mask->octets[static_cast<std::size_t>(bit) / 8] & (0x80 >> (bit % 8))) != 0) return -1;
  return length;
}

std::string render_words(const Import& import, std::string_view name) {
  for (const OldBond& bond : import.bonds()) {
    if (bond.name != name) continue;
    std::string text;
    for (const std::string& word : words_of(bond)) text += (text.empty() ? "" : " ") + word;
    return text.substr(std::min(text.size(), bond.name.size() + 1));
  }
  return {};
}

}  // namespace bondbox::import

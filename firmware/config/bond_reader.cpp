#include "firmware/config/bond_reader.hpp"

#include <algorithm>

#include "firmware/config/config_target.hpp"
#include "firmware/config/names.hpp"
#include "firmware/text.hpp"
#include "hal/wire/ids.hpp"

namespace bondbox {
namespace {

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

constexpr std::string_view further_keys[] = {"ports", "address", "gateway", "mtu", "mac", "port"};

/// '-' counts as '_', and the kernel's word for ports is known.
std::string canonical_key(std::string_view key) {
  std::string name(key);
  std::replace(name.begin(), name.end(), '-', '_');
  return name == "slaves" ? "ports" : name;
}

const ConfigEntry* entry_of(const auto& keys, std::string_view name) {
  for (const auto& key : keys)
    if (key.name == name) return key.entry;
  return nullptr;
}

bool is_delay(const OptionInfo& option) {
  return option.name == "updelay" || option.name == "downdelay" || option.name == "peer_notif_delay";
}

}  // namespace

void BondReader::read_bonds(const ConfigValue& bonds) {
  const ConfigTable* table = bonds.table();
  if (table == nullptr) {
    messages_.error(bonds.at, "bond is " + std::string(bonds.kind_name()), "write [bond.bond0] and its options below");
    return;
  }
  for (const ConfigEntry& entry : table->entries) {
    const ConfigTable* bond = entry.value.table();
    if (bond == nullptr)
      messages_.error(entry.at, quoted(entry.key) + " stands in [bond], not in a bond", "write [bond.bond0] above it");
    else
      read_bond(entry.key, entry.at, *bond);
  }
}

std::vector<BondReader::Key> BondReader::recognised_keys(const ConfigTable& table, const std::string& where) {
  std::vector<std::string_view> candidates(std::begin(further_keys), std::end(further_keys));
  candidates.push_back("slaves");
  for (const OptionInfo& option : all_options())
    if (option.kind != OptionKind::read_only) candidates.push_back(option.name);

  std::vector<Key> keys;
  for (const ConfigEntry& entry : table.entries) {
    std::string name = canonical_key(entry.key);
    const OptionInfo* option = find_option(name);
    if (option != nullptr) name = option->name;
    const bool further = std::find(std::begin(further_keys), std::end(further_keys), name) != std::end(further_keys);
    if (option != nullptr && option->kind == OptionKind::read_only) {
      messages_.error(entry.at, quoted(entry.key) + where + " can only be read");
    } else if (option == nullptr && !further) {
      messages_.error(entry.at, "unknown option " + quoted(entry.key) + where, did_you_mean(entry.key, candidates));
    } else if (const ConfigEntry* before = entry_of(keys, name); before != nullptr) {
      const char* unit = messages_.about_words() ? "argument" : "line";
      messages_.error(entry.at, quoted(entry.key) + where + " is given twice",
                      format("%s %u has it as \"%s\"", unit, before->at.line, before->key.c_str()));
    } else {
      keys.push_back({name, &entry});
    }
  }
  return keys;
}

void BondReader::read_bond(const std::string& name, Position name_at, const ConfigTable& table) {
  if (const std::string bad = bad_interface_name(name); !bad.empty())
    messages_.error(name_at, "a bond cannot be called " + quoted(name) + ": " + bad);
  if (bonds_.size() == max_bonds) {
    messages_.error(name_at, format("there are more than %zu bonds", max_bonds));
    return;
  }
  const std::vector<Key> keys = recognised_keys(table, messages_.about_words() ? "" : " in [bond." + name + "]");
  BondConfig bond;
  bond.name = name;
  ConfigTarget target(bond);
  read_options(target, keys);
  if (const ConfigEntry* port = entry_of(keys, "port"); port != nullptr) read_port_tables(target, port->value);
  read_host_settings(bond, keys);
  check_monitors(bond, keys);
  if (entry_of(keys, "ports") == nullptr)
    messages_.warning(name_at, name + " has no ports", "write ports = [\"eth0\", \"eth1\"] or enslave them later");
  std::erase_if(bond.port_options, [](const auto& own) { return own.second == PortOptions{}; });
  bonds_.push_back(std::move(bond));
}

void BondReader::read_options(ConfigTarget& target, const std::vector<Key>& keys) {
  for (const OptionInfo& option : all_options()) {
    const bool is_ports = option.name == "slaves";
    const ConfigEntry* entry = entry_of(keys, is_ports ? "ports" : option.name);
    if (entry == nullptr) continue;
    if (is_ports)
      read_port_names(target, entry->value);
    else
      read_option(target, option, *entry);
  }
}

void BondReader::read_option(ConfigTarget& target, const OptionInfo& option, const ConfigEntry& entry) {
  std::vector<ConfigItem> items;
  if (option.kind == OptionKind::list || option.kind == OptionKind::per_port) {
    items = string_items(entry.value, option.name, messages_);
    if (option.kind == OptionKind::list)
      for (ConfigItem& item : items)
        if (!item.text.starts_with('+')) item.text.insert(0, 1, '+');
  } else if (std::optional<std::string> text = option_text(option, entry.value, messages_); text) {
    items.push_back({std::move(*text), entry.value.at});
  }
  for (const ConfigItem& item : items) {
    // The kernel refuses even a delay of 0 while there is no miimon; in a file it is just the default spelled out.
    if (is_delay(option) && target.options().miimon_ms == 0 && item.text == "0") continue;
    if (option.name == "miimon" && target.options().is_judged_by_arp() && item.text != "0") {
      messages_.error(item.at, "miimon and arp_interval exclude each other",
                      "give one of them, or monitor = \"all\" to have both");
      continue;
    }
    // The default makes way without a word; who writes both is refused above.
    if (option.name == "arp_interval" && item.text != "0" && !target.options().combines_monitors())
      target.options().miimon_ms = 0;
    const Outcome outcome = write_option(target, option.name, item.text);
    if (!outcome.ok()) messages_.error(item.at, outcome.reason);
    for (std::string& note : target.take_notes()) messages_.warning(item.at, std::move(note));
  }
}

void BondReader::read_port_names(ConfigTarget& target, const ConfigValue& value) {
  for (const ConfigItem& item : string_items(value, "ports", messages_)) {
    if (const std::string bad = bad_interface_name(item.text); !bad.empty()) {
      messages_.error(item.at, quoted(item.text) + " cannot be a port: " + bad);
    } else if (target.port_count() == max_ports) {
      messages_.error(item.at, format("there are more than %zu ports", max_ports));
      return;
    } else if (std::as_const(target).port_options(item.text) != nullptr) {
      messages_.error(item.at, quoted(item.text) + " is among the ports twice");
    } else if (const Outcome outcome = target.enslave(item.text); !outcome.ok()) {
      messages_.error(item.at, outcome.reason);
    } else {
      ports_.push_back({target.bond_name(), item.text, item.at});
    }
  }
}

void BondReader::read_port_tables(ConfigTarget& target, const ConfigValue& value) {
  const ConfigTable* ports = value.table();
  if (ports == nullptr) {
    messages_.error(value.at, "port is " + std::string(value.kind_name()),
                    "write ports = [...], or [bond." + target.bond_name() + ".port.eth0] for the options of one port");
    return;
  }
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < target.port_count(); ++i) names.push_back(target.port_name(i));
  std::vector<std::string_view> options;
  for (const OptionInfo& option : all_options())
    if (option.kind == OptionKind::per_port) options.push_back(option.name);

  for (const ConfigEntry& port : ports->entries) {
    const ConfigTable* table = port.value.table();
    if (std::as_const(target).port_options(port.key) == nullptr) {
      messages_.error(port.at, quoted(port.key) + " is not among the ports of " + target.bond_name(),
                      did_you_mean(port.key, names));
      continue;
    }
    if (table == nullptr) {
      messages_.error(port.value.at, quoted(port.key) + " is " + port.value.kind_name(), "write { prio = 10 }");
      continue;
    }
    for (const ConfigEntry& entry : table->entries) {
      const OptionInfo* option = find_option(canonical_key(entry.key));
      if (option == nullptr || option->kind != OptionKind::per_port) {
        messages_.error(entry.at, "unknown option " + quoted(entry.key) + " of port " + port.key,
                        did_you_mean(entry.key, options));
      } else if (const std::optional<std::string> text = option_text(*option, entry.value, messages_); text) {
        const Outcome outcome = write_option(target, option->name, port.key + ":" + *text);
        if (!outcome.ok()) messages_.error(entry.value.at, outcome.reason);
      }
    }
  }
}

void BondReader::check_monitors(const BondConfig& bond, const std::vector<Key>& keys) {
  const ConfigEntry* unmonitored = entry_of(keys, "unmonitored");
  if (unmonitored != nullptr && bond.options.unmonitored && bond.options.miimon_ms != 0)
    messages_.warning(unmonitored->value.at,
                      format("unmonitored changes nothing while miimon is %u", bond.options.miimon_ms),
                      "write miimon = 0 too if you want a bond that never fails over");
  const bool has_probes = bond.options.arp_interval_ms != 0;
  const bool has_targets = !bond.options.arp_ip_targets.empty() || !bond.options.ns_ip6_targets.empty();
  if (const ConfigEntry* const monitor = entry_of(keys, "monitor"); monitor != nullptr) {
    if (bond.options.combines_monitors() && !(has_probes && has_targets) && bond.options.mode != Mode::lacp_8023ad)
      messages_.warning(monitor->value.at, "monitor has nothing to combine: only the links are watched",
                        "give arp_interval and arp_ip_target too");
  }
  const ConfigEntry* arp = entry_of(keys, "num_grat_arp");
  const ConfigEntry* na = entry_of(keys, "num_unsol_na");
  if (arp == nullptr || na == nullptr) return;
  const OptionInfo& option = *find_option("num_grat_arp");
  ConfigMessages unheard("");
  if (option_text(option, arp->value, unheard) != option_text(option, na->value, unheard))
    messages_.error(na->value.at, "num_unsol_na and num_grat_arp are one value", "give one of them");
}

std::vector<BondConfig> BondReader::finish() {
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const NamedAt& port = ports_[i];
    for (const BondConfig& bond : bonds_)
      if (bond.name == port.name)
        messages_.error(port.at, port.bond == port.name ? port.name + " cannot be its own port"
                                                        : port.name + " is a bond, and a bond cannot be a port");
    for (std::size_t j = 0; j < i; ++j)
      if (ports_[j].name == port.name)
        messages_.error(port.at, quoted(port.name) + " is a port of " + ports_[j].bond + " already");
  }
  for (std::size_t i = 0; i < addresses_.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (addresses_[j].name == addresses_[i].name)
        messages_.error(addresses_[i].at, addresses_[i].name + " is an address of " + addresses_[j].bond + " already");
  return std::move(bonds_);
}

}  // namespace bondbox

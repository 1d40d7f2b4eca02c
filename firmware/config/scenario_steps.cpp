#include "firmware/config/scenario_steps.hpp"

#include <algorithm>

#include "firmware/config/bond_reader.hpp"
#include "firmware/config/duration.hpp"
#include "firmware/drill.hpp"
#include "firmware/text.hpp"

namespace bondbox {
namespace {

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

class StepReader {
 public:
  StepReader(const Scenario& scenario, const ConfigTable& table, ConfigMessages& messages)
      : scenario_(scenario), table_(table), messages_(messages) {
    for (const BondConfig& bond : scenario.bonds) bonds_.push_back(bond.name);
    for (const ScenarioNic& nic : scenario.nics) nics_.push_back(nic.name);
  }

  ScenarioStep read(Position at);

 private:
  using Names = std::vector<std::string_view>;

  void read_time(const ConfigEntry& entry);
  void read_link(const ConfigEntry& entry);
  void read_print(const ConfigEntry& entry);
  void read_set(const ConfigEntry& entry);
  void read_send(const ConfigEntry& entry);
  void read_send_end(const ConfigEntry& entry);
  void read_enslave(const ConfigEntry& entry);
  void read_release(const ConfigEntry& entry);
  void read_activate(const ConfigEntry& entry);
  void read_remove(const ConfigEntry& entry);
  void read_add(const ConfigEntry& entry);
  void read_host(const ConfigEntry& entry);
  void read_address(const ConfigEntry& entry);
  void read_drill(const ConfigEntry& entry);

  void read_one_option(const std::string& bond, const ConfigEntry& entry);
  std::optional<PrintFormat> print_format(const ConfigValue& value);
  std::optional<bool> up_or_down(const ConfigValue& value);

  bool known(const Names& names, const char* kind, std::string_view name, Position at) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return true;
    messages_.error(at, "there is no " + std::string(kind) + " " + quoted(name), did_you_mean(name, names));
    return false;
  }

  /// Calls `visit(name, value)` for the entries of { NAME = VALUE }, NAME being one of `names`.
  template <class Visit>
  void for_each_named(const ConfigEntry& entry, const Names& names, const char* kind, Visit visit) {
    const ConfigTable* table = entry.value.table();
    if (table == nullptr) {
      messages_.error(
          entry.value.at, entry.key + " is " + entry.value.kind_name(),
          "write " + entry.key + " = { " + std::string(names.empty() ? "NAME" : names.front()) + " = ... }");
      return;
    }
    for (const ConfigEntry& item : table->entries)
      if (known(names, kind, item.key, item.at)) visit(item.key, item.value);
  }

  /// The same for { BOND = "nic" } and { BOND = ["nic", "nic"] }.
  template <class Visit>
  void for_each_port_of_bond(const ConfigEntry& entry, Visit visit) {
    for_each_named(entry, bonds_, "bond", [&](const std::string& bond, const ConfigValue& value) {
      for (const ConfigItem& item : string_items(value, entry.key, messages_))
        if (known(nics_, "nic", item.text, item.at)) visit(bond, item.text);
    });
  }

  const Scenario& scenario_;
  const ConfigTable& table_;
  ConfigMessages& messages_;
  Names bonds_;
  Names nics_;
  ScenarioStep step_;
};

ScenarioStep StepReader::read(Position at) {
  struct Reader {
    std::string_view key;
    void (StepReader::*read)(const ConfigEntry&);
  };
  static constexpr Reader readers[] = {
      {"time", &StepReader::read_time},       {"link", &StepReader::read_link},
      {"print", &StepReader::read_print},     {"set", &StepReader::read_set},
      {"send", &StepReader::read_send},       {"nic", &StepReader::read_send_end},
      {"bond", &StepReader::read_send_end},   {"enslave", &StepReader::read_enslave},
      {"release", &StepReader::read_release}, {"activate", &StepReader::read_activate},
      {"remove", &StepReader::read_remove},   {"add", &StepReader::read_add},
      {"host", &StepReader::read_host},       {"address", &StepReader::read_address},
      {"drill", &StepReader::read_drill},
  };
  step_.at = at;
  if (table_.find("time") == nullptr) messages_.error(at, "[[at]] has no time", "write time = \"500ms\"");
  const std::size_t errors_before = messages_.error_count();
  for (const ConfigEntry& entry : table_.entries) {
    const auto* reader = std::find_if(std::begin(readers), std::end(readers),
                                      [&entry](const Reader& candidate) { return candidate.key == entry.key; });
    if (reader != std::end(readers)) {
      (this->*reader->read)(entry);
      continue;
    }
    Names keys;
    for (const Reader& candidate : readers) keys.push_back(candidate.key);
    messages_.error(entry.at, "unknown key " + quoted(entry.key) + " in [[at]]", did_you_mean(entry.key, keys));
  }
  if (step_.actions.empty() && messages_.error_count() == errors_before)
    messages_.error(at, "nothing happens in this [[at]]", "write link = { e0 = \"down\" }, for example");
  return std::move(step_);
}

void StepReader::read_time(const ConfigEntry& entry) {
  const std::optional<Ticks> span = read_duration(entry.value, "time", messages_);
  if (!span) return;
  if (*span > scenario_.duration && scenario_.duration.count != 0)
    messages_.error(entry.value.at, "time is after the end of the scenario",
                    "duration is \"" + duration_text(scenario_.duration) + "\"");
  step_.time = Tick{} + *span;
}

std::optional<bool> StepReader::up_or_down(const ConfigValue& value) {
  if (const std::string* text = value.string(); text != nullptr && (*text == "up" || *text == "down"))
    return *text == "up";
  messages_.error(value.at, "neither \"up\" nor \"down\"", "write one of them");
  return std::nullopt;
}

void StepReader::read_link(const ConfigEntry& entry) {
  for_each_named(entry, nics_, "nic", [this](const std::string& nic, const ConfigValue& value) {
    if (const std::optional<bool> up = up_or_down(value); up) step_.actions.push_back(LinkAction{nic, *up});
  });
}

void StepReader::read_host(const ConfigEntry& entry) {
  for_each_named(entry, bonds_, "bond", [this](const std::string& bond, const ConfigValue& value) {
    if (const std::optional<bool> up = up_or_down(value); up) step_.actions.push_back(HostAction{bond, *up});
  });
}

std::optional<PrintFormat> StepReader::print_format(const ConfigValue& value) {
  const std::string* text = value.string();
  if (text != nullptr && *text == "proc") return PrintFormat::proc;
  if (text != nullptr && *text == "json") return PrintFormat::json;
  if (text != nullptr && *text == "text") return PrintFormat::text;
  messages_.error(value.at, "print is not one of proc, json, text",
                  "write print = \"proc\" for every bond, or print = { bond0 = \"proc\" }");
  return std::nullopt;
}

void StepReader::read_print(const ConfigEntry& entry) {
  if (entry.value.table() != nullptr) {
    for_each_named(entry, bonds_, "bond", [this](const std::string& bond, const ConfigValue& value) {
      if (const std::optional<PrintFormat> format = print_format(value); format)
        step_.actions.push_back(PrintAction{bond, *format});
    });
  } else if (const std::optional<PrintFormat> format = print_format(entry.value); format) {
    for (const std::string_view bond : bonds_) step_.actions.push_back(PrintAction{std::string(bond), *format});
  }
}

void StepReader::read_set(const ConfigEntry& entry) {
  for_each_named(entry, bonds_, "bond", [this](const std::string& bond, const ConfigValue& value) {
    const ConfigTable* options = value.table();
    if (options == nullptr)
      messages_.error(value.at, "set is " + std::string(value.kind_name()),
                      "write set = { " + bond + " = { miimon = 50 } }");
    else
      for (const ConfigEntry& option : options->entries) read_one_option(bond, option);
  });
}

void StepReader::read_one_option(const std::string& bond, const ConfigEntry& entry) {
  std::string name = entry.key;
  std::replace(name.begin(), name.end(), '-', '_');
  if (name == "ports") name = "slaves";
  const OptionInfo* option = find_option(name);
  if (option == nullptr || option->kind == OptionKind::read_only) {
    const std::string_view near = nearest_option(name);
    messages_.error(entry.at,
                    option != nullptr ? quoted(name) + " can only be read" : "unknown option " + quoted(entry.key),
                    option != nullptr || near.empty() ? "" : "did you mean " + quoted(near) + "?");
    return;
  }
  std::vector<ConfigItem> items;
  if (option->kind == OptionKind::list || option->kind == OptionKind::per_port)
    items = string_items(entry.value, name, messages_);
  else if (std::optional<std::string> text = option_text(*option, entry.value, messages_); text)
    items.push_back({std::move(*text), entry.value.at});
  for (ConfigItem& item : items) step_.actions.push_back(SetAction{bond, name, std::move(item.text)});
}

void StepReader::read_send(const ConfigEntry& entry) {
  const std::string* file = entry.value.string();
  if (file == nullptr || file->empty()) {
    messages_.error(entry.value.at, "send is not the name of a capture file", "write send = \"frames.pcap\"");
    return;
  }
  const ConfigEntry* nic = table_.find("nic");
  const ConfigEntry* bond = table_.find("bond");
  const ConfigEntry* end = nic != nullptr ? nic : bond;
  if (nic != nullptr && bond != nullptr) {
    messages_.error(bond->at, "send has both a nic and a bond", "give the nic that receives or the bond that sends");
  } else if (end == nullptr) {
    if (bonds_.size() == 1)
      step_.actions.push_back(SendAction{*file, std::string(bonds_.front()), {}});
    else
      messages_.error(entry.at, "send does not say from where", "write bond = \"NAME\" or nic = \"NAME\" beside it");
  } else if (const std::string* name = end->value.string(); name == nullptr) {
    messages_.error(end->value.at, end->key + " is " + end->value.kind_name(), "write " + end->key + " = \"NAME\"");
  } else if (known(nic != nullptr ? nics_ : bonds_, nic != nullptr ? "nic" : "bond", *name, end->value.at)) {
    step_.actions.push_back(nic != nullptr ? SendAction{*file, {}, *name} : SendAction{*file, *name, {}});
  }
}

void StepReader::read_send_end(const ConfigEntry& entry) {
  if (table_.find("send") == nullptr)
    messages_.error(entry.at, quoted(entry.key) + " belongs to send", "write send = \"frames.pcap\" beside it");
}

void StepReader::read_enslave(const ConfigEntry& entry) {
  for_each_port_of_bond(entry, [this](const std::string& bond, const std::string& port) {
    step_.actions.push_back(EnslaveAction{bond, port});
  });
}

void StepReader::read_release(const ConfigEntry& entry) {
  for_each_port_of_bond(entry, [this](const std::string& bond, const std::string& port) {
    step_.actions.push_back(ReleaseAction{bond, port});
  });
}

void StepReader::read_activate(const ConfigEntry& entry) {
  for_each_named(entry, bonds_, "bond", [this](const std::string& bond, const ConfigValue& value) {
    const std::string* port = value.string();
    if (port == nullptr)
      messages_.error(value.at, "activate is " + std::string(value.kind_name()),
                      "write the name of one port, or \"\" to choose again");
    else if (port->empty() || known(nics_, "nic", *port, value.at))
      step_.actions.push_back(ActivateAction{bond, *port});
  });
}

void StepReader::read_remove(const ConfigEntry& entry) {
  for (const ConfigItem& item : string_items(entry.value, "remove", messages_))
    if (known(nics_, "nic", item.text, item.at)) step_.actions.push_back(NicAction{item.text, false});
}

void StepReader::read_add(const ConfigEntry& entry) {
  for (const ConfigItem& item : string_items(entry.value, "add", messages_))
    if (known(nics_, "nic", item.text, item.at)) step_.actions.push_back(NicAction{item.text, true});
}

void StepReader::read_address(const ConfigEntry& entry) {
  for_each_named(entry, bonds_, "bond", [this](const std::string& bond, const ConfigValue& value) {
    for (const ConfigItem& item : string_items(value, "address", messages_)) {
      std::string_view text = item.text;
      const bool remove = text.starts_with('-');
      if (remove || text.starts_with('+')) text.remove_prefix(1);
      const std::optional<IpPrefix> prefix = IpPrefix::parse(text);
      if (prefix)
        step_.actions.push_back(AddressAction{bond, *prefix, !remove});
      else
        messages_.error(item.at, "address " + quoted(item.text) + " is not an IP address with its prefix length",
                        "write \"192.168.10.52/24\", or \"-192.168.10.52/24\" to take it away");
    }
  });
}

void StepReader::read_drill(const ConfigEntry& entry) {
  for_each_named(entry, bonds_, "bond", [this](const std::string& bond, const ConfigValue& value) {
    std::vector<std::string> words{bond};
    for (const ConfigItem& item : string_items(value, "drill", messages_)) words.push_back(item.text);
    std::string wrong;
    if (DrillRequest::parse(words, wrong))
      step_.actions.push_back(DrillAction{bond, std::move(words)});
    else
      messages_.error(value.at, wrong, "write drill = { " + bond + " = [\"e0\", \"--for=500ms\"] }, for example");
  });
}

}  // namespace

ScenarioStep read_step(const Scenario& scenario, const ConfigValue& value, ConfigMessages& messages) {
  const ConfigTable* table = value.table();
  if (table != nullptr) return StepReader(scenario, *table, messages).read(value.at);
  messages.error(value.at, "at is " + std::string(value.kind_name()), "write [[at]]");
  return {};
}

std::optional<Ticks> read_duration(const ConfigValue& value, std::string_view what, ConfigMessages& messages) {
  const std::string* text = value.string();
  const std::optional<Ticks> span = text != nullptr ? parse_duration(*text) : std::nullopt;
  if (span) return span;
  const std::string name(what);
  if (const std::int64_t* number = value.integer())
    messages.error(value.at, name + " has no unit", name + format(" = \"%lldms\"", static_cast<long long>(*number)));
  else
    messages.error(value.at, name + " is not a span of whole milliseconds",
                   "write " + name + " = \"500ms\" or \"1.5s\"");
  return std::nullopt;
}

}  // namespace bondbox

#include "firmware/config/scenario_config.hpp"

#include <algorithm>

#include "firmware/config/bond_reader.hpp"
#include "firmware/config/names.hpp"
#include "firmware/config/scenario_steps.hpp"
#include "firmware/text.hpp"

namespace bondbox {
namespace {

constexpr std::size_t nics_max = 255;
constexpr std::size_t wires_max = 255;
constexpr std::size_t steps_max = 100'000;

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

class ScenarioReader {
 public:
  explicit ScenarioReader(ConfigMessages& messages) : messages_(messages) {}

  Scenario read(const ConfigTable& document);

 private:
  void read_nic(const ConfigValue& value);
  bool read_nic_entry(ScenarioNic& nic, const ConfigEntry& entry);
  void read_wire(const ConfigValue& value);
  void read_bonds(const ConfigValue& value);

  /// Calls `read` for each table of [[KEY]].
  template <class Read>
  void for_each_table(const ConfigTable& document, std::string_view key, std::size_t most, Read read) {
    const ConfigEntry* entry = document.find(key);
    if (entry == nullptr) return;
    const ConfigArray* array = entry->value.array();
    const std::string name(key);
    if (array == nullptr) {
      messages_.error(entry->at, name + " is " + entry->value.kind_name(), "write [[" + name + "]]");
    } else if (array->size() > most) {
      messages_.error(entry->at, format("there are more than %zu of [[%s]]", most, name.c_str()));
    } else {
      for (const ConfigValue& value : *array) read(value);
    }
  }

  std::uint32_t number(const ConfigEntry& entry, std::int64_t least, std::int64_t most) {
    const std::int64_t* value = entry.value.integer();
    if (value != nullptr && *value >= least && *value <= most) return static_cast<std::uint32_t>(*value);
    messages_.error(entry.value.at, entry.key + format(" is not a number (allowed values %lld - %lld)",
                                                       static_cast<long long>(least), static_cast<long long>(most)));
    return static_cast<std::uint32_t>(least);
  }

  ConfigMessages& messages_;
  Scenario scenario_;
};

Scenario ScenarioReader::read(const ConfigTable& document) {
  static constexpr std::string_view keys[] = {"duration", "bond", "nic", "wire", "at"};
  for (const ConfigEntry& entry : document.entries)
    if (std::find(std::begin(keys), std::end(keys), entry.key) == std::end(keys))
      messages_.error(entry.at, "unknown key " + quoted(entry.key),
                      did_you_mean(entry.key, {std::begin(keys), std::end(keys)}));

  if (const ConfigEntry* duration = document.find("duration"); duration == nullptr) {
    messages_.error({1, 1}, "the scenario has no duration", "write duration = \"10s\" at its top");
  } else if (const std::optional<Ticks> span = read_duration(duration->value, "duration", messages_); span) {
    if (span->count == 0) messages_.error(duration->value.at, "duration is 0");
    scenario_.duration = *span;
  }
  for_each_table(document, "nic", nics_max, [this](const ConfigValue& value) { read_nic(value); });
  if (const ConfigEntry* bond = document.find("bond"); bond != nullptr)
    read_bonds(bond->value);
  else
    messages_.error({1, 1}, "there is no bond in the file", "write [bond.bond0]");
  for_each_table(document, "wire", wires_max, [this](const ConfigValue& value) { read_wire(value); });
  for_each_table(document, "at", steps_max, [this](const ConfigValue& value) {
    scenario_.steps.push_back(read_step(scenario_, value, messages_));
  });
  std::stable_sort(scenario_.steps.begin(), scenario_.steps.end(),
                   [](const ScenarioStep& a, const ScenarioStep& b) { return a.time < b.time; });
  return std::move(scenario_);
}

void ScenarioReader::read_bonds(const ConfigValue& value) {
  BondReader reader(messages_);
  reader.read_bonds(value);
  std::vector<std::string_view> nics;
  for (const ScenarioNic& nic : scenario_.nics) nics.push_back(nic.name);
  for (const BondReader::NamedAt& port : reader.ports())
    if (scenario_.find_nic(port.name) == nullptr)
      messages_.error(port.at, "port " + quoted(port.name) + " is none of the [[nic]]s", did_you_mean(port.name, nics));
  scenario_.bonds = reader.finish();
}

bool ScenarioReader::read_nic_entry(ScenarioNic& nic, const ConfigEntry& entry) {
  const std::string* text = entry.value.string();
  if (entry.key == "name") {
    nic.name = text != nullptr ? *text : std::string();
    if (const std::string bad = bad_interface_name(nic.name); !bad.empty())
      messages_.error(entry.value.at, "a NIC cannot be called " + quoted(nic.name) + ": " + bad);
    else if (scenario_.find_nic(nic.name) != nullptr)
      messages_.error(entry.value.at, "there is a NIC " + quoted(nic.name) + " already");
  } else if (entry.key == "mac") {
    const std::optional<MacAddress> mac = text != nullptr ? MacAddress::parse(*text) : std::nullopt;
    if (mac && mac->is_station())
      nic.mac = *mac;
    else
      messages_.error(entry.value.at, "mac is not the address of one station", "write mac = \"02:00:00:00:0a:01\"");
  } else if (entry.key == "speed") {
    nic.speed_mbps = number(entry, 0, 10'000'000);
  } else if (entry.key == "duplex") {
    if (text == nullptr || (*text != "full" && *text != "half"))
      messages_.error(entry.value.at, "duplex is neither \"full\" nor \"half\"");
    else
      nic.duplex = *text == "full" ? Duplex::full : Duplex::half;
  } else if (entry.key == "mtu") {
    nic.mtu = number(entry, 68, 65'535);
  } else {
    return false;
  }
  return true;
}

void ScenarioReader::read_nic(const ConfigValue& value) {
  const ConfigTable* table = value.table();
  if (table == nullptr) {
    messages_.error(value.at, "nic is " + std::string(value.kind_name()), "write [[nic]]");
    return;
  }
  ScenarioNic nic;
  nic.mac = {{0x02, 0xbb, 0, 0, 0, static_cast<std::uint8_t>(scenario_.nics.size() + 1)}};
  for (const ConfigEntry& entry : table->entries)
    if (!read_nic_entry(nic, entry))
      messages_.error(entry.at, "unknown key " + quoted(entry.key) + " in [[nic]]",
                      did_you_mean(entry.key, {"name", "mac", "speed", "duplex", "mtu"}));
  if (table->find("name") == nullptr) messages_.error(value.at, "[[nic]] has no name", "write name = \"e0\"");
  scenario_.nics.push_back(std::move(nic));
}

void ScenarioReader::read_wire(const ConfigValue& value) {
  const ConfigTable* table = value.table();
  const ConfigEntry* ends = table != nullptr ? table->find("ends") : nullptr;
  if (ends == nullptr) {
    messages_.error(value.at, "[[wire]] has no ends", "write ends = [\"e0\", \"switch1\"]");
    return;
  }
  for (const ConfigEntry& entry : table->entries)
    if (entry.key != "ends")
      messages_.error(entry.at, "unknown key " + quoted(entry.key) + " in [[wire]]", did_you_mean(entry.key, {"ends"}));
  const std::vector<ConfigItem> items = string_items(ends->value, "ends", messages_);
  if (items.size() != 2) {
    messages_.error(ends->value.at, format("a wire has 2 ends, not %zu", items.size()),
                    "write a [[wire]] for each NIC of a switch");
    return;
  }
  std::size_t nic_ends = 0;
  for (const ConfigItem& item : items) {
    if (item.text.empty()) messages_.error(item.at, "the end of a wire has no name");
    if (scenario_.find_nic(item.text) == nullptr) continue;
    ++nic_ends;
    for (const ScenarioWire& wire : scenario_.wires)
      if (wire.a == item.text || wire.b == item.text)
        messages_.error(item.at, "NIC " + quoted(item.text) + " has a wire already");
  }
  if (nic_ends == 0)
    messages_.error(ends->value.at, "neither end of the wire is one of the [[nic]]s");
  else if (items[0].text == items[1].text)
    messages_.error(items[1].at, "both ends of the wire are " + quoted(items[1].text));
  scenario_.wires.push_back({items[0].text, items[1].text});
}

}  // namespace

const ScenarioNic* Scenario::find_nic(std::string_view name) const {
  for (const ScenarioNic& nic : nics)
    if (nic.name == name) return &nic;
  return nullptr;
}

const BondConfig* Scenario::find_bond(std::string_view name) const {
  for (const BondConfig& bond : bonds)
    if (bond.name == name) return &bond;
  return nullptr;
}

ScenarioResult load_scenario(std::string_view text, std::string_view file_name) {
  ConfigMessages messages(file_name);
  const ConfigTable document = parse_document(text, messages);
  ScenarioResult result;
  if (!messages.any_error()) result.scenario = ScenarioReader(messages).read(document);
  result.errors = messages.take_errors();
  result.warnings = messages.take_warnings();
  return result;
}

}  // namespace bondbox

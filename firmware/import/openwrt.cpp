// OpenWrt's /etc/config/network (UCI): interfaces of the package proto-bonding (proto 'bonding'), devices of netifd
// (type 'bonding'), and the interfaces that give such devices their addresses.
#include <algorithm>
#include <array>

#include "firmware/import/import.hpp"
#include "firmware/import/lines.hpp"

namespace bondbox::import {
namespace {

constexpr std::size_t sections_max = 512;
constexpr std::size_t options_max = 8192;

struct Option {
  std::string key;
  std::string value;  ///< items of a list with commas
  Origin where;
};

struct Section {
  std::string type;
  std::string name;
  Origin where;
  std::vector<Option> options;

  const Option* find(std::string_view key) const {
    for (const Option& option : options)
      if (option.key == key) return &option;
    return nullptr;
  }
  std::string value(std::string_view key) const {
    const Option* const option = find(key);
    return option != nullptr ? option->value : std::string();
  }
};

struct Rename {
  std::string_view theirs;
  std::string_view ours;  ///< empty: dealt with elsewhere, or says nothing to a bond
};

/// netifd's names, and those of the package where they are not the kernel's.
constexpr std::array<Rename, 30> renames{{{"policy", "mode"},
                                          {"bonding_policy", "mode"},
                                          {"all_ports_active", "all_slaves_active"},
                                          {"packets_per_port", "packets_per_slave"},
                                          {"dynamic_lb", "tlb_dynamic_lb"},
                                          {"num_peer_notif", "num_grat_arp"},
                                          {"num_grat_arp__num_unsol_na", "num_grat_arp"},
                                          {"failover_mac", "fail_over_mac"},
                                          {"arp_target", "arp_ip_target"},
                                          {"macaddr", "mac"},
                                          {"ports", ""},
                                          {"slaves", ""},
                                          {"ifname", ""},
                                          {"name", ""},
                                          {"type", ""},
                                          {"proto", ""},
                                          {"device", ""},
                                          {"ipaddr", ""},
                                          {"netmask", ""},
                                          {"ip6addr", ""},
                                          {"broadcast", ""},
                                          {"monitor_mode", ""},
                                          {"monitor_interval", ""},
                                          {"link_monitoring", ""},
                                          {"auto", ""},
                                          {"bringup_empty", ""},
                                          {"force_link", ""},
                                          {"enabled", ""},
                                          {"defaultroute", ""},
                                          {"disabled", ""}}};

std::string with_commas(std::string_view text) {
  std::string joined;
  for (const std::string& word : split_words(text)) joined += (joined.empty() ? "" : ",") + word;
  return joined;
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& file, Import& import) : import_(import) {
    Lines lines(text);
    while (lines.next()) read_line(lines, {file, lines.number()});
  }

  void interpret() {
    for (const Section& section : sections_) {
      if (section.type == "device" && section.value("type") == "bonding") read_bond(section, section.value("name"));
      if (section.type == "interface" && section.value("proto") == "bonding")
        read_bond(section, bond_name(section.name));
    }
    for (const Section& section : sections_) {
      if (section.type != "interface" || section.value("proto") == "bonding") continue;
      const std::string device = section.value(section.find("device") != nullptr ? "device" : "ifname");
      if (OldBond* const bond = device.empty() ? nullptr : import_.find(device)) read_addresses(section, *bond);
    }
  }

 private:
  void read_line(const Lines& lines, const Origin& where) {
    const std::vector<std::string> words = split_quoted(lines.line());
    if (lines.was_cut()) import_.note(where, "the line is too long, and was cut");
    if (words.empty()) return;
    if (words[0] == "config") {
      if (sections_.size() == sections_max || words.size() < 2)
        return import_.note(where, words.size() < 2 ? "config without a type" : "there are too many sections");
      sections_.push_back({words[1], words.size() > 2 ? words[2] : "", where, {}});
    } else if ((words[0] == "option" || words[0] == "list") && words.size() >= 3) {
      if (!sections_.empty() && options_++ < options_max) add(words[0] == "list", words[1], words[2], where);
    } else if (words[0] != "package") {
      import_.note(where, "the line is no option, list or config");
    }
  }

  void add(bool to_list, const std::string& key, const std::string& value, const Origin& where) {
    std::vector<Option>& options = sections_.back().options;
    const std::string text = with_commas(value);
    for (Option& option : options) {
      if (option.key != key) continue;
      if (to_list && option.value.size() < line_bytes_max)
        option.value += "," + text;
      else if (!to_list)
        option.value = text;
      return;
    }
    options.push_back({key, text, where});
  }

  /// The package calls its bond bonding-NAME; a name that says bond already is kept.
  static std::string bond_name(const std::string& section) {
    if (section.starts_with("bond")) return section;
    constexpr std::size_t name_max = 15;
    const std::string name = "bonding-" + section;
    return name.size() <= name_max ? name : "bond-" + section;
  }

  void read_bond(const Section& section, const std::string& name) {
    if (section.value("disabled") == "1" || section.value("enabled") == "0")
      return import_.note(section.where, "the section is switched off, and left out");
    OldBond* const bond = import_.bond(name, section.where);
    if (bond == nullptr) return;
    for (const char* key : {"ports", "slaves"})
      if (const Option* const ports = section.find(key))
        for (const std::string& port : list_items(ports->value)) bond->add_port(port, ports->where);
    for (const Option& option : section.options) {
      const auto known = std::find_if(renames.begin(), renames.end(),
                                      [&](const Rename& rename) { return rename.theirs == option.key; });
      if (known == renames.end())
        bond->set(option.key, option.value, option.where);
      else if (!known->ours.empty())
        bond->set(known->ours, option.value, option.where);
    }
    read_monitor(section, *bond);
    if (section.type == "interface") read_addresses(section, *bond);
  }

  /// mii unless arp is asked for; without a monitor the package leaves the bond without one.
  void read_monitor(const Section& section, OldBond& bond) {
    const Option* const interval = section.find("monitor_interval");
    const Option* const chosen =
        section.find(section.find("monitor_mode") != nullptr ? "monitor_mode" : "link_monitoring");
    const bool arp = chosen != nullptr && chosen->value == "arp";
    if (interval != nullptr) bond.set(arp ? "arp_interval" : "miimon", interval->value, interval->where);
    // Options of the other monitor stand there and say nothing.
    if (chosen == nullptr) return;
    std::erase_if(bond.values, [arp](const Value& value) {
      return arp ? value.key == "miimon" || value.key == "updelay" || value.key == "downdelay" ||
                       value.key == "use_carrier"
                 : value.key.starts_with("arp_");
    });
    if (chosen->value != "arp" && chosen->value != "mii")
      import_.note(chosen->where, bond.name + " would have no link monitor: it gets bondbox's, miimon 100");
  }

  void read_addresses(const Section& section, OldBond& bond) {
    const std::string proto = section.value("proto");
    if (!proto.empty() && proto != "static" && proto != "bonding" && proto != "none" && proto != "unmanaged")
      import_.note(section.where, bond.name + " gets its address by " + proto + ": let the same client go on with it");
    std::string all;
    Origin where = section.where;
    for (const char* key : {"ipaddr", "ip6addr"}) {
      const Option* const addresses = section.find(key);
      if (addresses == nullptr) continue;
      where = addresses->where;
      for (const std::string& address : list_items(addresses->value)) {
        const bool whole = address.find('/') != std::string::npos;
        const int length = prefix_length(section.value("netmask"));
        if (!whole && length < 0)
          import_.note(where, "the address of " + bond.name + " has no netmask, or none that is one");
        else
          all += (all.empty() ? "" : ",") + address + (whole ? "" : "/" + std::to_string(length));
      }
    }
    if (!all.empty()) bond.set("address", all, where);
    if (section.type == "interface" && section.value("proto") != "bonding") {
      for (const Option& option : section.options) {
        const bool known = std::any_of(renames.begin(), renames.end(), [&](const Rename& rename) {
          return rename.theirs == option.key && rename.ours.empty();
        });
        if (option.key == "gateway" || option.key == "mtu")
          bond.set(option.key, option.value, option.where);
        else if (!known)
          import_.note(option.where, "\"" + option.key + "\" of the interface on " + bond.name + " cannot be carried");
      }
    }
  }

  Import& import_;
  std::vector<Section> sections_;
  std::size_t options_ = 0;
};

}  // namespace

void read_openwrt(std::string_view text, const std::string& file, Import& import) {
  Reader(text, file, import).interpret();
}

std::optional<Kind> kind_of(std::string_view text) {
  Lines lines(text);
  for (int i = 0; i < 1000 && lines.next(); ++i) {
    const std::vector<std::string> words = split_quoted(lines.line());
    if (words.empty()) continue;
    const std::string& first = words[0];
    if (first == "config" || first == "package") return Kind::openwrt;
    if (first == "iface" || first == "auto" || first.starts_with("allow-") || first == "source" ||
        first == "source-directory" || first == "mapping")
      return Kind::interfaces;
    if (first == "options" || first == "install" || first == "alias" || first == "remove" || first == "blacklist" ||
        first == "softdep" || first == "include")
      return Kind::modprobe;
  }
  return std::nullopt;
}

}  // namespace bondbox::import

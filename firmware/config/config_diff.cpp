#include "firmware/config/config_diff.hpp"

#include <algorithm>
#include <optional>

#include "firmware/config/config_target.hpp"
#include "firmware/option_table.hpp"

namespace bondbox {
namespace {

using Kind = Change::Kind;

bool contains(const auto& list, const auto& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// An option as configured, whether or not the running bond would show it.
std::string option_value(BondConfig& bond, const OptionInfo& option) {
  if (option.name == "primary") return bond.options.primary;
  if (option.name == "active_slave") return bond.active_slave;
  const Result<std::string> text = read_option(ConfigTarget(bond), option.name);
  std::string value = text.ok() ? text.value() : std::string();
  // "active 1" is how it reads, "active" how it is written.
  return option.kind == OptionKind::choice ? value.substr(0, value.find(' ')) : value;
}

class Differ {
 public:
  Differ(const BondConfig& running, const BondConfig& wanted) : before_(running), now_(running), wanted_(wanted) {}

  std::vector<Change> run() {
    remove_ports();
    // Twice: what one option allows only after a later one (unmonitored = 0 after miimon) comes in the second round.
    step_options();
    step_options();
    step_host();
    return std::move(changes_);
  }

 private:
  void step_options() {
    for (const OptionInfo& option : all_options()) {
      if (option.name == "slaves")
        add_ports();
      else if (option.name == "arp_ip_target")
        step_targets(option, now_.options.arp_ip_targets, wanted_.options.arp_ip_targets);
      else if (option.name == "ns_ip6_target")
        step_targets(option, now_.options.ns_ip6_targets, wanted_.options.ns_ip6_targets);
      else if (option.kind == OptionKind::per_port)
        step_per_port(option);
      else if (option.kind != OptionKind::read_only)
        step_option(option);
    }
  }

  void add(Kind kind, std::string name, std::string from, std::string to) {
    changes_.push_back({kind, wanted_.name, std::move(name), std::move(from), std::move(to)});
  }

  void remove_ports() {
    bool all = false;
    for (const OptionInfo& option : all_options())
      all = all || (option.without_ports && option_value(now_, option) != option_value(wanted_, option));
    for (const std::string& port : std::vector<std::string>(now_.ports)) {
      if (!all && contains(wanted_.ports, port)) continue;
      add(Kind::remove_port, port, {}, {});
      (void)ConfigTarget(now_).release(port);
    }
  }

  void add_ports() {
    for (const std::string& port : wanted_.ports) {
      if (contains(now_.ports, port)) continue;
      add(Kind::add_port, port, {}, {});
      (void)ConfigTarget(now_).enslave(port);
    }
  }

  /// Tries the write on a copy first: what the mode does not take there has no effect in it either.
  void step(const OptionInfo& option, std::string from, const std::string& to) {
    ConfigTarget target(now_);
    if (write_option(target, option.name, to).ok()) add(Kind::option, std::string(option.name), std::move(from), to);
  }

  void step_option(const OptionInfo& option) {
    const std::string to = option_value(wanted_, option);
    if (option_value(now_, option) != to) step(option, option_value(before_, option), to);
  }

  void step_targets(const OptionInfo& option, const auto& now, const auto& wanted) {
    const auto leaving = now;
    for (const IpAddress& address : leaving)
      if (!contains(wanted, address)) step(option, {}, "-" + address.text());
    for (const IpAddress& address : wanted)
      if (!contains(now, address)) step(option, {}, "+" + address.text());
  }

  void step_per_port(const OptionInfo& option) {
    for (const std::string& port : wanted_.ports) {
      const std::string now = of_port(now_, option, port);
      const std::string before = of_port(before_, option, port);
      const std::string to = of_port(wanted_, option, port);
      if (now != to) step(option, before.empty() ? now : before, to);
    }
  }

  /// "eth0:3" out of "eth0:3 eth1:0".
  static std::string of_port(BondConfig& bond, const OptionInfo& option, const std::string& port) {
    const std::string list = " " + option_value(bond, option) + " ";
    const std::size_t start = list.find(" " + port + ":");
    return start == std::string::npos ? std::string() : list.substr(start + 1, list.find(' ', start + 1) - start - 1);
  }

  static bool has_address(const BondConfig& bond, const std::optional<IpAddress>& wanted) {
    return wanted && std::any_of(bond.addresses.begin(), bond.addresses.end(),
                                 [&](const IpPrefix& prefix) { return prefix.address == *wanted; });
  }

  void add_addresses() {
    for (const IpPrefix& address : wanted_.addresses)
      if (!contains(before_.addresses, address)) add(Kind::add_address, address.text(), {}, {});
  }

  void remove_addresses() {
    for (const IpPrefix& address : before_.addresses)
      if (!contains(wanted_.addresses, address)) add(Kind::remove_address, address.text(), {}, {});
  }

  /// New addresses come before old ones go: with its last IPv4 address an interface loses its routes too.
  void step_host() {
    const auto differ = [this](Kind kind, const char* name, const auto& from, const auto& to, auto&& text) {
      if (from != to) add(kind, name, from ? text(*from) : std::string(), to ? text(*to) : std::string());
    };
    const auto own_text = [](const auto& value) { return value.text(); };
    std::optional<IpAddress> gateway = before_.gateway;
    const auto step_gateway = [&](const std::optional<IpAddress>& to) {
      differ(Kind::gateway, "gateway", gateway, to, own_text);
      gateway = to;
    };
    // An address of the host's own cannot be its gateway: where the two change places there is none for a moment.
    if (has_address(wanted_, before_.gateway) || has_address(before_, wanted_.gateway)) {
      step_gateway(std::nullopt);
      add_addresses();
      remove_addresses();
      step_gateway(wanted_.gateway);
    } else {
      add_addresses();
      step_gateway(wanted_.gateway);
      remove_addresses();
    }
    differ(Kind::mac, "mac", before_.mac, wanted_.mac, own_text);
    differ(Kind::mtu, "mtu", before_.mtu, wanted_.mtu, [](std::uint32_t mtu) { return std::to_string(mtu); });
  }

  BondConfig before_;
  BondConfig now_;  ///< what the steps so far have made of it
  BondConfig wanted_;
  std::vector<Change> changes_;
};

}  // namespace

std::string Change::text() const {
  const auto shown = [](const std::string& value) { return value.empty() ? std::string("none") : value; };
  switch (kind) {
    case Kind::add_bond:
      return "+ bond " + bond;
    case Kind::remove_bond:
      return "- bond " + bond;
    case Kind::add_port:
      return bond + ": + port " + name;
    case Kind::remove_port:
      return bond + ": - port " + name;
    case Kind::add_address:
      return bond + ": + address " + name;
    case Kind::remove_address:
      return bond + ": - address " + name;
    default:
      break;
  }
  if (to.starts_with('+') || (kind == Kind::option && from.empty() && to.starts_with('-')))
    return bond + ": " + to.substr(0, 1) + " " + name + " " + to.substr(1);
  if (from == to) return bond + ": " + name + " stays " + shown(to);
  return bond + ": " + name + " " + shown(from) + " -> " + shown(to);
}

std::vector<Change> diff_config(const BondConfig& running, const BondConfig& wanted) {
  return Differ(running, wanted).run();
}

std::vector<Change> diff_config(const Config& running, const Config& wanted) {
  std::vector<Change> changes;
  for (const BondConfig& bond : running.bonds)
    if (wanted.find(bond.name) == nullptr) changes.push_back({Kind::remove_bond, bond.name, {}, {}, {}});
  for (const BondConfig& bond : wanted.bonds) {
    const BondConfig* before = running.find(bond.name);
    if (before == nullptr) continue;
    for (Change& change : diff_config(*before, bond)) changes.push_back(std::move(change));
  }
  for (const BondConfig& bond : wanted.bonds)
    if (running.find(bond.name) == nullptr) changes.push_back({Kind::add_bond, bond.name, {}, {}, {}});
  return changes;
}

}  // namespace bondbox

// A running bond and its configuration: what runs, said as a configuration, and the single steps to another one.
#include <algorithm>
#include <cerrno>
#include <charconv>

#include "firmware/bond.hpp"

namespace bondbox {

BondConfig Bond::running_config() const {
  BondConfig running = config_;
  running.name = name_;
  running.options = options_;
  if (fail_over_mac_forced_) running.options.fail_over_mac = config_.options.fail_over_mac;
  running.ports = configured_;
  running.port_options.clear();
  const PortOptions defaults;
  const auto keep = [&](std::string_view port, const PortOptions& options) {
    if (!(options == defaults)) running.port_options.emplace(port, options);
  };
  for (const PortId id : order_) keep(slot(id).name.view(), slot(id).options);
  for (const Awaited& waiting : awaited_) keep(waiting.name, waiting.options);
  return running;
}

Outcome Bond::change(const Change& change) {
  using Kind = Change::Kind;
  switch (change.kind) {
    case Kind::option: {
      if (change.name == "active_slave") config_.active_slave = change.to;
      const OptionInfo* const option = find_option(change.name);
      if (option != nullptr && option->while_down && is_up()) return write_while_down(change);
      return write(change.name, change.to);
    }
    case Kind::add_port: {
      Outcome outcome = enslave(change.name);
      if (outcome.error != ENODEV) return outcome;
      configured_.push_back(change.name);
      await(change.name, PortOptions{}, outcome.reason);
      return Outcome::done();
    }
    case Kind::remove_port:
      return release(change.name);
    case Kind::add_address:
    case Kind::remove_address: {
      const auto prefix = IpPrefix::parse(change.name);
      if (!prefix) return Outcome::failed(EINVAL, change.name + " is no address with prefix length");
      std::erase(config_.addresses, *prefix);
      if (change.kind == Kind::remove_address) return host_->remove_address(*prefix);
      config_.addresses.push_back(*prefix);
      return host_->add_address(*prefix);
    }
    case Kind::gateway:
      return change_gateway(change);
    case Kind::mtu: {
      std::uint32_t mtu = 1500;
      std::from_chars(change.to.data(), change.to.data() + change.to.size(), mtu);
      config_.mtu = change.to.empty() ? std::nullopt : std::optional(mtu);
      Outcome outcome = host_->set_mtu(mtu);
      if (outcome.ok()) observe_host();
      return outcome;
    }
    case Kind::mac: {
      config_.mac = MacAddress::parse(change.to);
      // Without one of its own the bond has its first port's.
      const std::optional<MacAddress> mac =
          config_.mac || order_.empty() ? config_.mac : slot(order_[0]).nic->permanent_mac();
      if (!mac) return Outcome::done();
      Outcome outcome = host_->set_mac(*mac);
      if (outcome.ok()) observe_host();
      return outcome;
    }
    case Kind::add_bond:
    case Kind::remove_bond:
      break;
  }
  return Outcome::failed(EINVAL, "this is not a change of one bond");
}

Outcome Bond::write_while_down(const Change& change) {
  if (Outcome outcome = host_->set_up(false); !outcome.ok()) return outcome;
  Outcome written = write(change.name, change.to);
  if (Outcome outcome = host_->set_up(true); !outcome.ok()) return outcome;
  return written;
}

Outcome Bond::change_gateway(const Change& change) {
  if (const auto old = IpAddress::parse(change.from)) {
    if (Outcome outcome = host_->remove_gateway(*old); !outcome.ok()) return outcome;
  }
  config_.gateway = IpAddress::parse(change.to);
  return config_.gateway ? host_->set_gateway(*config_.gateway) : Outcome::done();
}

}  // namespace bondbox

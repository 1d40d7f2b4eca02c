// A running bond and its configuration: what runs, said as a configuration, and the single steps to another one.
#include <algorithm>
#include <cerrno>
#include <charconv>

#include "firmware/bond.hpp"
#include "firmware/trace/tape.hpp"

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
  const trace::Tape::Command command(tape_, trace::CommandKind::change, name_, change);
  using Kind = Change::Kind;
  switch (change.kind) {
    case Kind::option: {
      if (change.name == "active_slave") return change_active(change);
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
    case Kind::remove_address:
      return change_address(change);
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
  Outcome restored = apply_host_config();
  if (written.ok() || restored.ok()) return written.ok() ? restored : written;
  written.reason += "; and then " + restored.reason;
  return written;
}

Outcome Bond::change_active(const Change& change) {
  const bool configured = std::find(configured_.begin(), configured_.end(), change.to) != configured_.end();
  // As when the bond is made, a port without link is no reason to fail.
  const bool waits = configured && !port_has_link(change.to);
  if (waits) note("active_slave " + change.to + " has no link, it is not active yet");
  Outcome outcome = waits ? Outcome::done() : write(change.name, change.to);
  if (outcome.ok()) config_.active_slave = change.to;
  return outcome;
}

Outcome Bond::change_address(const Change& change) {
  const auto prefix = IpPrefix::parse(change.name);
  if (!prefix) return Outcome::failed(EINVAL, change.name + " is no address with prefix length");
  const bool adds = change.kind == Change::Kind::add_address;
  Outcome outcome = adds ? host_->add_address(*prefix) : host_->remove_address(*prefix);
  const bool gone_already = !adds && outcome.error == EADDRNOTAVAIL;
  if (!outcome.ok() && !gone_already) return outcome;
  std::erase(config_.addresses, *prefix);
  if (!adds) return restore_host_config();
  config_.addresses.push_back(*prefix);
  return outcome;
}

Outcome Bond::change_gateway(const Change& change) {
  const std::optional<IpAddress> wanted = IpAddress::parse(change.to);
  const std::optional<IpAddress> old = config_.gateway;
  if (old && (!wanted || wanted->family != old->family)) {
    // ESRCH: the kernel took it away with a link or an address, or somebody did.
    if (Outcome outcome = host_->remove_gateway(*old); !outcome.ok() && outcome.error != ESRCH) return outcome;
    config_.gateway.reset();
  }
  if (!wanted) return Outcome::done();
  Outcome outcome = host_->set_gateway(*wanted);
  if (outcome.ok()) config_.gateway = wanted;
  return outcome;
}

/// What the kernel takes away by the way: with an IPv4 address the others of its network and, with the last one, all
/// routes; with a link that goes down the routes and the IPv6 addresses.
Outcome Bond::restore_host_config() {
  for (const IpPrefix& prefix : config_.addresses) {
    if (Outcome outcome = host_->add_address(prefix); !outcome.ok()) return outcome;
  }
  // While the interface is down the kernel takes no route.
  return config_.gateway && is_up() ? host_->set_gateway(*config_.gateway) : Outcome::done();
}

Outcome Bond::restore(const BondConfig& before, std::string_view active) {
  const trace::Tape::Command command(tape_, trace::CommandKind::restore, name_, before, active);
  const auto place_before = [&](const std::string& port) {
    return std::find(before.ports.begin(), before.ports.end(), port) - before.ports.begin();
  };
  std::stable_sort(configured_.begin(), configured_.end(),
                   [&](const std::string& a, const std::string& b) { return place_before(a) < place_before(b); });
  if (sort_ports()) {
    ++status_version_;
    apply(Reconfigured{});
  }
  config_.active_slave = before.active_slave;
  if (!active.empty() && active != active_port_name() && port_has_link(active)) {
    if (Outcome outcome = activate(active); !outcome.ok()) return outcome;
  }
  return restore_host_config();
}

}  // namespace bondbox

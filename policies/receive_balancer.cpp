#include "policies/receive_balancer.hpp"

#include <algorithm>

#include "policies/speech_room.hpp"

namespace bondbox {
namespace {

std::uint8_t index_of(const IpAddress& address) noexcept {
  std::uint8_t value = 0;
  for (const std::uint8_t byte : address.bytes()) value = static_cast<std::uint8_t>(value ^ byte);
  return value;
}

/// A bridge answers for itself; its stations must not be told of ports.
bool is_bridges(const IpAddress& address, const BondFacts& facts) noexcept {
  return std::any_of(facts.addresses.begin(), facts.addresses.end(),
                     [&](const HostAddress& own) { return own.on_bridge && own.address == address; });
}

/// Whether it is between the host and one other station: no probe, no announcement, no broadcast.
bool has_client(const wire::ArpView& arp) noexcept {
  constexpr IpAddress nobodys{};
  constexpr IpAddress everybodys{IpAddress::Family::v4, {0xff, 0xff, 0xff, 0xff}};
  return !arp.is_gratuitous() && arp.sender_ip() != nobodys && arp.target_ip() != nobodys &&
         arp.target_ip() != everybodys;
}

}  // namespace

std::optional<PortId> ReceiveBalancer::choose(const wire::ArpView& arp, VlanId vlan, const BondFacts& facts,
                                              std::optional<PortId> active) {
  const std::uint8_t index = index_of(arp.target_ip());
  Client& client = rounds_.at(index);
  if (client.assigned && client.host_ip == arp.sender_ip() && client.ip == arp.target_ip()) {
    if (arp.target_mac().is_station()) client.mac = arp.target_mac();
    client.host_mac = arp.sender_mac();
    client.vlan = vlan;
    if (client.port != no_port) return client.port;
  } else if (client.assigned) {
    ++replaced_;
    rounds_.dismiss(client, active);
  }
  const std::optional<PortId> port = rounds_.next_port(facts);
  if (!port) return std::nullopt;
  client.host_ip = arp.sender_ip();
  client.ip = arp.target_ip();
  client.mac = arp.target_mac();
  client.host_mac = arp.sender_mac();
  client.port = *port;
  client.vlan = vlan;
  client.outdated = false;
  client.notices_left = 0;
  rounds_.mark_outdated(client);
  rounds_.enter(index);
  return port;
}

ReceiveBalancer::Sent ReceiveBalancer::sent(const wire::ArpView& arp, VlanId vlan, const BondFacts& facts,
                                            std::optional<PortId> active, const PortMacs& macs) {
  if (!is_ours(arp.sender_mac(), facts) || is_bridges(arp.sender_ip(), facts)) return {};
  const std::optional<PortId> port = has_client(arp) ? choose(arp, vlan, facts, active) : std::nullopt;
  if (arp.is_reply()) return {port, port.has_value()};
  if (!arp.is_request()) return {port, false};

  if (port) rounds_.at(index_of(arp.target_ip())).asked = true;
  // Whoever hears the request learns the bond's own address from it. Those who should use another are told again.
  rounds_.put_off();
  rounds_.for_each([&](Client& client, std::uint8_t) {
    if (client.host_ip == arp.sender_ip() && client.port != no_port && macs.of(client.port) != facts.bond_mac)
      rounds_.mark_outdated(client);
  });
  return {port, false};
}

/// Another station uses an address of ours now: nobody must be told that we have it.
void ReceiveBalancer::forget_host(const wire::ArpView& arp) {
  rounds_.for_each([&](const Client& client, std::uint8_t index) {
    if (client.host_ip == arp.sender_ip() && client.host_mac != arp.sender_mac()) rounds_.remove(index);
  });
}

void ReceiveBalancer::received(const wire::ArpView& arp, const BondFacts& facts) {
  if (is_ours(arp.sender_mac(), facts)) return;
  forget_host(arp);
  if (!arp.is_reply()) return;
  Client& client = rounds_.at(index_of(arp.sender_ip()));
  if (!client.assigned || client.host_ip != arp.target_ip() || client.ip != arp.sender_ip()) return;
  if (client.mac == arp.sender_mac() && !client.asked) return;
  client.mac = arp.sender_mac();
  client.asked = false;
  rounds_.mark_outdated(client);
}

void ReceiveBalancer::tick(const BondFacts& facts) {
  if (rounds_.tick(facts)) rounds_.begin_round();
}

void ReceiveBalancer::speak(const PortMacs& macs, ActionList& actions) {
  // Says "we are here" once. False when there is no room for it.
  rounds_.speak([&](const Client& client) {
    if (client.port == no_port || !client.mac.is_station()) return true;
    if (!may_send(actions)) return false;
    const wire::ArpFields fields{wire::ArpOperation::reply, macs.of(client.port), client.host_ip, client.mac,
                                 client.ip};
    actions.push_back(SendFrame{client.port, wire::build_arp(fields, client.mac, client.vlan)});
    return true;
  });
}

std::array<std::uint32_t, max_ports> ReceiveBalancer::clients_of_ports() const noexcept {
  std::array<std::uint32_t, max_ports> counts{};
  rounds_.add_clients(counts);
  return counts;
}

}  // namespace bondbox

#include "policies/receive_balancer.hpp"

#include <algorithm>

#include "policies/speech_room.hpp"

namespace bondbox {
namespace {

std::uint16_t index_of(const IpAddress& address) noexcept {
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

void ReceiveBalancer::mark_outdated(Client& client) {
  if (!client.mac.is_station()) return;
  client.outdated = true;
  outdated_ = true;
}

void ReceiveBalancer::enter(Client& client, std::uint16_t index) {
  if (client.assigned) return;
  client.assigned = true;
  client.next = newest_;
  newest_ = index;
}

void ReceiveBalancer::remove(std::uint16_t index) {
  std::uint16_t* link = &newest_;
  while (*link != nobody && *link != index) link = &table_[*link].next;
  if (*link == nobody) return;
  *link = table_[index].next;
  table_[index] = Client{};
}

std::optional<PortId> ReceiveBalancer::choose(const wire::ArpView& arp, VlanId vlan, const BondFacts& facts,
                                              std::optional<PortId> active) {
  const std::uint16_t index = index_of(arp.target_ip());
  Client& client = table_[index];
  if (client.assigned && client.host_ip == arp.sender_ip() && client.ip == arp.target_ip()) {
    if (arp.target_mac().is_station()) client.mac = arp.target_mac();
    client.host_mac = arp.sender_mac();
    client.vlan = vlan;
    if (client.port != no_port) return client.port;
  } else if (client.assigned && active && client.port != *active && client.mac.is_station()) {
    // Another client takes its place: it goes to the active port, where nobody needs to look after it.
    client.port = *active;
    client.replies_left = burst;
    farewells_.push_back(client);
  }
  const std::optional<PortId> port = turn_.next(facts);
  if (!port) return std::nullopt;
  client.host_ip = arp.sender_ip();
  client.ip = arp.target_ip();
  client.mac = arp.target_mac();
  client.host_mac = arp.sender_mac();
  client.port = *port;
  client.vlan = vlan;
  client.outdated = false;
  client.replies_left = 0;
  mark_outdated(client);
  enter(client, index);
  return port;
}

ReceiveBalancer::Sent ReceiveBalancer::sent(const wire::ArpView& arp, VlanId vlan, const BondFacts& facts,
                                            std::optional<PortId> active, const PortMacs& macs) {
  if (!is_ours(arp.sender_mac(), facts) || is_bridges(arp.sender_ip(), facts)) return {};
  const std::optional<PortId> port = has_client(arp) ? choose(arp, vlan, facts, active) : std::nullopt;
  if (arp.is_reply()) return {port, port.has_value()};
  if (!arp.is_request()) return {port, false};

  if (port) table_[index_of(arp.target_ip())].asked = true;
  // Whoever hears the request learns the bond's own address from it. Those who should use another are told again.
  delay_left_ = update_delay;
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    Client& client = table_[index];
    if (client.host_ip == arp.sender_ip() && client.port != no_port && macs.of(client.port) != facts.bond_mac)
      mark_outdated(client);
  }
  return {port, false};
}

/// Another station uses an address of ours now: nobody must be told that we have it.
void ReceiveBalancer::forget_host(const wire::ArpView& arp) {
  for (std::uint16_t index = newest_; index != nobody;) {
    const std::uint16_t next = table_[index].next;
    if (table_[index].host_ip == arp.sender_ip() && table_[index].host_mac != arp.sender_mac()) remove(index);
    index = next;
  }
}

void ReceiveBalancer::received(const wire::ArpView& arp, const BondFacts& facts) {
  if (is_ours(arp.sender_mac(), facts)) return;
  forget_host(arp);
  if (!arp.is_reply()) return;
  Client& client = table_[index_of(arp.sender_ip())];
  if (!client.assigned || client.host_ip != arp.target_ip() || client.ip != arp.sender_ip()) return;
  if (client.mac == arp.sender_mac() && !client.asked) return;
  client.mac = arp.sender_mac();
  client.asked = false;
  mark_outdated(client);
}

void ReceiveBalancer::port_lost(PortId port, const BondFacts& facts) {
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    Client& client = table_[index];
    if (client.port != port) continue;
    const std::optional<PortId> next = turn_.next(facts);
    client.port = next ? *next : no_port;
    if (!next) continue;
    mark_outdated(client);
    if (client.outdated) retries_left_ = update_retries;
  }
}

void ReceiveBalancer::address_moved(PortId port) {
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    Client& client = table_[index];
    if (client.port != port) continue;
    mark_outdated(client);
    if (client.outdated) retries_left_ = update_retries;
  }
}

void ReceiveBalancer::spread(const BondFacts& facts) {
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    Client& client = table_[index];
    const std::optional<PortId> port = turn_.next(facts);
    if (!port || client.port == *port) continue;
    client.port = *port;
    mark_outdated(client);
  }
}

void ReceiveBalancer::tick(const BondFacts& facts) {
  if (spread_ordered_) {
    spread_ordered_ = false;
    spread(facts);
  }
  if (!outdated_) return;
  if (delay_left_ != 0) {
    --delay_left_;
    return;
  }
  begin_round();
  delay_left_ = update_delay;
  if (retries_left_ != 0)
    --retries_left_;
  else
    outdated_ = false;
}

void ReceiveBalancer::begin_round() {
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    Client& client = table_[index];
    if (!client.outdated) continue;
    if (retries_left_ == 0) client.outdated = false;
    if (client.port == no_port || !client.mac.is_station()) continue;
    client.replies_left = burst;
    in_round_ = true;
  }
}

/// Says "we are here" once. False when there is no room for it.
bool ReceiveBalancer::reply(const Client& client, const PortMacs& macs, ActionList& actions) const {
  if (client.port == no_port || !client.mac.is_station()) return true;
  if (!may_send(actions)) return false;
  const wire::ArpFields fields{wire::ArpOperation::reply, macs.of(client.port), client.host_ip, client.mac, client.ip};
  actions.push_back(SendFrame{client.port, wire::build_arp(fields, client.mac, client.vlan)});
  return true;
}

void ReceiveBalancer::speak(const PortMacs& macs, ActionList& actions) {
  for (; !farewells_.empty(); farewells_.erase_at(0)) {
    for (; farewells_[0].replies_left != 0; --farewells_[0].replies_left)
      if (!reply(farewells_[0], macs, actions)) return;
  }
  if (!in_round_) return;
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    for (Client& client = table_[index]; client.replies_left != 0; --client.replies_left)
      if (!reply(client, macs, actions)) return;
  }
  in_round_ = false;
}

std::array<std::uint32_t, max_ports> ReceiveBalancer::clients_of_ports() const noexcept {
  std::array<std::uint32_t, max_ports> counts{};
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    const Client& client = table_[index];
    if (client.port != no_port && client.mac.is_station()) ++counts[client.port.index];
  }
  return counts;
}

}  // namespace bondbox

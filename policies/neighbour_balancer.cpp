#include "policies/neighbour_balancer.hpp"

#include "policies/speech_room.hpp"

namespace bondbox {
namespace {

constexpr IpAddress nobodys{IpAddress::Family::v6, {}};

std::uint8_t xor_of(const IpAddress& address) noexcept {
  std::uint8_t value = 0;
  for (const std::uint8_t byte : address.bytes()) value = static_cast<std::uint8_t>(value ^ byte);
  return value;
}

bool is_unicast(const IpAddress& address) noexcept {
  return address.octets[0] != 0xff && address != nobodys;
}

/// The host's address of this value there; none when a bridge holds it, which answers for itself: its stations must not
/// be told of ports. A link-local address may be held on several VLANs.
const HostAddress* own_address(const IpAddress& address, VlanId vlan, const BondFacts& facts) noexcept {
  const HostAddress* found = nullptr;
  for (const HostAddress& own : facts.addresses) {
    if (own.address != address || own.vlan != vlan) continue;
    if (own.on_bridge) return nullptr;
    found = &own;
  }
  return found;
}

struct Advertisement {
  wire::NeighbourAdvertisementView view;
  IpAddress to;
};

std::optional<Advertisement> advertisement_of(const wire::EthernetView& frame) noexcept {
  if (frame.ethertype() != wire::ethertype::ipv6) return std::nullopt;
  const auto packet = wire::Ipv6View::parse(frame.payload());
  if (!packet) return std::nullopt;
  const auto view = wire::NeighbourAdvertisementView::parse(*packet);
  if (!view) return std::nullopt;
  return Advertisement{*view, packet->destination()};
}

}  // namespace

/// Both addresses of a pair often end alike, link-local and global: turned, the prefixes do not cancel out.
std::uint16_t NeighbourBalancer::index_of(const IpAddress& client, const IpAddress& host) noexcept {
  const unsigned turned = xor_of(host) * 8U;
  return static_cast<std::uint16_t>((xor_of(client) ^ turned ^ (turned >> 8)) & 0xff);
}

NeighbourBalancer::Client* NeighbourBalancer::find(const MacAddress& mac, const IpAddress& host_ip,
                                                   VlanId vlan) noexcept {
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    Client& client = table_[index];
    if (client.mac == mac && client.host_ip == host_ip && client.vlan == vlan) return &client;
  }
  return nullptr;
}

void NeighbourBalancer::mark_outdated(Client& client) {
  client.outdated = true;
  outdated_ = true;
}

void NeighbourBalancer::remove(std::uint16_t index) {
  std::uint16_t* link = &newest_;
  while (*link != nobody && *link != index) link = &table_[*link].next;
  if (*link == nobody) return;
  *link = table_[index].next;
  table_[index] = Client{};
}

/// A client without a port yet, in the place of whoever had it.
NeighbourBalancer::Client* NeighbourBalancer::admit(const wire::EthernetView& frame, const IpAddress& ip,
                                                    const IpAddress& host_ip, std::optional<PortId> active) {
  const std::uint16_t index = index_of(ip, host_ip);
  Client& client = table_[index];
  if (client.assigned) {
    ++replaced_;
    if (active && client.port != *active) {
      // It goes to the active port, where nobody needs to look after it.
      client.port = *active;
      client.notices_left = burst;
      farewells_.push_back(client);
    }
    remove(index);
  }
  client.host_ip = host_ip;
  client.ip = ip;
  client.mac = frame.destination();
  client.vlan = frame.vlan();
  client.assigned = true;
  client.next = newest_;
  newest_ = index;
  return &client;
}

std::optional<PortId> NeighbourBalancer::sent(const wire::EthernetView& frame, const BondFacts& facts,
                                              std::optional<PortId> active) {
  if (dismissing_ || frame.tags().size() > 1) return std::nullopt;
  const auto advertisement = advertisement_of(frame);
  if (!advertisement) return std::nullopt;
  const auto& [view, to] = *advertisement;
  const auto link = view.target_link_address();
  // One that does not override must not be followed by updates that do.
  if (!view.is_solicited() || !view.overrides() || !is_unicast(to) || !frame.destination().is_station())
    return std::nullopt;
  if (!link || !is_ours(*link, facts) || !is_ours(frame.source(), facts)) return std::nullopt;
  if (own_address(view.target(), frame.vlan(), facts) == nullptr) return std::nullopt;

  Client* client = find(frame.destination(), view.target(), frame.vlan());
  if (client != nullptr && client->port != no_port) return client->port;
  const std::optional<PortId> port = turn_.next(facts);
  if (!port) return std::nullopt;
  if (client == nullptr) client = admit(frame, to, view.target(), active);
  client->port = *port;
  return port;
}

void NeighbourBalancer::received(const wire::EthernetView& frame, const BondFacts& facts, const PortMacs& macs) {
  const auto advertisement = advertisement_of(frame);
  if (!advertisement || is_ours(frame.source(), facts)) return;
  const auto& [view, to] = *advertisement;
  const auto link = view.target_link_address();
  if (link && is_ours(*link, facts)) return;
  for (std::uint16_t index = newest_; index != nobody;) {
    Client& client = table_[index];
    const std::uint16_t next = client.next;
    if (client.vlan != frame.vlan()) {
      // Another link: the same addresses mean other stations there.
    } else if (client.host_ip == view.target()) {
      // Another station uses an address of ours now: nobody must be told that we have it.
      remove(index);
    } else if (client.ip == view.target() && link && link->is_station() && client.mac != *link) {
      client.mac = *link;
      mark_outdated(client);
    } else if (view.is_solicited() && client.host_ip == to && client.mac == frame.source() && client.port != no_port &&
               macs.of(client.port) != facts.bond_mac) {
      mark_outdated(client);
    }
    index = next;
  }
}

void NeighbourBalancer::port_lost(PortId port, const BondFacts& facts) {
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    Client& client = table_[index];
    if (client.port != port) continue;
    const std::optional<PortId> next = turn_.next(facts);
    client.port = next ? *next : no_port;
    if (!next) continue;
    mark_outdated(client);
    retries_left_ = update_retries;
  }
}

void NeighbourBalancer::address_moved(PortId port) {
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    Client& client = table_[index];
    if (client.port != port) continue;
    mark_outdated(client);
    retries_left_ = update_retries;
  }
}

void NeighbourBalancer::spread(const BondFacts& facts) {
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    Client& client = table_[index];
    const std::optional<PortId> port = turn_.next(facts);
    if (!port || client.port == *port) continue;
    client.port = *port;
    mark_outdated(client);
  }
}

void NeighbourBalancer::forget_lost_addresses(const BondFacts& facts) {
  for (std::uint16_t index = newest_; index != nobody;) {
    const Client& client = table_[index];
    const std::uint16_t next = client.next;
    if (own_address(client.host_ip, client.vlan, facts) == nullptr) remove(index);
    index = next;
  }
}

void NeighbourBalancer::tick(const BondFacts& facts) {
  if (dismissing_) return;
  if (spread_ordered_) {
    spread_ordered_ = false;
    spread(facts);
  }
  if (delay_left_ != 0) {
    --delay_left_;
    return;
  }
  if (!outdated_) return;
  forget_lost_addresses(facts);
  begin_round();
  delay_left_ = update_delay;
  if (retries_left_ != 0)
    --retries_left_;
  else
    outdated_ = false;
}

void NeighbourBalancer::begin_round() {
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    Client& client = table_[index];
    if (!client.outdated) continue;
    if (retries_left_ == 0) client.outdated = false;
    if (client.port == no_port) continue;
    client.notices_left = burst;
    in_round_ = true;
  }
}

void NeighbourBalancer::dismiss(std::optional<PortId> active, const BondFacts& facts) {
  if (dismissing_) return;
  forget_lost_addresses(facts);
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    Client& client = table_[index];
    client.notices_left = active && (client.outdated || client.port != *active) ? burst : 0;
    client.port = active ? *active : no_port;
  }
  outdated_ = false;
  retries_left_ = 0;
  delay_left_ = 0;
  in_round_ = dismissing_ = newest_ != nobody;
}

/// Says "we are here" once. False when there is no room for it.
bool NeighbourBalancer::notify(const Client& client, const BondFacts& facts, const PortMacs& macs,
                               ActionList& actions) const {
  const HostAddress* const own = own_address(client.host_ip, client.vlan, facts);
  if (client.port == no_port || own == nullptr) return true;
  if (!may_send(actions)) return false;
  wire::UnsolicitedNaFields fields;
  fields.sender = macs.of(client.port);
  fields.address = client.host_ip;
  fields.router = own->router;
  fields.to_mac = client.mac;
  fields.to = client.ip;
  fields.vlan = client.vlan;
  actions.push_back(SendFrame{client.port, wire::build_unsolicited_na(fields)});
  return true;
}

void NeighbourBalancer::speak(const BondFacts& facts, const PortMacs& macs, ActionList& actions) {
  for (; !farewells_.empty(); farewells_.erase_at(0)) {
    for (; farewells_[0].notices_left != 0; --farewells_[0].notices_left)
      if (!notify(farewells_[0], facts, macs, actions)) return;
  }
  if (!in_round_) return;
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next) {
    for (Client& client = table_[index]; client.notices_left != 0; --client.notices_left)
      if (!notify(client, facts, macs, actions)) return;
  }
  in_round_ = false;
  if (!dismissing_) return;
  dismissing_ = false;
  while (newest_ != nobody) remove(newest_);
}

void NeighbourBalancer::add_clients(std::array<std::uint32_t, max_ports>& counts) const noexcept {
  for (std::uint16_t index = newest_; index != nobody; index = table_[index].next)
    if (table_[index].port != no_port) ++counts[table_[index].port.index];
}

}  // namespace bondbox

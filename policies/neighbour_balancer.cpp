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
std::uint8_t NeighbourBalancer::index_of(const IpAddress& client, const IpAddress& host) noexcept {
  const unsigned turned = xor_of(host) * 8U;
  return static_cast<std::uint8_t>(xor_of(client) ^ turned ^ (turned >> 8));
}

NeighbourBalancer::Client* NeighbourBalancer::find(const MacAddress& mac, const IpAddress& host_ip,
                                                   VlanId vlan) noexcept {
  Client* found = nullptr;
  rounds_.for_each([&](Client& client, std::uint8_t) {
    if (found == nullptr && client.mac == mac && client.host_ip == host_ip && client.vlan == vlan) found = &client;
  });
  return found;
}

/// A client without a port yet, in the place of whoever had it.
NeighbourBalancer::Client* NeighbourBalancer::admit(const wire::EthernetView& frame, const IpAddress& ip,
                                                    const IpAddress& host_ip, std::optional<PortId> active) {
  const std::uint8_t index = index_of(ip, host_ip);
  Client& client = rounds_.at(index);
  if (client.assigned) {
    ++replaced_;
    rounds_.dismiss(client, active);
    rounds_.remove(index);
  }
  client.host_ip = host_ip;
  client.ip = ip;
  client.mac = frame.destination();
  client.vlan = frame.vlan();
  rounds_.enter(index);
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
  const std::optional<PortId> port = rounds_.next_port(facts);
  if (!port) return std::nullopt;
  if (client == nullptr) client = admit(frame, to, view.target(), active);
  client->port = *port;
  return port;
}

void NeighbourBalancer::received(const wire::EthernetView& frame, const BondFacts& facts, const PortMacs& macs) {
  const auto advertisement = advertisement_of(frame);
  if (!advertisement || is_ours(frame.source(), facts)) return;
  const wire::NeighbourAdvertisementView& view = advertisement->view;
  const auto link = view.target_link_address();
  if (link && is_ours(*link, facts)) return;
  rounds_.for_each([&](Client& client, std::uint8_t index) {
    if (client.vlan != frame.vlan()) {
      // Another link: the same addresses mean other stations there.
    } else if (client.host_ip == view.target()) {
      // Another station uses an address of ours now: nobody must be told that we have it.
      rounds_.remove(index);
    } else if (client.ip == view.target() && link && link->is_station() && client.mac != *link) {
      client.mac = *link;
      rounds_.mark_outdated(client);
    } else if (view.is_solicited() && client.host_ip == advertisement->to && client.mac == frame.source() &&
               client.port != no_port && macs.of(client.port) != facts.bond_mac) {
      rounds_.mark_outdated(client);
    }
  });
}

void NeighbourBalancer::forget_lost_addresses(const BondFacts& facts) {
  rounds_.for_each([&](const Client& client, std::uint8_t index) {
    if (own_address(client.host_ip, client.vlan, facts) == nullptr) rounds_.remove(index);
  });
}

void NeighbourBalancer::tick(const BondFacts& facts) {
  if (dismissing_ || !rounds_.tick(facts)) return;
  forget_lost_addresses(facts);
  rounds_.begin_round();
}

void NeighbourBalancer::dismiss(std::optional<PortId> active, const BondFacts& facts) {
  if (dismissing_) return;
  forget_lost_addresses(facts);
  dismissing_ = rounds_.begin_last_round(active);
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
  const bool ended = rounds_.speak([&](const Client& client) { return notify(client, facts, macs, actions); });
  if (!ended || !dismissing_) return;
  dismissing_ = false;
  rounds_.clear();
}

}  // namespace bondbox

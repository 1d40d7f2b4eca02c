#include "hal/sim/learning_switch.hpp"

#include <algorithm>
#include <tuple>

#include "hal/wire/ethernet.hpp"

namespace bondbox::sim {

LearningSwitch::Verdict LearningSwitch::handle(std::size_t port, wire::Bytes frame) noexcept {
  const std::optional<wire::EthernetView> view = wire::EthernetView::parse(frame);
  if (!view) return {};
  if (view->source().is_station()) learn(view->vlan(), view->source(), port);
  const MacAddress destination = view->destination();
  if (destination.is_link_local()) return {};
  if (destination.is_multicast()) return {Verdict::Kind::flood, 0};
  const std::optional<std::size_t> known = port_of(view->vlan(), destination);
  if (!known) return {Verdict::Kind::flood, 0};
  if (*known == port) return {};
  return {Verdict::Kind::to_port, *known};
}

void LearningSwitch::forget(std::size_t port) noexcept {
  std::erase_if(learnt_, [port](const Entry& entry) { return entry.port == port; });
}

std::optional<std::size_t> LearningSwitch::port_of(VlanId vlan, const MacAddress& mac) const noexcept {
  const auto place = place_of(vlan, mac);
  if (place == learnt_.end() || place->vlan != vlan || place->mac != mac) return std::nullopt;
  return place->port;
}

std::vector<LearningSwitch::Entry>::const_iterator LearningSwitch::place_of(VlanId vlan,
                                                                            const MacAddress& mac) const noexcept {
  return std::lower_bound(learnt_.begin(), learnt_.end(), std::tie(vlan, mac),
                          [](const Entry& entry, const auto& key) { return std::tie(entry.vlan, entry.mac) < key; });
}

void LearningSwitch::learn(VlanId vlan, const MacAddress& mac, std::size_t port) noexcept {
  const auto place = place_of(vlan, mac);
  if (place != learnt_.end() && place->vlan == vlan && place->mac == mac) {
    learnt_[static_cast<std::size_t>(place - learnt_.begin())].port = port;
  } else if (learnt_.size() < addresses_max) {
    learnt_.insert(place, Entry{vlan, mac, port});
  }
}

}  // namespace bondbox::sim

#include "hal/sim/sim_world.hpp"

#include <algorithm>
#include <cerrno>

#include "hal/sim/sim_host_port.hpp"
#include "hal/wire/ethernet.hpp"

namespace bondbox::sim {

namespace {

Outcome no_such_nic(std::string_view name) {
  return Outcome::failed(ENODEV, "there is no simulated NIC " + std::string(name));
}

/// As a packet socket measures: the MTU, the header, and a tag's four bytes for 802.1Q frames. What will be segmented
/// may be longer.
bool is_oversized(wire::Bytes frame, std::uint32_t mtu, const OffloadHeader& offload) {
  if (offload.gso_type != 0) return false;
  const bool tagged = wire::load_be16(frame.data() + 12) == wire::ethertype::vlan;
  return frame.size() > mtu + wire::ethernet_header_size + (tagged ? wire::vlan_tag_size : 0);
}

}  // namespace

bool is_interface_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 15 || name == "." || name == "..") return false;
  return std::none_of(name.begin(), name.end(), [](char c) { return c == '/' || c == ':' || c <= ' ' || c == 0x7f; });
}

void EventQueue::push(HardwareEvent::Kind kind, const std::string& name) {
  if (waiting_.push_back({kind, name})) return;
  waiting_.clear();
  waiting_.push_back({HardwareEvent::Kind::link_changed, ""});
}

void EventQueue::move_to(FixedVector<HardwareEvent, 64>& events) {
  while (!waiting_.empty() && !events.full()) {
    events.push_back(waiting_[0]);
    waiting_.erase_at(0);
  }
}

Outcome SimWorld::add_nic(const NicSpec& spec) {
  if (!is_interface_name(spec.name)) return Outcome::failed(EINVAL, "'" + spec.name + "' is not an interface name");
  if (!spec.mac.is_station()) return Outcome::failed(EINVAL, spec.mac.text() + " is not a station's address");
  if (name_taken(spec.name)) return Outcome::failed(EEXIST, "the name " + spec.name + " is taken");
  cards_.emplace(spec.name, std::make_unique<Card>(spec));
  tell(HardwareEvent::Kind::nic_appeared, spec.name);
  refresh_carriers();
  return Outcome::done();
}

Outcome SimWorld::add_switch(std::string_view name) {
  if (!is_interface_name(name)) return Outcome::failed(EINVAL, "'" + std::string(name) + "' is not a name");
  if (name_taken(name)) return Outcome::failed(EEXIST, "the name " + std::string(name) + " is taken");
  switches_.emplace(std::string(name), std::make_unique<SwitchBox>());
  return Outcome::done();
}

Outcome SimWorld::connect(std::string_view one_end, std::string_view other_end) {
  struct End {
    Card* card = nullptr;
    SwitchBox* box = nullptr;
  } ends[2];
  const std::string_view names[2] = {one_end, other_end};
  if (one_end == other_end) return Outcome::failed(EINVAL, "a cable needs two different ends");
  for (std::size_t i = 0; i < 2; ++i) {
    ends[i].card = find(names[i]);
    const auto box = switches_.find(names[i]);
    if (box != switches_.end()) ends[i].box = box->second.get();
    if (ends[i].card == nullptr && ends[i].box == nullptr) {
      return Outcome::failed(ENODEV, "there is neither a NIC nor a switch " + std::string(names[i]));
    }
    if (ends[i].card != nullptr && ends[i].card->has_cable_end()) {
      return Outcome::failed(EBUSY, std::string(names[i]) + " has a cable already");
    }
  }
  std::size_t ports[2] = {};
  for (std::size_t i = 0; i < 2; ++i) {
    if (ends[i].box == nullptr) continue;
    ports[i] = ends[i].box->ports.size();
    ends[i].box->ports.emplace_back();
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const End& here = ends[i];
    const End& there = ends[1 - i];
    if (here.card != nullptr) {
      here.card->far_card = there.card;
      here.card->far_switch = there.box;
      here.card->far_port = ports[1 - i];
    } else {
      here.box->ports[ports[i]] = {there.card, there.box, ports[1 - i]};
    }
  }
  refresh_carriers();
  return Outcome::done();
}

Outcome SimWorld::set_link(std::string_view nic, bool on) {
  Card* const card = find(nic);
  if (card == nullptr) return no_such_nic(nic);
  card->has_link = on;
  refresh_carriers();
  return Outcome::done();
}

Outcome SimWorld::set_mute(std::string_view nic, bool on) {
  Card* const card = find(nic);
  if (card == nullptr) return no_such_nic(nic);
  card->mute = on;
  return Outcome::done();
}

Outcome SimWorld::set_silent(std::string_view nic, bool on) {
  Card* const card = find(nic);
  if (card == nullptr) return no_such_nic(nic);
  card->silent = on;
  return Outcome::done();
}

Outcome SimWorld::set_speed(std::string_view nic, std::uint32_t mbps, Duplex duplex) {
  Card* const card = find_present(nic);
  if (card == nullptr) return no_such_nic(nic);
  const bool changed = card->speed_mbps != mbps || card->duplex != duplex;
  card->speed_mbps = mbps;
  card->duplex = duplex;
  if (changed && card->carrier) tell(HardwareEvent::Kind::link_changed, card->spec.name);
  return Outcome::done();
}

Outcome SimWorld::set_mac(std::string_view nic, MacAddress mac) {
  Card* const card = find_present(nic);
  if (card == nullptr) return no_such_nic(nic);
  card->mac = mac;
  tell(HardwareEvent::Kind::link_changed, card->spec.name);
  return Outcome::done();
}

Outcome SimWorld::set_mtu(std::string_view nic, std::uint32_t mtu) {
  Card* const card = find_present(nic);
  if (card == nullptr) return no_such_nic(nic);
  card->mtu = mtu;
  tell(HardwareEvent::Kind::link_changed, card->spec.name);
  return Outcome::done();
}

Outcome SimWorld::set_up(std::string_view nic, bool up) {
  Card* const card = find_present(nic);
  if (card == nullptr) return no_such_nic(nic);
  card->up = up;
  refresh_carriers();
  return Outcome::done();
}

Outcome SimWorld::set_promiscuous(std::string_view nic, bool on) {
  Card* const card = find_present(nic);
  if (card == nullptr) return no_such_nic(nic);
  if (card->claimed) return Outcome::failed(EBUSY, std::string(nic) + " is claimed");
  card->promiscuous = on;
  return Outcome::done();
}

Outcome SimWorld::remove_nic(std::string_view nic) {
  Card* const card = find_present(nic);
  if (card == nullptr) return no_such_nic(nic);
  card->present = false;
  card->claimed = false;
  ++card->incarnation;
  tell(HardwareEvent::Kind::nic_vanished, card->spec.name);
  refresh_carriers();
  return Outcome::done();
}

Outcome SimWorld::restore_nic(std::string_view nic) {
  Card* const card = find(nic);
  if (card == nullptr) return no_such_nic(nic);
  if (card->present) return Outcome::failed(EEXIST, std::string(nic) + " is in its place");
  card->present = true;
  card->power_on();
  tell(HardwareEvent::Kind::nic_appeared, card->spec.name);
  refresh_carriers();
  return Outcome::done();
}

Outcome SimWorld::abandon(std::string_view name) {
  if (SimHostPort* const port = host_port(name)) {
    left_host_ports_[std::string(name)] = std::make_unique<SimHostPort>(*port);
    return Outcome::done();
  }
  Card* const card = find_present(name);
  if (card == nullptr || !card->claimed) return Outcome::failed(ENODEV, "nobody holds " + std::string(name));
  ++card->incarnation;
  card->claimed = false;
  card->left = card->found;
  return Outcome::done();
}

Outcome SimWorld::refuse_transmits(std::string_view nic, std::size_t count, int error) {
  Card* const card = find(nic);
  if (card == nullptr) return no_such_nic(nic);
  card->refusals_left = count;
  card->refusal_error = error;
  return Outcome::done();
}

bool SimWorld::deliver(std::string_view nic, wire::Bytes frame, const OffloadHeader& offload) {
  Card* const card = find_present(nic);
  return card != nullptr && arrive(*card, frame, offload);
}

int SimWorld::send(std::string_view nic, wire::Bytes frame, const OffloadHeader& offload) {
  Card* const card = find_present(nic);
  if (card == nullptr) return ENODEV;
  if (card->claimed) return EBUSY;
  return transmit(*card, frame, offload);
}

Frames SimWorld::take_received(std::string_view nic) {
  Card* const card = find_present(nic);
  if (card == nullptr || card->claimed) return {};
  Frames frames = card->received.frames();
  card->received.clear();
  return frames;
}

Frames SimWorld::sent(std::string_view nic) const {
  const Card* const card = find(nic);
  return card == nullptr ? Frames{} : card->sent.frames();
}

void SimWorld::clear_sent(std::string_view nic) {
  if (Card* const card = find(nic)) card->sent.clear();
}

std::optional<NicState> SimWorld::nic(std::string_view name) const {
  const Card* const card = find(name);
  if (card == nullptr) return std::nullopt;
  return NicState{card->present,     card->claimed, card->up,  card->has_link, card->carrier,
                  card->promiscuous, card->mac,     card->mtu, card->counters};
}

SimHostPort* SimWorld::host_port(std::string_view name) const noexcept {
  const auto place = host_ports_.find(name);
  return place == host_ports_.end() ? nullptr : place->second;
}

Card* SimWorld::find(std::string_view name) const noexcept {
  const auto place = cards_.find(name);
  return place == cards_.end() ? nullptr : place->second.get();
}

Card* SimWorld::find_present(std::string_view name) const noexcept {
  Card* const card = find(name);
  return card != nullptr && card->present ? card : nullptr;
}

bool SimWorld::name_taken(std::string_view name) const noexcept {
  return find(name) != nullptr || switches_.find(name) != switches_.end() ||
         host_ports_.find(name) != host_ports_.end();
}

int SimWorld::transmit(Card& card, wire::Bytes frame, const OffloadHeader& offload) {
  if (!card.present) return ENODEV;
  if (card.refusals_left != 0) {
    --card.refusals_left;
    return card.refusal_error;
  }
  if (frame.size() < wire::ethernet_header_size) return EINVAL;
  if (is_oversized(frame, card.mtu, offload)) return EMSGSIZE;
  if (!card.carrier) return ENETDOWN;
  ++card.counters.sent;
  if (tap_) tap_(card.spec.name, true, now(), frame);
  if (card.silent || card.mute) return 0;
  if (card.far_card != nullptr) {
    arrive(*card.far_card, frame, offload);
  } else if (card.far_switch != nullptr) {
    switch_frame(*card.far_switch, card.far_port, frame, offload, 0);
  } else {
    card.sent.push_over_oldest(frame);
  }
  return 0;
}

bool SimWorld::arrive(Card& card, wire::Bytes frame, const OffloadHeader& offload) {
  if (!card.carrier || card.silent || frame.size() < wire::ethernet_header_size ||
      frame.size() > Packet::frame_size_max)
    return false;
  if (tap_) tap_(card.spec.name, false, now(), frame);
  const MacAddress destination = MacAddress::load(frame.data());
  if (!card.promiscuous && !destination.is_multicast() && destination != card.mac) {
    ++card.counters.filtered;
    return false;
  }
  if (!card.received.push(frame, offload)) {
    ++card.counters.lost;
    return false;
  }
  ++card.counters.received;
  ++frames_arrived_;
  return true;
}

void SimWorld::switch_frame(SwitchBox& box, std::size_t port, wire::Bytes frame, const OffloadHeader& offload,
                            std::size_t hops) {
  if (hops == hops_max) return;
  const LearningSwitch::Verdict verdict = box.logic.handle(port, frame);
  if (verdict.kind == LearningSwitch::Verdict::Kind::to_port) {
    leave_switch(box.ports[verdict.port], frame, offload, hops);
  } else if (verdict.kind == LearningSwitch::Verdict::Kind::flood) {
    for (std::size_t other = 0; other < box.ports.size(); ++other)
      if (other != port) leave_switch(box.ports[other], frame, offload, hops);
  }
}

void SimWorld::leave_switch(const SwitchBox::Port& port, wire::Bytes frame, const OffloadHeader& offload,
                            std::size_t hops) {
  if (port.card != nullptr) arrive(*port.card, frame, offload);
  if (port.other != nullptr) switch_frame(*port.other, port.other_port, frame, offload, hops + 1);
}

void SimWorld::refresh_carriers() {
  for (const auto& [name, card] : cards_) {
    const bool carrier = card->lights() && (card->far_card == nullptr || card->far_card->lights());
    if (carrier == card->carrier) continue;
    card->carrier = carrier;
    if (!carrier && card->far_switch != nullptr) card->far_switch->logic.forget(card->far_port);
    if (card->present) tell(HardwareEvent::Kind::link_changed, name);
  }
}

void SimWorld::tell(HardwareEvent::Kind kind, const std::string& name) {
  if (!events_enabled && kind != HardwareEvent::Kind::host_changed) return;
  for (EventQueue* const listener : listeners_) listener->push(kind, name);
}

}  // namespace bondbox::sim

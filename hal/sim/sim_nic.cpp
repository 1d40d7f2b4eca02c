#include "hal/sim/sim_nic.hpp"

#include <cerrno>
#include <utility>

namespace bondbox::sim {

namespace {

constexpr std::uint32_t mtu_min = 68;

}  // namespace

SimNic::SimNic(SimWorld& world, Card& card)
    : world_(world),
      card_(card),
      incarnation_(card.incarnation),
      lost_before_(card.counters.lost),
      found_(card.left.value_or(Card::Found{card.mac, card.mtu, card.up, card.promiscuous})),
      mac_(card.mac),
      mtu_(card.mtu),
      last_{true, false, card.speed_mbps, card.duplex} {
  card_.claimed = true;
  card_.found = found_;
  if (std::exchange(card_.left, std::nullopt)) return;
  card_.up = true;
  card_.promiscuous = false;
  card_.received.clear();
  world_.refresh_carriers();
}

SimNic::~SimNic() {
  if (!alive()) return;
  card_.mac = found_.mac;
  card_.mtu = found_.mtu;
  card_.up = found_.up;
  card_.promiscuous = found_.promiscuous;
  card_.claimed = false;
  card_.received.clear();
  world_.refresh_carriers();
}

Outcome SimNic::set_mac(MacAddress mac) {
  if (!alive()) return gone();
  if (!mac.is_station()) return Outcome::failed(EADDRNOTAVAIL, mac.text() + " is not a station's address");
  if (!card_.spec.can_set_mac) return Outcome::failed(EOPNOTSUPP, card_.spec.name + " cannot change its address");
  card_.mac = mac;
  mac_ = mac;
  return Outcome::done();
}

Outcome SimNic::set_mtu(std::uint32_t mtu) {
  if (!alive()) return gone();
  if (mtu < mtu_min || mtu > card_.spec.mtu_max)
    return Outcome::failed(EINVAL, "an MTU is from 68 to " + std::to_string(card_.spec.mtu_max));
  card_.mtu = mtu;
  mtu_ = mtu;
  return Outcome::done();
}

Outcome SimNic::set_promiscuous(bool on) {
  if (!alive()) return gone();
  card_.promiscuous = on;
  return Outcome::done();
}

Outcome SimNic::set_away(Away how) {
  if (!alive()) return gone();
  if (how == Away::down || away_ == Away::down) {
    card_.up = how != Away::down;
    world_.refresh_carriers();
  }
  away_ = how;
  return Outcome::done();
}

LinkSample SimNic::link() {
  if (!alive()) {
    last_.present = false;
    last_.up = false;
    return last_;
  }
  last_.up = card_.carrier && away_ != Away::pretend;
  if (last_.up) {
    last_.speed_mbps = card_.speed_mbps;
    last_.duplex = card_.duplex;
  }
  return last_;
}

std::size_t SimNic::receive(PacketBatch& batch) {
  const std::size_t before = batch.size();
  if (!holds_frames()) return 0;
  if (away_ == Away::pretend) {
    card_.counters.lost += card_.received.size();
    card_.received.clear();
  }
  while (batch.has_room() && !card_.received.empty()) {
    card_.received.pop(batch.prepare());
    batch.commit();
  }
  return batch.size() - before;
}

TransmitResult SimNic::transmit(std::span<const Packet* const> packets) {
  TransmitResult result;
  if (away_ == Away::pretend) return {0, packets.empty() ? 0 : ENETDOWN};
  for (const Packet* const packet : packets) {
    result.error = alive() ? world_.transmit(card_, packet->frame(), packet->offload()) : ENODEV;
    if (result.error != 0) break;
    ++result.accepted;
  }
  return result;
}

const NicCounters& SimNic::counters() const noexcept {
  if (alive()) counters_.receive_lost = card_.counters.lost - lost_before_;
  return counters_;
}

Outcome SimNic::gone() const {
  return Outcome::failed(ENODEV, card_.spec.name + " has gone");
}

}  // namespace bondbox::sim

#include "firmware/forwarder.hpp"

#include <cerrno>

#include "hal/wire/ethernet.hpp"
#include "policies/transmit_hash.hpp"

namespace bondbox {
namespace {

constexpr std::size_t ethernet_header = 14;
constexpr std::uint16_t type_ipv4 = 0x0800;
constexpr std::uint16_t type_arp = 0x0806;
constexpr std::uint16_t type_ipv6 = 0x86dd;
constexpr std::uint16_t type_slow_protocols = 0x8809;
constexpr std::uint8_t protocol_igmp = 2;
constexpr std::uint8_t protocol_icmpv6 = 58;
constexpr std::uint8_t nd_solicitation = 135;
constexpr std::uint8_t nd_advertisement = 136;

bool is_igmp(wire::Bytes frame) noexcept {
  const auto view = wire::EthernetView::parse(frame);
  return view && view->ethertype() == type_ipv4 && view->payload().size() >= 20 && view->payload()[9] == protocol_igmp;
}

bool is_neighbour_discovery(wire::Bytes ipv6) noexcept {
  constexpr std::size_t header = 40;
  return ipv6.size() > header && ipv6[6] == protocol_icmpv6 &&
         (ipv6[header] == nd_solicitation || ipv6[header] == nd_advertisement);
}

/// The NIC has no link or is gone: the frame may leave elsewhere. Anything else is the NIC's "full" or "not this
/// frame".
bool means_no_link(int error) noexcept {
  return error == ENETDOWN || error == ENXIO || error == ENODEV;
}

}  // namespace

Deliver destination_class(wire::Bytes frame) noexcept {
  if ((frame[0] & 1) == 0) return deliver_unicast;
  const MacAddress destination = MacAddress::load(frame.data());
  if (destination.is_broadcast()) return deliver_broadcast;
  return destination.is_link_local() ? deliver_link_local : deliver_multicast;
}

void Forwarder::host_to_ports(PacketBatch& batch, const ForwardingPlan& plan, const NicTable& nics,
                              MacAddress bond_mac) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const wire::Bytes frame = std::as_const(batch[i]).frame();
    if (frame.size() < ethernet_header) {
      ++bond_.tx_runt;
    } else if (plan.punt != punt_nothing && punts(frame, plan.punt, true)) {
      punt({}, true, frame);
    } else {
      assign(batch[i], plan, bond_mac);
    }
  }
  flush(plan, nics);
}

void Forwarder::assign(Packet& packet, const ForwardingPlan& plan, MacAddress bond_mac) {
  const TransmitRule& rule = plan.transmit;
  const wire::Bytes frame = std::as_const(packet).frame();
  if (rule.spread == Spread::nothing || rule.usable.empty()) {
    ++bond_.tx_no_port;
    return;
  }
  if (rule.spread == Spread::copy_to_all) {
    for (const PortId port : rule.usable) queue(port, packet);
    return;
  }
  PortId port = rule.usable[0];
  if (rule.igmp_port && is_igmp(frame)) {
    port = *rule.igmp_port;
  } else if (rule.spread == Spread::round_robin) {
    port = rule.usable[round_robin_index(rule)];
  } else if (rule.spread == Spread::hash) {
    port = rule.usable[transmit_hash(rule.hash_policy, frame) % rule.usable.size()];
  } else if (rule.spread == Spread::buckets) {
    if (const auto bucket = transmit_bucket(rule.bucket_key, rule.hash_policy, frame)) port = rule.bucket_port[*bucket];
  }
  const auto& source = plan.ports[port.index].source_mac;
  if (source && MacAddress::load(frame.data() + 6) == bond_mac) source->store(packet.frame().data() + 6);
  queue(port, packet);
}

std::size_t Forwarder::round_robin_index(const TransmitRule& rule) {
  if (rule.packets_per_port == 0) {
    random_state_ = random_state_ * 1664525U + 1013904223U;
    return (random_state_ >> 16) % rule.usable.size();
  }
  ++round_robin_counter_;
  return (round_robin_counter_ / rule.packets_per_port) % rule.usable.size();
}

void Forwarder::flush(const ForwardingPlan& plan, const NicTable& nics) {
  for (std::uint8_t index = 0; index < max_ports; ++index) {
    if (lists_[index].empty()) continue;
    transmit(PortId{index}, lists_[index], plan, nics);
    lists_[index].clear();
  }
}

void Forwarder::count_sent(PortId port, std::span<const Packet* const> frames) {
  PortCounters& counters = ports_[port.index];
  counters.tx_frames += frames.size();
  for (const Packet* packet : frames) counters.tx_bytes += packet->frame().size();
}

void Forwarder::transmit(PortId port, std::span<const Packet* const> frames, const ForwardingPlan& plan,
                         const NicTable& nics) {
  Nic* const nic = nics[port.index];
  while (!frames.empty()) {
    const TransmitResult result = nic != nullptr ? nic->transmit(frames) : TransmitResult{0, ENODEV};
    count_sent(port, frames.first(result.accepted));
    frames = frames.subspan(result.accepted);
    if (frames.empty()) return;
    // A full queue and a lost link can look the same from here; the PHY tells them apart.
    const bool no_link = means_no_link(result.error) || (result.error == ENOBUFS && !nic->link().up);
    if (no_link) {
      link_doubt_ = true;
      const std::size_t moved = transmit_elsewhere(port, frames, plan, nics);
      ports_[port.index].tx_moved += moved;
      ports_[port.index].tx_refused += frames.size() - moved;
      return;
    }
    if (result.error == EAGAIN) {
      ports_[port.index].tx_refused += frames.size();
      return;
    }
    ++ports_[port.index].tx_refused;
    frames = frames.subspan(1);
  }
}

std::size_t Forwarder::transmit_elsewhere(PortId refused_by, std::span<const Packet* const> frames,
                                          const ForwardingPlan& plan, const NicTable& nics) {
  if (plan.transmit.spread == Spread::copy_to_all) return 0;  // the other ports have their own copy
  std::size_t moved = 0;
  const auto try_port = [&](PortId port) {
    Nic* const nic = nics[port.index];
    if (port == refused_by || nic == nullptr || frames.empty()) return;
    const TransmitResult result = nic->transmit(frames);
    count_sent(port, frames.first(result.accepted));
    frames = frames.subspan(result.accepted);
    moved += result.accepted;
  };
  for (const PortId port : plan.transmit.usable) try_port(port);
  for (const PortId port : plan.transmit.fallback) try_port(port);
  return moved;
}

void Forwarder::send(const Packet& packet, const ForwardingPlan& plan, const NicTable& nics) {
  const TransmitRule& rule = plan.transmit;
  if (rule.spread == Spread::nothing || rule.usable.empty()) {
    ++bond_.tx_no_port;
    return;
  }
  if (rule.spread == Spread::copy_to_all) {
    for (const PortId port : rule.usable) queue(port, packet);
  } else {
    queue(rule.usable[0], packet);
  }
  flush(plan, nics);
}

void Forwarder::send_on(PortId port, const Packet& packet, const NicTable& nics) {
  const Packet* const frames[] = {&packet};
  transmit(port, frames, ForwardingPlan{}, nics);
}

void Forwarder::port_to_host(PacketBatch& batch, PortId from, const ForwardingPlan& plan, HostPort& host,
                             MacAddress bond_mac) {
  PortCounters& counters = ports_[from.index];
  const PortRule& rule = plan.ports[from.index];
  FrameList admitted;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const wire::Bytes frame = std::as_const(batch[i]).frame();
    ++counters.rx_frames;
    counters.rx_bytes += frame.size();
    if (frame.size() < ethernet_header) {
      ++counters.rx_runt;
      continue;
    }
    if (plan.punt != punt_nothing && punts(frame, plan.punt, false)) {
      punt(from, false, frame);
      if ((plan.punt & punt_slow_protocols) != 0 && wire::load_be16(frame.data() + 12) == type_slow_protocols) {
        ++counters.rx_punted;
        continue;
      }
    }
    if ((rule.deliver & destination_class(frame)) == 0) {
      ++counters.rx_suppressed;
      continue;
    }
    if (rule.own_mac && MacAddress::load(frame.data()) == *rule.own_mac) bond_mac.store(batch[i].frame().data());
    admitted.push_back(&batch[i]);
  }
  std::span<const Packet* const> frames = admitted;
  while (!frames.empty()) {
    const TransmitResult result = host.transmit(frames);
    frames = frames.subspan(result.accepted);
    if (frames.empty()) return;
    ++counters.rx_host_refused;
    frames = frames.subspan(1);
  }
}

bool Forwarder::punts(wire::Bytes frame, Punt wanted, bool from_host) const {
  const auto view = wire::EthernetView::parse(frame);
  if (!view) return false;
  switch (view->ethertype()) {
    case type_slow_protocols:
      return !from_host && (wanted & punt_slow_protocols) != 0;
    case type_arp:
      return (wanted & (from_host ? punt_arp_sent : punt_arp_received)) != 0;
    case type_ipv6:
      return !from_host && (wanted & punt_nd) != 0 && is_neighbour_discovery(view->payload());
    default:
      return false;
  }
}

void Forwarder::punt(PortId port, bool from_host, wire::Bytes frame) {
  PuntedFrame copy{port, from_host, {}};
  if (punted_.full() || frame.size() > copy.bytes.capacity()) {
    ++punts_lost_;
    return;
  }
  for (const std::uint8_t byte : frame) copy.bytes.push_back(byte);
  punted_.push_back(copy);
}

}  // namespace bondbox

#include "firmware/forwarder.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "hal/wire/ethernet.hpp"
#include "hal/wire/frame_class.hpp"
#include "hal/wire/slow_protocols.hpp"
#include "hal/wire/span_reader.hpp"
#include "policies/choice.hpp"
#include "policies/transmit_hash.hpp"

namespace bondbox {
namespace {

static_assert(punt_slow_protocols == wire::fast_class_slow_protocols);
static_assert(punt_arp_received == wire::fast_class_arp_received && punt_arp_sent == wire::fast_class_arp_sent);
static_assert(punt_nd_received == wire::fast_class_nd_received && punt_na_sent == wire::fast_class_na_sent);
static_assert(deliver_unicast == wire::fast_unicast && deliver_multicast == wire::fast_multicast);
static_assert(deliver_broadcast == wire::fast_broadcast && deliver_link_local == wire::fast_link_local);

constexpr std::uint32_t next_random(std::uint32_t state) noexcept {
  return state * 1664525U + 1013904223U;
}

std::uint8_t* source_of(Packet& packet) noexcept {
  return packet.frame().data() + 6;
}

/// The addresses under which the host is spoken to through one port: that port's own, and those of ports that
/// neither deliver nor are used. Another port's would be a copy that a switch flooded to this one as well.
class OwnMacs {
 public:
  void add(const MacAddress& mac) { macs_.push_back(mac); }
  bool contains(wire::Bytes frame) const noexcept {
    return !macs_.empty() && std::find(macs_.begin(), macs_.end(), MacAddress::load(frame.data())) != macs_.end();
  }

 private:
  FixedVector<MacAddress, max_ports> macs_;
};

OwnMacs own_macs_on(PortId port, const ForwardingPlan& plan) {
  OwnMacs macs;
  const PortList& usable = plan.transmit.usable;
  for (std::uint8_t index = 0; index < max_ports; ++index) {
    if (!plan.ports[index].own_mac) continue;
    const bool hears = plan.ports[index].deliver != deliver_nothing ||
                       std::find(usable.begin(), usable.end(), PortId{index}) != usable.end();
    if (index == port.index || !hears) macs.add(*plan.ports[index].own_mac);
  }
  return macs;
}

/// The NIC has no link or is gone: the frame may leave elsewhere. Anything else is the NIC's "full" or "not this
/// frame".
bool means_no_link(int error) noexcept {
  return error == ENETDOWN || error == ENXIO || error == ENODEV;
}

/// Whether the other ports have copies of their own, so that one which is refused must not move.
bool is_copied(const Packet& packet, const ForwardingPlan& plan) noexcept {
  const TransmitRule& rule = plan.transmit;
  if (rule.spread != Spread::copy_to_all && !rule.copy_neighbours) return false;
  const ChoiceReason reason = choose_port(plan, packet.frame(), 0, packet.queue()).reason;
  return reason == ChoiceReason::copies || reason == ChoiceReason::neighbour;
}

/// How many of the frames the host did not take.
std::size_t hand_over(std::span<Packet* const> frames, Channel& host) {
  std::size_t lost = 0;
  while (!frames.empty()) {
    const TransmitResult result = host.transmit(frames);
    frames = frames.subspan(result.accepted);
    if (frames.empty()) break;
    // An interface that is down or full refuses the rest as well; any other refusal is about this frame.
    const bool refuses_all = means_no_link(result.error) || result.error == EAGAIN;
    const std::size_t refused = refuses_all ? frames.size() : 1;
    lost += refused;
    frames = frames.subspan(refused);
  }
  return lost;
}

/// Whose whole LACPDU it is.
std::optional<MacAddress> speaker_of(wire::Bytes frame) noexcept {
  const auto pdu = wire::LacpduView::parse(wire::EthernetView::parse(frame)->payload());
  return pdu ? std::optional(pdu->actor().system) : std::nullopt;
}

}  // namespace

Punt punt_class(wire::Bytes frame, bool from_host) noexcept {
  if (frame.size() < wire::ethernet_header_size) return punt_nothing;
  const wire::SpanReader reader(frame);
  return from_host ? wire::fast::class_sent(reader) : wire::fast::class_received(reader);
}

Deliver destination_class(wire::Bytes frame) noexcept {
  return wire::fast::destination_class(frame.data());
}

void Forwarder::host_to_ports(PacketBatch& batch, const ForwardingPlan& plan, const NicTable& nics) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const wire::Bytes frame = std::as_const(batch[i]).frame();
    if (frame.size() < wire::ethernet_header_size) {
      ++bond_.tx_runt;
    } else if (plan.punt != punt_nothing && (punt_class(frame, true) & plan.punt) != 0 && can_punt(frame)) {
      ++bond_.tx_punted;
      punt({}, true, frame);
    } else {
      assign(batch[i], plan);
    }
  }
  flush({plan, nics, plan.transmit.spread != Spread::copy_to_all});
}

Forwarder::BucketList Forwarder::unassigned_buckets(const PacketBatch& batch, const ForwardingPlan& plan) const {
  BucketList list;
  const TransmitRule& rule = plan.transmit;
  if (rule.spread != Spread::buckets) return list;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const wire::Bytes frame = batch[i].frame();
    if (frame.size() < wire::ethernet_header_size) continue;
    const auto bucket = transmit_bucket(rule.bucket_key, rule.hash_policy, frame);
    if (!bucket || rule.bucket_port[*bucket] != no_port) continue;
    if (std::find(list.begin(), list.end(), *bucket) == list.end()) list.push_back(*bucket);
  }
  return list;
}

void Forwarder::assign(Packet& packet, const ForwardingPlan& plan) {
  const wire::Bytes frame = std::as_const(packet).frame();
  const Choice choice = choose_port(plan, frame, next_number(plan.transmit), packet.queue());
  // A frame that had no turn of its own takes none away.
  if (choice.reason == ChoiceReason::turn) ++round_robin_counter_;
  if (choice.reason == ChoiceReason::random) random_state_ = next_random(random_state_);
  if (choice.bucket) traffic_.bytes[*choice.bucket] += frame.size();
  if (choice.reason == ChoiceReason::bucketless) traffic_.other += frame.size();
  if (choice.reason == ChoiceReason::copies || choice.reason == ChoiceReason::neighbour) {
    for (const PortId port : plan.transmit.usable) queue(port, packet);
  } else if (choice.port) {
    queue(*choice.port, packet);
  } else {
    ++bond_.tx_no_port;
  }
}

std::uint32_t Forwarder::next_number(const TransmitRule& rule) const noexcept {
  return rule.packets_per_port != 0 ? round_robin_counter_ + 1 : next_random(random_state_) >> 16;
}

void Forwarder::flush(const Route& route) {
  for (std::uint8_t index = 0; index < max_ports; ++index) {
    if (lists_[index].empty()) continue;
    transmit(PortId{index}, lists_[index], route);
    lists_[index].clear();
  }
}

void Forwarder::count_sent(PortId port, Frames frames) {
  PortCounters& counters = ports_[port.index];
  counters.tx_frames += frames.size();
  for (const Packet* packet : frames) counters.tx_bytes += packet->frame().size();
}

/// Gives frames the address under which everything leaves on this port. What they came with stays in sources_, which
/// holds that of the list's frames: `frames` is the end of it.
void Forwarder::put_sources(PortId port, Frames frames, const Route& route) {
  const auto& own = route.plan.ports[port.index].source_mac;
  const std::size_t first = sources_.size() - frames.size();
  for (std::size_t i = 0; i < frames.size(); ++i) (own ? *own : sources_[first + i]).store(source_of(*frames[i]));
}

void Forwarder::transmit(PortId port, Frames frames, const Route& route) {
  sources_.clear();
  if (route.replace_sources) {
    for (Packet* packet : frames) sources_.push_back(MacAddress::load(source_of(*packet)));
    put_sources(port, frames, route);
  }
  const Frames refused = transmit_on(port, frames, route.nics);
  if (refused.empty()) return;
  link_doubt_ = true;
  FrameList movable;
  SourceList sources;
  for (std::size_t i = 0; i < refused.size(); ++i) {
    if (is_copied(*refused[i], route.plan)) continue;
    movable.push_back(refused[i]);
    if (route.replace_sources) sources.push_back(sources_[sources_.size() - refused.size() + i]);
  }
  sources_ = sources;
  const Frames lost = transmit_elsewhere(port, {movable.data(), movable.size()}, route);
  const std::size_t moved = movable.size() - lost.size();
  ports_[port.index].tx_moved += moved;
  ports_[port.index].tx_refused += refused.size() - moved;
}

/// The frames that no other port took for want of a link.
Forwarder::Frames Forwarder::transmit_elsewhere(PortId refused_by, Frames frames, const Route& route) {
  const TransmitRule& rule = route.plan.transmit;
  for (const PortList* ports : {&rule.usable, &rule.fallback}) {
    for (const PortId port : *ports) {
      if (frames.empty()) return frames;
      if (port == refused_by) continue;
      if (route.replace_sources) put_sources(port, frames, route);
      frames = transmit_on(port, frames, route.nics);
    }
  }
  return frames;
}

/// The frames from the first on that the NIC refused because it has no link; what it refused otherwise is lost and
/// counted.
Forwarder::Frames Forwarder::transmit_on(PortId port, Frames frames, const NicTable& nics) {
  Channel* const nic = nics[port.index];
  if (nic == nullptr) return frames;
  while (!frames.empty()) {
    const TransmitResult result = nic->transmit(frames);
    count_sent(port, frames.first(result.accepted));
    frames = frames.subspan(result.accepted);
    if (frames.empty()) break;
    // A full queue and a lost link can look the same from here; the PHY tells them apart.
    if (means_no_link(result.error) || (result.error == ENOBUFS && !nic->has_link())) return frames;
    const std::size_t lost = result.error == EAGAIN ? frames.size() : 1;
    ports_[port.index].tx_refused += lost;
    frames = frames.subspan(lost);
  }
  return {};
}

void Forwarder::send(Packet& packet, const ForwardingPlan& plan, const NicTable& nics) {
  const TransmitRule& rule = plan.transmit;
  if (rule.spread == Spread::nothing || rule.usable.empty()) {
    ++bond_.tx_no_port;
    return;
  }
  if (rule.spread == Spread::copy_to_all) {
    for (const PortId port : rule.usable) queue(port, packet);
  } else {
    const bool by_igmp_port = rule.igmp_port && is_igmp(std::as_const(packet).frame());
    queue(by_igmp_port ? *rule.igmp_port : rule.rest_port.value_or(rule.usable[0]), packet);
  }
  flush({plan, nics, false});
}

void Forwarder::send_on(PortId port, Packet& packet, const NicTable& nics) {
  Packet* const frames[] = {&packet};
  const Frames refused = transmit_on(port, frames, nics);
  if (refused.empty()) return;
  link_doubt_ = true;
  ports_[port.index].tx_refused += refused.size();
}

void Forwarder::forget_punted(PortId port) noexcept {
  for (std::size_t i = punted_.size(); i > 0; --i)
    if (!punted_[i - 1].from_host && punted_[i - 1].port == port) punted_.erase_at(i - 1);
}

void Forwarder::port_to_host(PacketBatch& batch, PortId from, const ForwardingPlan& plan, Channel& host,
                             MacAddress bond_mac, FrameSieve* sieve) {
  PortCounters& counters = ports_[from.index];
  const PortRule& rule = plan.ports[from.index];
  const OwnMacs own_macs = own_macs_on(from, plan);
  const MacAddress sends_as = rule.source_mac.value_or(bond_mac);
  FrameList admitted;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const wire::Bytes frame = std::as_const(batch[i]).frame();
    ++counters.rx_frames;
    counters.rx_bytes += frame.size();
    if (frame.size() < wire::ethernet_header_size) {
      ++counters.rx_runt;
      continue;
    }
    if (plan.punt != punt_nothing) {
      const auto wanted = static_cast<Punt>(punt_class(frame, false) & plan.punt);
      if (wanted == punt_slow_protocols) {
        punt_slow(from, frame);
        ++counters.rx_punted;
        continue;
      }
      if (wanted != punt_nothing) punt(from, false, frame);
    }
    if ((rule.deliver & destination_class(frame)) == 0 || (sieve != nullptr && !sieve->passes(frame))) {
      ++counters.rx_suppressed;
      continue;
    }
    if (MacAddress::load(frame.data() + 6) == sends_as) ++counters.rx_looped;
    if (own_macs.contains(frame)) bond_mac.store(batch[i].frame().data());
    admitted.push_back(&batch[i]);
  }
  counters.rx_host_refused += hand_over(admitted, host);
}

/// Whether the policy can be given the host's frame and send it again. What it cannot leaves by the plan instead:
/// better unaltered than not at all.
bool Forwarder::can_punt(wire::Bytes frame) const noexcept {
  return !punted_.full() && frame.size() <= decltype(SendFrame::bytes)::capacity();
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

/// Of what a system says by a port the newest LACPDU counts; nothing else takes its room: other slow protocols, LACPDUs
/// that are not whole, other systems' (a loop's, or an intruder's). Where there is none of these the last gives way.
void Forwarder::punt_slow(PortId port, wire::Bytes frame) {
  FixedVector<std::size_t, slow_punts_max> queued;
  for (std::size_t i = 0; i < punted_.size() && !queued.full(); ++i)
    if (!punted_[i].from_host && punted_[i].port == port) queued.push_back(i);
  if (!queued.full()) return punt(port, false, frame);
  const std::optional<MacAddress> speaker = speaker_of(frame);
  ++punts_lost_;
  if (!speaker || frame.size() > decltype(PuntedFrame::bytes)::capacity()) return;
  std::size_t gives_way = queued[slow_punts_max - 1];
  for (std::size_t i = slow_punts_max; i-- > 0;) {
    const std::optional<MacAddress> other = speaker_of(punted_[queued[i]].bytes);
    if (other && *other != *speaker) continue;
    gives_way = queued[i];
    if (other) break;
  }
  punted_.erase_at(gives_way);
  punt(port, false, frame);
}

void Forwarder::take_punted(const PuntedFrame& frame) {
  const bool slow = !frame.from_host && punt_class(frame.bytes, false) == punt_slow_protocols;
  slow ? punt_slow(frame.port, frame.bytes) : punt(frame.port, frame.from_host, frame.bytes);
}

void Forwarder::recall(const Memory& memory) noexcept {
  ports_ = memory.ports;
  bond_ = memory.bond;
  traffic_ = memory.traffic;
  round_robin_counter_ = memory.turns;
  random_state_ = memory.random_state;
  punts_lost_ = memory.punts_lost;
  link_doubt_ = memory.link_doubt;
}

void Forwarder::drop_punted(PortId id) {
  for (std::size_t i = punted_.size(); i > 0; --i) {
    const PuntedFrame& frame = punted_[i - 1];
    if (!frame.from_host && frame.port == id) punted_.erase_at(i - 1);
  }
}

}  // namespace bondbox

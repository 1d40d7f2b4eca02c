#include "tests/swarm/two_paths.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "firmware/fast_plan.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/fast_choice.hpp"
#include "hal/wire/frame_class.hpp"
#include "hal/wire/span_reader.hpp"

namespace bondbox::swarm {
namespace {

using wire::FastPlan;
using wire::FastPort;

/// Plans that the programs leave to the daemon, because of something that they do not see.
bool is_daemons(const ForwardingPlan& plan) {
  const auto has_queue = [](const PortRule& rule) { return rule.queue_id != 0; };
  return !plan.carrier || std::any_of(plan.ports.begin(), plan.ports.end(), has_queue);
}

bool is_usable(const FastPlan& plan, PortId port) {
  const std::uint8_t* const end = plan.usable + plan.usable_count;
  return std::find(plan.usable, end, port.index) != end;
}

/// What the ingress program writes into the frame's destination, or leaves there.
MacAddress destination_by(const FastPlan& plan, PortId port, wire::Bytes frame) {
  const MacAddress destination = MacAddress::load(frame.data());
  if (destination.is_multicast()) return destination;
  for (std::uint32_t i = 0; i < wire::fast_ports_max; ++i) {
    const FastPort& owner = plan.ports[i];
    const bool has_own = (owner.flags & wire::fast_has_own_mac) != 0 && MacAddress::load(owner.own_mac) == destination;
    if (has_own && (plan.ports[port.index].own_mask >> i & 1) != 0) return MacAddress::load(plan.bond_mac);
  }
  return destination;
}

}  // namespace

const FastPlan& TwoPaths::plan_of(const Bond& bond, Side& side) {
  const ForwardingPlan& plan = bond.plan();
  if (side.is_laid_out && side.fast.generation == plan.generation && side.mac == bond.mac()) return side.fast;
  side.fast = compile_plan(plan, bond.mac());
  side.mac = bond.mac();
  side.is_laid_out = true;
  if (!distort) return side.fast;
  std::reverse(side.fast.usable, side.fast.usable + side.fast.usable_count);
  for (FastPort& port : side.fast.ports) port.deliver = static_cast<std::uint8_t>(port.deliver ^ deliver_unicast);
  return side.fast;
}

void TwoPaths::from_host(const Bond& bond, std::uint32_t number, wire::Bytes frame) {
  sides_[bond.name()].sent[number].assign(frame.begin(), frame.end());
}

/// The port that gets a frame which its own refuses for want of a link.
PortId TwoPaths::stand_in(const Bond& bond, const Side& side) const {
  const FastPlan& fast = side.fast;
  std::vector<std::uint8_t> others(fast.usable, fast.usable + fast.usable_count);
  others.insert(others.end(), fast.fallback, fast.fallback + fast.fallback_count);
  for (const std::uint8_t index : others) {
    if ((side.refused_by >> (index & 31) & 1) != 0) continue;
    for (std::size_t i = 0; i < bond.port_count(); ++i) {
      const std::string card(bond.port_name(i));
      if (bond.port_id(card) == PortId{index} && has_carrier(card)) return PortId{index};
    }
  }
  return no_port;
}

void TwoPaths::check_source(const Bond& bond, const FastPort& port, const Frame& given, wire::Bytes sent) {
  const bool has_own = (port.flags & wire::fast_has_source_mac) != 0;
  const MacAddress wanted = has_own ? MacAddress::load(port.source_mac) : MacAddress::load(given.data() + 6);
  if (MacAddress::load(sent.data() + 6) != wanted)
    differ(bond.name() + " sends a frame as another station than the plan below says");
}

void TwoPaths::port_refused(const Bond& bond, const std::string& card, int error) {
  // A queue that is full costs this frame alone.
  if (error == ENOBUFS && has_carrier(card)) return;
  if (const auto id = bond.port_id(card)) sides_[bond.name()].refused_by |= 1U << id->index;
}

void TwoPaths::to_port(const Bond& bond, const std::string& card, std::uint32_t number, wire::Bytes frame) {
  Side& side = sides_[bond.name()];
  const auto id = bond.port_id(card);
  const auto given = side.sent.find(number);
  if (!id || given == side.sent.end() || is_daemons(bond.plan())) return;
  const FastPlan& fast = plan_of(bond, side);
  const wire::FastChoice choice = wire::fast::choose(wire::FastPlanRule(fast), wire::SpanReader(given->second),
                                                     [](bool) { return std::uint32_t{0}; });
  const std::string what = bond.name() + " sends frame " + std::to_string(number) + " on " + card;
  switch (choice.reason) {
    case wire::fast_nowhere:
    case wire::fast_unassigned:
      return differ(what + ", and the plan below sends it nowhere");
    case wire::fast_copies:
    case wire::fast_neighbour:
      if (!is_usable(fast, *id)) differ(what + ", which the plan below does not use");
      return;
    case wire::fast_by_turn:
    case wire::fast_by_random:
      // Whose turn it is each CPU counts for itself.
      if (!is_usable(fast, *id) && side.refused_by == 0) differ(what + ", which the plan below does not use");
      return check_source(bond, fast.ports[id->index], given->second, frame);
    default:
      break;
  }
  const bool is_moved = choice.port != id->index && (side.refused_by >> (choice.port & 31) & 1) != 0;
  const PortId wanted = is_moved ? stand_in(bond, side) : PortId{choice.port};
  if (wanted != *id) return differ(what + ", and the plan below on port " + std::to_string(wanted.index));
  check_source(bond, fast.ports[id->index], given->second, frame);
}

void TwoPaths::from_port(const Bond& bond, const std::string& card, std::uint32_t number, wire::Bytes frame) {
  const auto id = bond.port_id(card);
  if (!id || frame.size() < wire::ethernet_header_size) return;
  sides_[bond.name()].received.push_back(
      {number, *id, bond.plan().generation, false, Frame(frame.begin(), frame.end())});
}

void TwoPaths::to_host(const Bond& bond, std::uint32_t number, wire::Bytes frame) {
  Side& side = sides_[bond.name()];
  if (side.received.empty()) return;
  // Ports are read one after the other; of a broadcast each has a copy.
  const PortId port = side.received.back().port;
  const auto place = std::find_if(side.received.begin(), side.received.end(), [&](const Received& one) {
    return one.port == port && one.number == number && !one.reached_host;
  });
  if (place == side.received.end()) return;
  place->reached_host = true;
  if (is_daemons(bond.plan())) return;
  const FastPlan& fast = plan_of(bond, side);
  const std::string what = bond.name() + " gives frame " + std::to_string(number) + " to the host";
  if ((fast.ports[place->port.index].deliver & wire::fast::destination_class(place->frame.data())) == 0)
    return differ(what + ", which the plan below keeps from it");
  if (MacAddress::load(frame.data()) != destination_by(fast, place->port, place->frame))
    differ(what + " under another address than the plan below says");
}

/// A frame that came while another plan was in force, and was read for it, says nothing about this one. And for a while
/// a port that begins to deliver keeps copies and the host's own (changeover.hpp), up to the first step after 20 ms.
void TwoPaths::end_step(const Bond& bond, Tick now) {
  constexpr Ticks settles_after = ticks_from_ms(20);
  Side& side = sides_[bond.name()];
  if (side.generation != bond.plan().generation) {
    side.generation = bond.plan().generation;
    side.since = now;
    side.is_settled = false;
  }
  if (side.is_settled && !side.received.empty() && !side.host_refused && !is_daemons(bond.plan())) {
    const FastPlan& fast = plan_of(bond, side);
    for (const Received& one : side.received) {
      if (one.reached_host || one.generation != fast.generation) continue;
      if ((fast.ports[one.port.index].deliver & wire::fast::destination_class(one.frame.data())) != 0)
        differ(bond.name() + " keeps frame " + std::to_string(one.number) +
               " from the host, to which the plan below gives it");
    }
  }
  side.is_settled = now >= side.since + settles_after;
  side.sent.clear();
  side.received.clear();
  side.refused_by = 0;
  side.host_refused = false;
}

}  // namespace bondbox::swarm

#include "firmware/arp_monitor.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "hal/wire/arp.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "hal/wire/nd.hpp"
#include "policies/choice.hpp"

namespace bondbox {
namespace {

/// Bits of arp_validate's number.
constexpr unsigned validate_active = 1;
constexpr unsigned validate_backup = 2;
constexpr unsigned filter = 4;

unsigned validate_bits(const BondOptions& options) noexcept {
  return static_cast<unsigned>(options.arp_validate);
}

/// At most this many and a half intervals ago.
bool is_recent(const BondOptions& options, Tick then, Tick now, std::uint32_t intervals) noexcept {
  const std::int64_t interval = options.arp_interval_ms;
  return (now - then).count <= intervals * interval + interval / 2;
}

bool is_ours(std::span<const HostAddress> addresses, const IpAddress& address) noexcept {
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const HostAddress& own) { return own.address == address; });
}

constexpr IpAddress all_nodes{IpAddress::Family::v6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

/// Times of targets that stay follow them to their place in the new list.
template <class List, class Times>
void move_times(const List& before, const List& after, Times& times, Tick now) noexcept {
  const Times old = times;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto known = std::find(before.begin(), before.end(), after[i]);
    times[i] = known != before.end() ? old[static_cast<std::size_t>(known - before.begin())] : now;
  }
}

/// Our own questions, which switches flood to all ports.
bool is_own(const ArpMonitor::Scene& scene, const MacAddress& source) noexcept {
  return std::any_of(scene.ports.begin(), scene.ports.end(),
                     [&](const ArpMonitor::Port& port) { return port.mac == source; });
}

}  // namespace

void ArpMonitor::begin(PortId port, bool up, const BondOptions& options, Tick now) noexcept {
  // Observed kernel behaviour: a new port has last been heard an interval ago. One without link has never been.
  const Tick then = up ? now - ticks_from_ms(std::int64_t{options.arp_interval_ms} + 1) : never;
  Times& of = times(port);
  of.heard = of.sent = then;
  of.up_since = up ? now : never;
  of.heard_v4.fill(then);
  of.heard_v6.fill(then);
  if (candidate_ == port) candidate_.reset();
}

void ArpMonitor::forget(PortId port) noexcept {
  times(port) = {};
  if (asked_ == port) asked_.reset();
  if (candidate_ == port) candidate_.reset();
}

void ArpMonitor::set_targets(const BondOptions& options, Tick now) noexcept {
  for (Times& of : times_) {
    move_times(targets_v4_, options.arp_ip_targets, of.heard_v4, now);
    move_times(targets_v6_, options.ns_ip6_targets, of.heard_v6, now);
  }
  targets_v4_ = options.arp_ip_targets;
  targets_v6_ = options.ns_ip6_targets;
}

void ArpMonitor::excuse(Ticks late, Tick now) noexcept {
  const auto shift = [&](Tick& then) { then = std::min(now, then + late); };
  for (Times& of : times_) {
    for (Tick* const then : {&of.heard, &of.sent, &of.up_since}) shift(*then);
    for (Tick& then : of.heard_v4) shift(then);
    for (Tick& then : of.heard_v6) shift(then);
  }
}

bool ArpMonitor::is_active(const Scene& scene, PortId port) const noexcept {
  return scene.options.mode != Mode::active_backup || scene.active == port || candidate_ == port;
}

bool ArpMonitor::is_validated(const Scene& scene, PortId port) const noexcept {
  const unsigned bit = is_active(scene, port) ? validate_active : validate_backup;
  return (validate_bits(scene.options) & bit) != 0;
}

Tick ArpMonitor::last_heard(const Scene& scene, PortId port) const noexcept {
  const Times& of = times(port);
  const bool all = scene.options.arp_all_targets == ArpAllTargets::all && scene.options.mode == Mode::active_backup;
  if (!all || !is_validated(scene, port) || (targets_v4_.empty() && targets_v6_.empty())) return of.heard;
  Tick oldest{std::numeric_limits<std::int64_t>::max()};
  for (std::size_t i = 0; i < targets_v4_.size(); ++i) oldest = std::min(oldest, of.heard_v4[i]);
  for (std::size_t i = 0; i < targets_v6_.size(); ++i) oldest = std::min(oldest, of.heard_v6[i]);
  return oldest;
}

ArpMonitor::Heard ArpMonitor::judge(const Scene& scene, PortId id, wire::Bytes frame, Tick now) const noexcept {
  const bool validated = is_validated(scene, id);
  if (!validated && (validate_bits(scene.options) & filter) == 0) return {true};
  const auto view = wire::EthernetView::parse(frame);
  const Port* const port = scene.find(id);
  if (!view || port == nullptr) return {};
  const bool is_arp = view->ethertype() == wire::ethertype::arp;
  if (!is_arp && !is_neighbour_discovery(frame)) return {};
  if (!validated) return {true};
  // A NIC that receives everything also receives what is for somebody else.
  if (!view->destination().is_multicast() && view->destination() != port->mac) return {};
  return is_arp ? judge_arp(scene, *port, view->payload(), now) : judge_neighbour(scene, *port, view->payload(), now);
}

ArpMonitor::Heard ArpMonitor::hear(const Scene& scene, PortId id, wire::Bytes frame, Tick now) noexcept {
  const Heard heard = judge(scene, id, frame, now);
  const PortId of = heard.of.value_or(id);
  std::uint32_t& ignored = times(of).ignored;
  if (heard.any) {
    ignored = 0;
  } else if (const auto view = wire::EthernetView::parse(frame);
             view && !is_own(scene, view->source()) &&
             (view->ethertype() == wire::ethertype::arp || is_neighbour_discovery(frame))) {
    ++ignored;
  }
  return note(of, heard, now);
}

ArpMonitor::Heard ArpMonitor::note(PortId id, const Heard& heard, Tick now) noexcept {
  Heard fresh;
  fresh.of = heard.of;
  const auto set = [now](Tick& then) { return std::exchange(then, now) != now; };
  Times& of = times(id);
  if (heard.any) fresh.any = set(of.heard);
  for (std::size_t i = 0; i < TargetList::capacity(); ++i) {
    const auto bit = static_cast<std::uint16_t>(1U << i);
    if ((heard.targets_v4 & bit) != 0 && set(of.heard_v4[i]))
      fresh.targets_v4 = static_cast<std::uint16_t>(fresh.targets_v4 | bit);
    if ((heard.targets_v6 & bit) != 0 && set(of.heard_v6[i]))
      fresh.targets_v6 = static_cast<std::uint16_t>(fresh.targets_v6 | bit);
  }
  return fresh;
}

void ArpMonitor::heard_unseen(const Scene& scene, PortId id, Tick when) noexcept {
  if (is_validated(scene, id) || (validate_bits(scene.options) & filter) != 0) return;
  times(id).heard = std::max(times(id).heard, when);
}

bool ArpMonitor::has_to_see(const BondOptions& options) noexcept {
  return options.arp_interval_ms != 0 && options.arp_validate != ArpValidate::none;
}

/// While none is active an answer to the candidate's question may reach any port: switches have yet to learn where we
/// are (observed kernel behaviour).
bool ArpMonitor::may_trust_reply(const Scene& scene, Tick now) const noexcept {
  return candidate_ && is_recent(scene.options, times(*candidate_).sent, now, 1);
}

ArpMonitor::Heard ArpMonitor::answered(const IpAddress& target) const noexcept {
  const TargetList& targets = target.is_v4() ? targets_v4_ : targets_v6_;
  const auto found = std::find(targets.begin(), targets.end(), target);
  if (found == targets.end()) return {};
  const auto bit = static_cast<std::uint16_t>(1U << (found - targets.begin()));
  return target.is_v4() ? Heard{true, bit, 0} : Heard{true, 0, bit};
}

/// A target has spoken to us: it answered, or asks something itself.
ArpMonitor::Heard ArpMonitor::answered_to(const Scene& scene, const IpAddress& target, bool is_answer) const noexcept {
  Heard heard = answered(target);
  if (!scene.options.combines_monitors()) return heard;
  const auto works = [](const Port& port) { return port.link == LinkState::up; };
  if (!is_answer && std::any_of(scene.ports.begin(), scene.ports.end(), works)) return {};
  if (is_answer && asks_in_turn(scene.options)) {
    if (!asked_) return {};
    heard.of = asked_;
  }
  return heard;
}

ArpMonitor::Heard ArpMonitor::judge_arp(const Scene& scene, const Port& port, wire::Bytes payload,
                                        Tick now) const noexcept {
  const auto arp = wire::ArpView::parse(payload);
  if (!arp) return {};
  const IpAddress sender = arp->sender_ip();
  const IpAddress target = arp->target_ip();
  if (is_active(scene, port.id)) {
    if (is_ours(scene.addresses, target)) return answered_to(scene, sender, arp->is_reply());
  } else if (scene.active && last_heard(scene, *scene.active) > times(*scene.active).up_since) {
    if (scene.options.combines_monitors() && arp->is_reply()) return {};
    if (is_ours(scene.addresses, sender)) return answered(target);
  } else if (arp->is_reply() && may_trust_reply(scene, now)) {
    if (is_ours(scene.addresses, target)) return answered(sender);
  }
  return {};
}

ArpMonitor::Heard ArpMonitor::judge_neighbour(const Scene& scene, const Port& port, wire::Bytes payload,
                                              Tick now) const noexcept {
  const auto packet = wire::Ipv6View::parse(payload);
  if (!packet) return {};
  const IpAddress from = packet->source();
  const IpAddress to = packet->destination();
  const auto from_target = [&]() -> Heard {
    if (to != all_nodes && !is_ours(scene.addresses, to)) return {};
    // Who has the address asked for may advertise it from another of its addresses (RFC 4861 4.4).
    const auto advertisement = wire::NeighbourAdvertisementView::parse(*packet);
    return answered_to(scene, advertisement ? advertisement->target() : from, advertisement.has_value());
  };
  if (is_active(scene, port.id)) return from_target();
  if (scene.active && last_heard(scene, *scene.active) > times(*scene.active).up_since) {
    const auto question = wire::NeighbourSolicitationView::parse(*packet);
    return question && is_ours(scene.addresses, from) ? answered(question->target()) : Heard{};
  }
  return may_trust_reply(scene, now) ? from_target() : Heard{};
}

ArpMonitor::Verdicts ArpMonitor::inspect(const Scene& scene, Tick now) noexcept {
  Verdicts verdicts;
  if (scene.options.mode != Mode::active_backup) {
    candidate_.reset();
    inspect_balancing(scene, now, verdicts);
    return verdicts;
  }
  inspect_active_backup(scene, now, verdicts);
  for (const Verdict& verdict : verdicts) {
    const bool of_active = scene.active == verdict.port;
    if (verdict.to == LinkState::up || (verdict.to == LinkState::down && of_active)) candidate_.reset();
  }
  return verdicts;
}

void ArpMonitor::inspect_balancing(const Scene& scene, Tick now, Verdicts& verdicts) const noexcept {
  for (const Port& port : scene.ports) {
    const Times& of = times(port.id);
    const bool up = port.link == LinkState::up;
    const std::uint32_t patience = up ? scene.options.arp_missed_max : 1U;
    const bool alive =
        is_recent(scene.options, of.sent, now, patience) && is_recent(scene.options, of.heard, now, patience);
    if (alive != up) verdicts.push_back({port.id, alive ? LinkState::up : LinkState::down});
  }
}

void ArpMonitor::inspect_active_backup(const Scene& scene, Tick now, Verdicts& verdicts) const noexcept {
  const BondOptions& options = scene.options;
  const std::uint32_t missed = options.arp_missed_max;
  // What the others hear are the active port's questions. The kernel gives that one up at once; with downdelay it may
  // stay for a while when they no longer come through.
  const Port* const active = scene.active ? scene.find(*scene.active) : nullptr;
  const bool asks_in_vain = options.combines_monitors() && active != nullptr && active->link != LinkState::up;
  for (const Port& port : scene.ports) {
    const Times& of = times(port.id);
    const Tick heard = last_heard(scene, port.id);
    if (port.link != LinkState::up) {
      if (is_recent(options, heard, now, 1)) {
        verdicts.push_back({port.id, LinkState::up});
      } else if (port.link == LinkState::back) {
        verdicts.push_back({port.id, LinkState::fail});
      } else if (port.link == LinkState::fail && scene.active == port.id) {
        // Its downdelay was running when the monitor was switched on; nobody else would end it.
        verdicts.push_back({port.id, LinkState::down});
      }
      continue;
    }
    if (is_recent(options, of.up_since, now, 2)) continue;
    // While a candidate is looked for, every port keeps its chance to be it.
    const bool dead = scene.active == port.id
                          ? !is_recent(options, of.sent, now, missed) || !is_recent(options, heard, now, missed)
                          : !candidate_ && !asks_in_vain && !is_recent(options, heard, now, missed + 1);
    if (dead) verdicts.push_back({port.id, LinkState::down});
  }
}

ArpMonitor::Probing ArpMonitor::probe(const Scene& scene, Tick now) noexcept {
  Probing probing;
  if (asks_in_turn(scene.options)) {
    probe_next(scene, probing);
  } else if (scene.options.mode != Mode::active_backup) {
    for (const Port& port : scene.ports)
      if (port.carrier) probing.ports.push_back(port.id);
  } else if (scene.active) {
    candidate_.reset();
    const Port* const active = scene.find(*scene.active);
    if (active != nullptr && active->carrier) probing.ports.push_back(active->id);
  } else {
    probe_candidate(scene, now, probing);
  }
  return probing;
}

/// The next port with carrier after the one that was asked last.
void ArpMonitor::probe_next(const Scene& scene, Probing& probing) noexcept {
  std::optional<PortId> first;
  std::optional<PortId> next;
  bool passed = false;
  for (const Port& port : scene.ports) {
    if (port.carrier && !first) first = port.id;
    if (port.carrier && passed && !next) next = port.id;
    passed = passed || port.id == asked_;
  }
  asked_ = next ? next : first;
  if (asked_) probing.ports.push_back(*asked_);
}

/// The next port with carrier after the candidate so far, the first one after the last.
void ArpMonitor::probe_candidate(const Scene& scene, Tick now, Probing& probing) noexcept {
  std::optional<PortId> first;
  std::optional<PortId> next;
  const PortId last = candidate_ && scene.find(*candidate_) != nullptr ? *candidate_
                      : scene.ports.empty()                            ? no_port
                                                                       : scene.ports[0].id;
  bool passed = false;
  for (const Port& port : scene.ports) {
    if (port.carrier && !first) first = port.id;
    if (port.carrier && passed && !next) next = port.id;
    // Several may have lost their links at once: who is still called up is not.
    if (!port.carrier && port.link == LinkState::up) probing.verdicts.push_back({port.id, LinkState::down});
    passed = passed || port.id == last;
  }
  candidate_ = next ? next : first;
  if (!candidate_) return;
  probing.verdicts.push_back({*candidate_, LinkState::back});
  probing.ports.push_back(*candidate_);
  times(*candidate_).up_since = now;
}

}  // namespace bondbox

// What decides whether a port counts as up beyond one monitor's word: several monitors together (option `monitor`), and
// the damping of ports that flap.
#include <algorithm>
#include <utility>

#include "firmware/bond.hpp"
#include "firmware/text.hpp"
#include "firmware/trace/tape.hpp"

namespace bondbox {

/// Every monitor begins with what the link says, as with a new port.
void Bond::begin_voices() {
  next_probe_ = now_;
  for (const PortId id : order_) {
    Port& port = slot(id);
    port.held = port.held_told = false;
    port.voices.start(port.sample.up, now_);
    arp_.begin(id, port.sample.up, options_, now_);
  }
}

/// Asks each monitor, and says for each port what they say together. In mode 4 LACP needs no more than a carrier, or it
/// could never come to a verdict of its own: there they say which ports are used.
void Bond::hear_voices(Readings& works) {
  PortList lost;
  for (const PortId id : order_) {
    Port& port = slot(id);
    if (port.voices.says_up(MonitorKind::link) && !port.sample.up) lost.push_back(id);
    port.voices.say(MonitorKind::link, port.sample.up, now_);
  }
  // What was heard before the carrier went is no proof that the port works without.
  for (const PortId id : lost) {
    arp_.begin(id, false, options_, now_);
    slot(id).voices.set_probe_state(LinkState::down, now_);
  }
  if (asks_beside_polls()) hear_probes();
  const bool has_lacp = options_.mode == Mode::lacp_8023ad;
  if (has_lacp) hear_lacp({lost.data(), lost.size()});
  for (const PortId id : order_) {
    Port& port = slot(id);
    const bool together = port.voices.together(options_);
    works[id.index] = together || (has_lacp && port.sample.up);
    hold(port, has_lacp && !together);
  }
}

void Bond::hear_probes() {
  hear_below(now_ - Ticks{1});
  const ArpMonitor::Scene scene = arp_scene();
  for (const ArpMonitor::Verdict& verdict : arp_.inspect(scene, now_)) {
    Port& port = slot(verdict.port);
    const bool before = port.voices.says_up(MonitorKind::probes);
    port.voices.set_probe_state(verdict.to, now_);
    if (port.voices.says_up(MonitorKind::probes) == before) continue;
    ++status_version_;
    record(EventKind::link, port.name.view(), -1, before ? "probes are not answered" : "probes are answered");
    if (before && !port.voices.together(options_)) port.monitor.was_silent_since(arp_.last_heard(scene, verdict.port));
  }
}

void Bond::hear_lacp(std::span<const PortId> lost) {
  const std::optional<LacpStatus> lacp = lacp_status(policy_, facts());
  for (const PortId id : order_) {
    const LacpPortStatus* const one = lacp ? lacp->find(id) : nullptr;
    PortVoices& voices = slot(id).voices;
    if (one != nullptr && std::find(lost.begin(), lost.end(), id) != lost.end())
      voices.forget_lacpdus(one->counters.lacpdu_received);
    voices.say(MonitorKind::lacp,
               one != nullptr && one->has_partner && one->counters.lacpdu_received > voices.lacpdus_before(), now_);
  }
}

/// Told only of a port that carried: others wait for LACP anyway.
void Bond::hold(Port& port, bool held) {
  if (port.held == held) return;
  port.held = held;
  plan_due_ = true;
  ++status_version_;
  const PortList& usable = plan_.transmit.usable;
  const bool carried = std::any_of(usable.begin(), usable.end(), [&](PortId id) { return &slot(id) == &port; });
  if (held && carried) record(EventKind::link, port.name.view(), -1, "kept out of use by its monitors");
  if (!held && port.held_told) record(EventKind::link, port.name.view(), -1, "may be used again");
  port.held_told = held && (carried || port.held_told);
}

void Bond::ask_targets() {
  tape_.touch();
  const ArpMonitor::Scene scene = arp_scene();
  const ArpMonitor::Probing probing = arp_.probe(scene, now_);
  for (const ArpMonitor::Verdict& verdict : probing.verdicts)
    slot(verdict.port).voices.set_probe_state(verdict.to, now_);
  probe_ports_ = probing.ports;
  std::int64_t interval = options_.arp_interval_ms;
  if (ArpMonitor::asks_in_turn(options_)) {
    const auto asked =
        std::count_if(scene.ports.begin(), scene.ports.end(), [](const auto& port) { return port.carrier; });
    interval = std::max<std::int64_t>(1, interval / std::max<std::int64_t>(1, asked));
  }
  next_probe_ = next_probe_ + Ticks{interval};
  if (next_probe_ <= now_) next_probe_ = now_ + Ticks{interval};
}

/// Whether a port that works is in use, or about to be, so that damped ones need not be.
bool Bond::is_ready(PortId id) const {
  const PortList& usable = plan_.transmit.usable;
  if (options_.mode == Mode::lacp_8023ad) return std::find(usable.begin(), usable.end(), id) != usable.end();
  const LinkState state = slot(id).monitor.state();
  // Where nothing else carries a port is spared its updelay, but not in mode 0.
  return state == LinkState::up || state == LinkState::fail || options_.updelay_ms == 0 ||
         options_.mode != Mode::balance_rr;
}

/// Damped ports do not work; the one with the least penalty does where no other would.
void Bond::damp(Readings& works) {
  bool any_ready = false;
  bool any_damped = false;
  std::optional<PortId> least;
  for (const PortId id : order_) {
    Port& port = slot(id);
    port.damper.note(works[id.index], options_, now_);
    if (port.damper.release(options_, now_)) {
      record(EventKind::link, port.name.view(), -1, "has been quiet, may be used again");
      ++status_version_;
    }
    if (!works[id.index]) continue;
    if (!port.damper.is_damped()) {
      any_ready = any_ready || is_ready(id);
      continue;
    }
    any_damped = true;
    const auto penalty = [&](PortId one) { return slot(one).damper.penalty(options_, now_); };
    if (!least || penalty(id) < penalty(*least)) least = id;
  }
  if (!any_damped) return;
  if (!any_ready) {
    slot(*least).damper.lift(now_);
    record(EventKind::link, slot(*least).name.view(), -1, "used although it flaps: no other port works");
    ++status_version_;
  }
  for (const PortId id : order_) works[id.index] = works[id.index] && !slot(id).damper.is_damped();
}

/// The same where the ARP monitor alone decides.
bool Bond::keeps_out(Port& port, bool another_is_up) {
  if (port.damper.release(options_, now_)) {
    record(EventKind::link, port.name.view(), -1, "has been quiet, may be used again");
    ++status_version_;
  }
  if (!port.damper.is_damped()) return false;
  if (another_is_up) return true;
  port.damper.lift(now_);
  record(EventKind::link, port.name.view(), -1, "used although it flaps: no other port works");
  return false;
}

void Bond::note_loss(Port& port) {
  if (!port.damper.lost(options_, now_)) return;
  record(EventKind::link, port.name.view(), -1, "flaps: kept out of use for about %s (penalty %u)",
         duration_text((port.damper.until() - now_).count).c_str(), port.damper.penalty(options_, now_));
  ++status_version_;
}

void Bond::add_monitors(PortStatus& status, const Port& port, Tick now) const {
  status.has_carrier = port.sample.up;
  status.held = port.held;
  if (status.link == LinkState::up && !status.active)
    status.revert_left = std::max(Ticks{}, ticks_from_ms(options_.revert_delay_ms) - status.in_state_for);
  status.damping = {port.damper.penalty(options_, now), port.damper.is_damped(), {}};
  if (status.damping.damped) status.damping.left = std::max(Ticks{}, port.damper.until() - now);
  if (!options_.combines_monitors()) return;
  const MonitorSet set = monitors_of(options_);
  for (std::size_t i = 0; i < monitor_kinds; ++i) {
    const auto kind = static_cast<MonitorKind>(i);
    if ((set & bit_of(kind)) == 0) continue;
    const bool up = port.voices.says_up(kind);
    MonitorVerdict verdict{monitor_kind_name(kind), up, now - port.voices.since(kind), {}};
    if (kind == MonitorKind::link) {
      verdict.reason = up ? "has link" : "no link";
    } else if (kind == MonitorKind::lacp) {
      verdict.reason = up ? "its partner speaks LACP" : "no partner speaks LACP on it";
    } else {
      const Tick heard = arp_.last_heard(arp_scene(), status.id);
      const bool ever = now - heard < ticks_from_ms(1'000'000'000'000);
      verdict.reason =
          !ever ? std::string("no answer yet") : "last answer " + duration_text((now - heard).count) + " ago";
    }
    status.monitors.push_back(std::move(verdict));
  }
}

}  // namespace bondbox

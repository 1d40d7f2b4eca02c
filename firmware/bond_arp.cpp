// A bond that watches its ports by asking targets: the ARP monitor's passes, what it hears and what it sends.
#include <bit>
#include <utility>

#include "firmware/bond.hpp"
#include "firmware/trace/tape.hpp"
#include "hal/wire/arp.hpp"
#include "hal/wire/nd.hpp"

namespace bondbox {

ArpMonitor::Scene Bond::arp_scene() const {
  const auto active = std::visit([](const auto& policy) { return policy.active(); }, policy_);
  ArpMonitor::Scene scene{options_, active, host_->addresses(), {}};
  const bool combined = options_.combines_monitors();
  // A port that may be up without carrier is asked over without it, too.
  const bool asks_all = combined && voices_needed(options_) < std::size_t(std::popcount(monitors_of(options_)));
  for (const PortId id : order_) {
    const Port& port = slot(id);
    const LinkState link = combined ? port.voices.probe_state() : port.monitor.state();
    scene.ports.push_back({id, link, port.sample.up || asks_all, port.mac});
  }
  return scene;
}

/// The monitor was switched on, or bond0 was set up. The kernel driver takes the time before as silence and all ports
/// down; here every port has the time that a new one has.
void Bond::begin_arp_monitor() {
  poll_started_ = false;
  frames_read_ = false;
  unreachable_targets_ = 0;
  probe_ports_.clear();
  half_time_.reset();
  if (offload_.is_open())
    for (const PortId id : order_) heard_frames_[id.index] = offload_.counters().ports[id.index].rx_frames;
  if (options_.combines_monitors()) return begin_voices();
  for (const PortId id : order_) {
    slot(id).held = slot(id).held_told = false;
    arp_.begin(id, slot(id).monitor.state() == LinkState::up, options_, now_);
  }
}

void Bond::arp_pass() {
  hear_below(now_ - Ticks{1});
  move_links(arp_.inspect(arp_scene(), now_), true);
  apply(MonitorPass{true});
  const ArpMonitor::Probing probing = arp_.probe(arp_scene(), now_);
  move_links(probing.verdicts, false);
  probe_ports_ = probing.ports;
}

void Bond::move_links(const ArpMonitor::Verdicts& verdicts, bool before_choice) {
  const ArpMonitor::Scene scene = arp_scene();
  const bool active_backup = options_.mode == Mode::active_backup;
  bool any_up = false;
  for (const ArpMonitor::Port& port : scene.ports) any_up = any_up || port.link == LinkState::up;
  FixedVector<LinkChanged, 2 * max_ports> changes;
  for (const ArpMonitor::Verdict& verdict : verdicts) {
    Port& port = slot(verdict.port);
    if (verdict.to == LinkState::up && keeps_out(port, any_up)) continue;
    const auto change = port.monitor.set(verdict.to, arp_.last_heard(scene, verdict.port), now_);
    if (!change) continue;
    changes.push_back(LinkChanged{verdict.port, change->from, change->to});
    // The kernel driver's sentences; that a port is the candidate, or was, is none of them.
    if (change->to == LinkState::up) {
      record(EventKind::link, port.name.view(), -1,
             active_backup || !any_up ? "link status definitely up" : "interface is now up");
    } else if (change->to == LinkState::down) {
      record(EventKind::link, port.name.view(), -1,
             !active_backup  ? "interface is now down"
             : before_choice ? "link status definitely down, disabling slave"
                             : "backup interface is now down");
      note_loss(port);
    }
  }
  for (const LinkChanged& change : changes) apply(change);
  if (!changes.empty()) ++status_version_;
}

void Bond::listen(PortId id, const PacketBatch& batch) {
  const ArpMonitor::Scene scene = arp_scene();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const wire::Bytes frame = batch[i].frame();
    if (frame.size() < wire::ethernet_header_size) continue;
    const ArpMonitor::Heard heard = arp_.hear(scene, id, frame, now_);
    if (heard.any || heard.targets_v4 != 0 || heard.targets_v6 != 0)
      tape_.note(trace::Point::heard, number_, heard.of.value_or(id).index, heard.any, heard.targets_v4,
                 heard.targets_v6);
  }
}

void Bond::send_probes() {
  for (std::size_t i = 0; i < options_.arp_ip_targets.size(); ++i)
    send_probes(options_.arp_ip_targets[i], "arp_ip_target", 1U << i);
  for (std::size_t i = 0; i < options_.ns_ip6_targets.size(); ++i)
    send_probes(options_.ns_ip6_targets[i], "ns_ip6_target", 1U << (16 + i));
  probe_ports_.clear();
}

/// A target without a route is asked all the same, from no address: whatever comes back shows that the port works. One
/// that is reached elsewhere is not asked. Source and sender are the port's MAC (observed kernel behaviour).
void Bond::send_probes(const IpAddress& target, const char* option, std::uint32_t told_bit) {
  const Result<HostPath> asked = host_->path_to(target);
  HostPath path;
  path.source.family = target.family;
  if (asked.ok()) path = asked.value();
  const bool well = asked.ok() && path.through_here;
  if (!well && (unreachable_targets_ & told_bit) == 0) {
    record(EventKind::link, {}, -1,
           asked.ok() ? "%s %s is not reached through this bond: it is not asked"
                      : "no route to %s %s: asked without an address",
           option, target.text().c_str());
  }
  unreachable_targets_ = well ? unreachable_targets_ & ~told_bit : unreachable_targets_ | told_bit;
  if (asked.ok() && !path.through_here) return;
  for (const PortId id : probe_ports_) {
    const MacAddress mac = slot(id).mac;
    const wire::SmallFrame frame =
        target.is_v4()
            ? wire::build_arp({wire::ArpOperation::request, mac, path.source, {}, target}, broadcast_mac, path.vlan)
            : wire::build_neighbour_solicitation(mac, path.source, target, path.vlan);
    if (frame.empty() || !speech_.assign(frame)) continue;
    tape_.tell(trace::Point::frame, number_, std::as_const(speech_).frame());
    const std::uint64_t sent = tape_.number(trace::Point::probe_sent, 1, [this, id] {
      const std::uint64_t before = forwarder_.port(id).tx_frames;
      forwarder_.send_on(id, speech_, nics());
      return forwarder_.port(id).tx_frames - before;
    });
    if (sent != 0) arp_.sent(id, now_);
  }
}

}  // namespace bondbox

// What a policy wants done, done.
#include <utility>

#include "firmware/announcer.hpp"
#include "firmware/bond.hpp"
#include "firmware/trace/tape.hpp"
#include "hal/wire/igmp.hpp"

namespace bondbox {

void Bond::perform(const AnnouncePeers&) {
  const std::size_t count = announce_peers(*host_, [this](wire::Bytes frame) {
    if (!speech_.assign(frame)) return;
    tape_.tell(trace::Point::frame, number_, frame);
    forwarder_.send(speech_, plan_, nics());
  });
  announcements_ += count;
  if (count != 0)
    record(EventKind::announce, {}, -1, "told neighbours about %zu address%s", count, count == 1 ? "" : "es");
}

void Bond::perform(const SetPortMac& action) {
  if (!slots_[action.port.index]) return;
  Port& port = slot(action.port);
  const Outcome outcome = port.nic->set_mac(action.mac);
  port.mac = port.nic->mac();
  if (!outcome.ok()) {
    record(EventKind::fault, port.name.view(), -1, "cannot set MAC %s: %s", action.mac.text().c_str(),
           outcome.reason.c_str());
  }
}

void Bond::perform(const SetPortPromiscuous& action) {
  if (!slots_[action.port.index]) return;
  Port& port = slot(action.port);
  port.promiscuous_asked = action.on;
  set_promiscuous(port);
}

void Bond::perform(const RejoinGroups&) {
  FixedVector<HostGroup, 64> groups;
  host_->append_groups(groups);
  for (const HostGroup& group : groups) {
    if (!speech_.assign(wire::build_igmp_report(group.mac, group.source, group.group, group.version, group.vlan)))
      continue;
    tape_.tell(trace::Point::frame, number_, std::as_const(speech_).frame());
    forwarder_.send(speech_, plan_, nics());
  }
  if (!groups.empty())
    record(EventKind::announce, {}, -1, "joined %zu multicast group%s again", groups.size(),
           groups.size() == 1 ? "" : "s");
}

void Bond::perform(const Tell& action) {
  const bool known = action.port && slots_[action.port->index];
  record(EventKind::protocol, known ? slot(*action.port).name.view() : std::string_view{}, -1, "%.*s",
         static_cast<int>(action.text.size()), action.text.data());
  ++status_version_;
}

void Bond::perform(const SetBondMac& action) {
  if (const Outcome outcome = host_->set_mac(action.mac); !outcome.ok()) {
    ++host_refused_;
    record(EventKind::fault, {}, -1, "cannot set MAC %s: %s", action.mac.text().c_str(), outcome.reason.c_str());
    return;
  }
  mac_ = action.mac;
}

void Bond::perform(const SendFrame& action) {
  if (!speech_.assign(action.bytes)) return;
  forwarder_.send_on(action.port, speech_, nics());
}

void Bond::perform(const ActiveChanged& action) {
  ++status_version_;
  if (!action.to) {
    no_active_since_ = action.from && slots_[action.from->index] ? slot(*action.from).monitor.last_seen_up() : now_;
    record(EventKind::active, {}, -1, "now running without any active interface!");
    return;
  }
  std::int64_t outage_ms = -1;
  if (action.from && slots_[action.from->index] && slot(*action.from).monitor.state() != LinkState::up) {
    outage_ms = (now_ - slot(*action.from).monitor.last_seen_up()).count;
  } else if (!action.from && no_active_since_) {
    outage_ms = (now_ - *no_active_since_).count;
  }
  no_active_since_.reset();
  arp_.became_active(*action.to, now_);
  Port& port = slot(*action.to);
  if (!has_active_port(options_.mode)) {
    if (port.monitor.state() == LinkState::back) port.monitor.finish_updelay(now_);
    if (!action.from) record(EventKind::active, {}, outage_ms, "active interface up!");
    return;
  }
  if (action.from) ++failovers_;
  if (port.monitor.state() != LinkState::back) {
    record(EventKind::active, port.name.view(), outage_ms, "making interface the new active one");
    return;
  }
  // The kernel driver's sentence, and its number: how much of updelay has passed.
  const Ticks passed = ticks_from_ms(options_.updelay_ms) - port.monitor.delay_left(now_);
  port.monitor.finish_updelay(now_);
  record(EventKind::active, port.name.view(), outage_ms, "making interface the new active one %lld ms earlier",
         static_cast<long long>(passed.count));
}

void Bond::report_link(const Port& port, const LinkMonitor::Change& change, bool active) {
  const std::string_view name = port.name.view();
  const char* const role = active ? "active " : "backup ";
  const int lasted_ms = static_cast<int>(change.lasted.count);
  if (change.to == LinkState::fail) {
    record(EventKind::link, name, -1, "link status down for %sinterface, disabling it in %u ms", role,
           options_.downdelay_ms);
  } else if (change.to == LinkState::back) {
    record(EventKind::link, name, -1, "link status up, enabling it in %u ms", options_.updelay_ms);
  } else if (change.from == LinkState::fail && change.to == LinkState::up) {
    record(EventKind::link, name, -1, "link status up again after %d ms", lasted_ms);
  } else if (change.to == LinkState::down) {
    if (change.from == LinkState::back) {
      record(EventKind::link, name, -1, "link status down again after %d ms", lasted_ms);
    }
    record(EventKind::link, name, -1, "link status definitely down, disabling slave");
  } else if (port.sample.speed_mbps == 0) {
    record(EventKind::link, name, -1, "link status definitely up");
  } else {
    record(EventKind::link, name, -1, "link status definitely up, %u Mbps %s duplex", port.sample.speed_mbps,
           port.sample.duplex == Duplex::half ? "half" : "full");
  }
}

}  // namespace bondbox

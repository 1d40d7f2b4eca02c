// What a policy wants done, done.
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "firmware/announcer.hpp"
#include "firmware/bond.hpp"
#include "firmware/trace/tape.hpp"
#include "hal/wire/igmp.hpp"

namespace bondbox {
namespace {

EventCause cause(std::string_view what, const char* is_so) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*s%s", static_cast<int>(what.size()), what.data(), is_so);
  return {text.data()};
}

const char* lost_text(const BondOptions& options) {
  if (options.combines_monitors()) return " is voted down";
  return options.is_judged_by_arp() ? " hears no answer" : " has no link";
}

}  // namespace

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
  // An interface that has gone and is still to be found gone keeps no address from the others.
  port.mac = outcome.error == ENODEV ? action.mac : port.nic->mac();
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
    // Observed kernel behaviour: it says so when that takes bond0's carrier, and not of a port that is released.
    const bool was_told = !carrier_shown_ || order_.empty();
    record_for(cause_of(action), EventKind::active, {}, -1,
               was_told ? "no active interface" : "now running without any active interface!");
    return;
  }
  const EventCause why = cause_of(action);
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
    if (!action.from) record_for(why, EventKind::active, {}, outage_ms, "active interface up!");
    return;
  }
  if (action.from) ++failovers_;
  if (port.monitor.state() != LinkState::back) {
    record_for(why, EventKind::active, port.name.view(), outage_ms, "making interface the new active one");
  } else {
    // The kernel driver's sentence, and its number: how much of updelay has passed.
    const Ticks passed = ticks_from_ms(options_.updelay_ms) - port.monitor.delay_left(now_);
    port.monitor.finish_updelay(now_);
    record_for(why, EventKind::active, port.name.view(), outage_ms,
               "making interface the new active one %lld ms earlier", static_cast<long long>(passed.count));
  }
  // Observed kernel behaviour: not of a port that has only just joined.
  const bool has_joined = trigger_ != nullptr && std::holds_alternative<PortAdded>(*trigger_);
  if (!action.from && !has_joined) record(EventKind::active, {}, -1, "active interface up!");
}

/// Why another port is the active one, from what the policy was being told when it said so.
EventCause Bond::cause_of(const ActiveChanged& action) const {
  const auto is_there = [this](const std::optional<PortId>& id) { return id && slots_[id->index].has_value(); };
  if (is_there(action.from) && slot(*action.from).monitor.state() != LinkState::up)
    return cause(slot(*action.from).name.view(), lost_text(options_));
  if (action.from && !is_there(action.from)) return {"the active port has left"};
  if (trigger_ == nullptr) return {};
  if (const auto* const removed = std::get_if<PortRemoved>(trigger_);
      removed != nullptr && action.from == removed->port)
    return {"the active port has left"};
  if (const auto* const written = std::get_if<Reconfigured>(trigger_))
    return written->option.empty() ? cause(name_, is_up() ? " was set up" : " was set down")
                                   : cause(written->option, " was written");
  if (const auto* const asked = std::get_if<ActivateRequested>(trigger_))
    return {asked->port ? "active_slave was written" : "active_slave was cleared"};
  if (!is_there(action.to)) return {"no port is left that could be"};
  const Port& port = slot(*action.to);
  if (port.monitor.state() == LinkState::back) return {"no other port has link, so its updelay is over"};
  if (!is_there(action.from)) return {"it is the first that is up"};
  if (port.name == options_.primary) return {"it is the primary, and is up again"};
  if (port.options.prio > slot(*action.from).options.prio) return {"its prio is higher, and it is up again"};
  return {"it is preferred"};
}

EventCause Bond::carrier_cause() const {
  const PortList& usable = plan_.transmit.usable;
  if (plan_.carrier) return usable.empty() ? EventCause{} : cause(slot(usable[0]).name.view(), " can send");
  if (order_.empty()) return {"it has no ports"};
  return {usable.empty() ? "no port can send" : "fewer ports can be used than min_links asks for"};
}

/// When a port was last seen with link: from then on nothing may have got through.
Tick Bond::last_carried() const {
  Tick last = now_;
  bool any = false;
  for (const PortId id : order_) {
    const Tick seen = slot(id).monitor.last_seen_up();
    if (!any || seen > last) last = seen;
    any = true;
  }
  return last;
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
  } else {
    report_up(port, change);
  }
}

void Bond::report_up(const Port& port, const LinkMonitor::Change& change) {
  const std::string_view name = port.name.view();
  const bool skips_updelay = change.from == LinkState::down && options_.updelay_ms != 0;
  if (skips_updelay) record(EventKind::link, name, -1, "link status up, enabling it in 0 ms");
  if (port.sample.speed_mbps == 0) {
    record(EventKind::link, name, -1, "link status definitely up");
  } else {
    record(EventKind::link, name, -1, "link status definitely up, %u Mbps %s duplex", port.sample.speed_mbps,
           port.sample.duplex == Duplex::half ? "half" : "full");
  }
}

}  // namespace bondbox

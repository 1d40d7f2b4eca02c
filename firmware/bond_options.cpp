// A bond as the option rules see it, and its state as values.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "firmware/bond.hpp"
#include "firmware/trace/tape.hpp"

namespace bondbox {
namespace {

/// Whether both are told by the same kernel-format text; counters are not in it.
bool reads_alike(const LacpStatus& a, const LacpStatus& b) {
  const auto alike = [](const LacpPortStatus& one, const LacpPortStatus& other) {
    return one.port == other.port && one.aggregator == other.aggregator && one.actor == other.actor &&
           one.partner == other.partner && one.actor_churn == other.actor_churn &&
           one.partner_churn == other.partner_churn && one.actor_churned == other.actor_churned &&
           one.partner_churned == other.partner_churned;
  };
  return a.system_priority == b.system_priority && a.system == b.system && a.active == b.active &&
         std::equal(a.ports.begin(), a.ports.end(), b.ports.begin(), b.ports.end(), alike);
}

}  // namespace

Outcome Bond::write(std::string_view option, std::string_view value) {
  const trace::Tape::Command command(tape_, trace::CommandKind::write, name_, option, value);
  const bool used_carrier = options_.use_carrier;
  const std::uint32_t miimon_ms = options_.miimon_ms;
  const std::uint32_t arp_interval_ms = options_.arp_interval_ms;
  const bool combined = options_.combines_monitors();
  Outcome outcome = write_option(*this, option, value);
  if (!outcome.ok()) return outcome;
  record(EventKind::option, {}, -1, "option %.*s: set to %.*s", static_cast<int>(option.size()), option.data(),
         static_cast<int>(value.size()), value.data());
  if (options_.miimon_ms != miimon_ms) poll_started_ = false;  // the next step polls and starts the new interval
  if (option == "arp_ip_target" || option == "ns_ip6_target") {
    arp_.set_targets(options_, now_);
    unreachable_targets_ = 0;
  }
  if (options_.arp_interval_ms != arp_interval_ms || options_.combines_monitors() != combined) begin_arp_monitor();
  if (options_.use_carrier != used_carrier) {
    for (const PortId id : order_)
      slot(id).nic->set_link_source(options_.use_carrier ? LinkSource::carrier : LinkSource::mii);
  }
  ++status_version_;
  apply(Reconfigured{option});
  return outcome;
}

bool Bond::interface_exists(std::string_view name) const {
  return hardware_.has_interface(name);
}

PortOptions* Bond::port_options(std::string_view name) {
  return const_cast<PortOptions*>(std::as_const(*this).port_options(name));
}

const PortOptions* Bond::port_options(std::string_view name) const {
  if (const auto id = find(name)) return &slot(*id).options;
  const auto waiting =
      std::find_if(awaited_.begin(), awaited_.end(), [name](const Awaited& other) { return other.name == name; });
  return waiting != awaited_.end() ? &waiting->options : nullptr;
}

std::string Bond::active_port_name() const {
  const auto active = std::visit([](const auto& policy) { return policy.active(); }, policy_);
  return active && slots_[active->index] ? slot(*active).name.str() : std::string();
}

bool Bond::port_has_link(std::string_view name) const {
  const auto id = find(name);
  return id && slot(*id).monitor.state() == LinkState::up;
}

Outcome Bond::activate(std::optional<std::string_view> port) {
  const trace::Tape::Command command(tape_, trace::CommandKind::activate, name_, port.value_or(std::string_view()));
  if (!port) {
    apply(ActivateRequested{});
    return Outcome::done();
  }
  const auto id = find(*port);
  if (!id) return Outcome::failed(EINVAL, std::string(*port) + " is not a port of " + name_);
  if (slot(*id).monitor.state() != LinkState::up) {
    return Outcome::failed(
        EINVAL, std::string(*port) + " has no link: its state is " + link_state_text(slot(*id).monitor.state()));
  }
  apply(ActivateRequested{*id});
  return Outcome::done();
}

Outcome Bond::change_mode(Mode mode) {
  policy_ = make_policy(mode);
  return Outcome::done();
}

void Bond::note(std::string text) {
  record(EventKind::option, {}, -1, "%s", text.c_str());
}

std::string Bond::attribute(std::string_view name) const {
  if (name == "mii_status") return plan_.carrier ? "up" : "down";
  const std::optional<LacpStatus> lacp = lacp_status(policy_, facts());
  if (!lacp) return {};
  const LacpAggregatorStatus active = lacp->active.value_or(LacpAggregatorStatus{});
  if (name == "ad_aggregator") return std::to_string(active.number);
  if (name == "ad_num_ports") return std::to_string(active.ports);
  if (name == "ad_actor_key") return std::to_string(active.actor_key);
  if (name == "ad_partner_key") return std::to_string(active.partner_key);
  if (name == "ad_partner_mac" && lacp->active) return active.partner_system.text();
  return {};
}

/// The kernel-format text shows more of LACP than the plan holds. Only what the policy was told can change it.
void Bond::note_lacp() {
  if (!std::exchange(policy_told_, false)) return;
  tape_.touch();
  const std::optional<LacpStatus> now = lacp_status(policy_, facts());
  if (now && (!lacp_shown_ || !reads_alike(*now, *lacp_shown_))) ++status_version_;
  lacp_shown_ = now;
}

BondStatus Bond::status(Tick now) const {
  BondStatus status;
  status.name = name_;
  if (interface_ != name_) status.interface = interface_;
  status.at = now;
  status.options = options_;
  status.active = active_port_name();
  status.primary = find(options_.primary) ? options_.primary : std::string();
  status.carrier = plan_.carrier;
  status.host_up = is_up();
  status.mac = mac_;
  status.mtu = mtu_;
  status.plan_generation = plan_.generation;
  status.announcements = announcements_;
  status.failovers = failovers_;
  status.turns = forwarder_.turns();
  status.punts_lost = forwarder_.punts_lost();
  status.host_refused = host_refused_;
  status.counters = forwarder_.bond();
  const OffloadCounters below = offload_.counters_now();
  status.load = load(below);
  status.fail_over_mac_forced = fail_over_mac_forced_;
  if (mac_lender_.mac == mac_ && !find(mac_lender_.port.view())) status.mac_lent_by = mac_lender_.port.str();
  status.counters.tx_no_port += below.tx_no_port;
  status.offload = offload_.status(options_.offload);
  if (host_ != nullptr) {
    status.host = host_->counters();
    status.addresses.assign(host_->addresses().begin(), host_->addresses().end());
  }
  loops_.add_bond(status.counters, status.host, status.punts_lost);
  status.loops = {loops_.wanted(), loops_.serving(), loops_.queue_full(), std::string(loops_.reason())};
  const ArpMonitor::Scene scene = host_ != nullptr ? arp_scene() : ArpMonitor::Scene{options_, {}, {}, {}};
  for (const PortId id : order_) {
    const Port& port = slot(id);
    PortStatus one;
    one.id = id;
    one.name = port.name.str();
    one.link = port.monitor.state();
    one.delay_left = port.monitor.delay_left(now);
    one.in_state_for = now - port.monitor.since();
    one.speed_mbps = port.sample.speed_mbps;
    one.duplex = port.sample.duplex;
    one.failures = port.monitor.failures();
    one.permanent_mac = port.nic->permanent_mac();
    one.mac = port.nic->mac();
    one.options = port.options;
    one.active = one.name == status.active;
    for (const PortId usable : plan_.transmit.usable) one.carries = one.carries || usable == id;
    if (away_ && away_->port == id) {
      one.away = away_->how;
      one.away_left = away_->until - now;
    }
    one.counters = counters_of(id, below);
    one.nic = port.nic->counters();
    one.has_carrier = port.sample.up;
    one.set_up = port.nic->is_set_up();
    one.mtu_refused = port.mtu_refused;
    one.hears_itself = loop_watch_.hears_itself(id);
    if (port.leaves_at) one.leaves_in = *port.leaves_at - now;
    one.arp = arp_status(scene, id, now);
    loops_.add_port(id, one.counters);
    loops_.add_nic(id, one.nic);
    add_monitors(one, port, now);
    status.ports.push_back(std::move(one));
  }
  for (const Awaited& waiting : awaited_) status.awaited.push_back({waiting.name, waiting.reason});
  status.plan = plan_;
  const BondFacts known = facts();
  status.lacp = lacp_status(policy_, known);
  status.balance = balance_status(policy_, known);
  return status;
}

void Bond::append_wait_handles(std::vector<int>& handles) const {
  if (host_ != nullptr) host_->append_wait_handles(handles);
  offload_.append_wait_handles(handles);
  for (const PortId id : order_) slot(id).nic->append_wait_handles(handles);
}

}  // namespace bondbox

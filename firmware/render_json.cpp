// JSON for programs. Keys are stable: new ones may come, none changes its meaning within "version".
#include <boost/json/src.hpp>

#include "firmware/link_monitor.hpp"
#include "firmware/option_table.hpp"
#include "firmware/port_voices.hpp"
#include "firmware/render.hpp"

namespace bondbox {
namespace {

namespace json = boost::json;

const char* duplex_name(Duplex duplex) {
  switch (duplex) {
    case Duplex::full:
      return "full";
    case Duplex::half:
      return "half";
    case Duplex::unknown:
      break;
  }
  return "unknown";
}

json::value name_or_null(const std::string& name) {
  return name.empty() ? json::value(nullptr) : json::value(name);
}

const char* receive_name(LacpReceiveState state) {
  constexpr const char* names[] = {"initialize", "port_disabled", "lacp_disabled", "expired", "defaulted", "current"};
  return names[static_cast<std::size_t>(state)];
}

const char* mux_name(LacpMuxState state) {
  constexpr const char* names[] = {"detached",   "waiting",      "attached",
                                   "collecting", "distributing", "collecting_distributing"};
  return names[static_cast<std::size_t>(state)];
}

json::object lacp_end_json(const LacpEnd& end) {
  return {{"system_priority", end.system_priority},
          {"system", end.system.text()},
          {"key", end.key},
          {"port_priority", end.port_priority},
          {"port", end.port},
          {"state", end.state}};
}

json::object lacp_port_json(const LacpPortStatus& port) {
  return {{"aggregator", port.aggregator},
          {"in_active_aggregator", port.in_active_aggregator},
          {"has_partner", port.has_partner},
          {"actor", lacp_end_json(port.actor)},
          {"partner", lacp_end_json(port.partner)},
          {"receive_state", receive_name(port.receive)},
          {"mux_state", mux_name(port.mux)},
          {"actor_churned", port.actor_churned},
          {"partner_churned", port.partner_churned},
          {"lacpdus_received", port.counters.lacpdu_received},
          {"lacpdus_sent", port.counters.lacpdu_sent},
          {"own_lacpdus_received", port.counters.loopback_received},
          {"illegal_received", port.counters.illegal_received},
          {"unknown_received", port.counters.unknown_received}};
}

json::object lacp_json(const LacpStatus& lacp) {
  json::value active = nullptr;
  if (lacp.active) {
    active = json::object{{"number", lacp.active->number},
                          {"ports", lacp.active->ports},
                          {"actor_key", lacp.active->actor_key},
                          {"partner_key", lacp.active->partner_key},
                          {"partner_system", lacp.active->partner_system.text()}};
  }
  return {{"system_priority", lacp.system_priority},
          {"system", lacp.system.text()},
          {"active_aggregator", std::move(active)},
          {"without_partner", lacp.fallback}};
}

json::object offload_json(const OffloadStatus& offload) {
  return {{"wanted", option_value_name("offload", static_cast<std::int64_t>(offload.wanted))},
          {"kind", name_or_null(offload.kind)},
          {"serving", offload.serving},
          {"reason", name_or_null(offload.reason)},
          {"tx_frames", offload.tx_frames},
          {"rx_frames", offload.rx_frames}};
}

/// What the mode has to say of the port, beside what every mode has.
json::object mode_json(const BondStatus& bond, const PortStatus& port) {
  json::object object;
  if (bond.lacp) {
    if (const LacpPortStatus* const lacp = bond.lacp->find(port.id)) object["lacp"] = lacp_port_json(*lacp);
  }
  if (bond.balance) {
    const std::size_t i = port.id.index;
    object["balance"] = json::object{{"buckets", bond.balance->buckets[i]},
                                     {"load_bytes_per_s", bond.balance->load_bytes_per_s[i]},
                                     {"clients", bond.balance->clients[i]}};
  }
  return object;
}

json::array monitors_json(const PortStatus& port) {
  json::array list;
  for (const MonitorVerdict& verdict : port.monitors)
    list.push_back(json::object{
        {"name", verdict.name}, {"up", verdict.up}, {"for_ms", verdict.lasted.count}, {"reason", verdict.reason}});
  return list;
}

json::value away_json(const PortStatus& port) {
  if (port.away == Away::no) return nullptr;
  return json::object{{"way", port.away == Away::down ? "admin" : "pretend"}, {"left_ms", port.away_left.count}};
}

json::object port_json(const PortStatus& port) {
  return {
      {"name", port.name},
      {"link", link_state_name(port.link)},
      {"delay_left_ms", port.delay_left.count},
      {"in_state_for_ms", port.in_state_for.count},
      {"carrier", port.has_carrier},
      {"held", port.held},
      {"revert_left_ms", port.revert_left.count},
      {"monitors", monitors_json(port)},
      {"damping",
       json::object{
           {"damped", port.damping.damped}, {"penalty", port.damping.penalty}, {"left_ms", port.damping.left.count}}},
      {"speed_mbps", port.speed_mbps},
      {"duplex", duplex_name(port.duplex)},
      {"link_failures", port.failures},
      {"active", port.active},
      {"carries", port.carries},
      {"drill", away_json(port)},
      {"mac", port.mac.text()},
      {"permanent_mac", port.permanent_mac.text()},
      {"prio", port.options.prio},
      {"queue_id", port.options.queue_id},
      {"rx", json::object{{"frames", port.counters.rx_frames},
                          {"bytes", port.counters.rx_bytes},
                          {"suppressed_duplicates", port.counters.rx_suppressed},
                          {"punted", port.counters.rx_punted},
                          {"runts", port.counters.rx_runt},
                          {"host_refused", port.counters.rx_host_refused},
                          {"looped", port.counters.rx_looped},
                          {"lost_below", port.nic.receive_lost},
                          {"truncated", port.nic.receive_truncated},
                          {"errors", port.nic.receive_errors}}},
      {"tx", json::object{{"frames", port.counters.tx_frames},
                          {"bytes", port.counters.tx_bytes},
                          {"refused", port.counters.tx_refused},
                          {"moved_to_another_port", port.counters.tx_moved}}},
  };
}

json::object bond_json(const BondStatus& bond) {
  json::array ports;
  for (const PortStatus& port : bond.ports) {
    json::object one = port_json(port);
    for (auto& member : mode_json(bond, port)) one[member.key()] = std::move(member.value());
    ports.push_back(std::move(one));
  }
  json::array awaited;
  for (const AwaitedStatus& waiting : bond.awaited) {
    awaited.push_back(json::object{{"name", waiting.name}, {"reason", waiting.reason}});
  }
  json::array addresses;
  for (const HostAddress& at : bond.addresses) {
    addresses.push_back(json::object{{"address", at.address.text()}, {"vlan", at.vlan.value}, {"mac", at.mac.text()}});
  }
  json::object object = {
      {"name", bond.name},
      {"interface", bond.interface.empty() ? bond.name : bond.interface},
      {"tick", bond.at.number},
      {"mode", mode_name(bond.options.mode)},
      {"carrier", bond.carrier},
      {"up", bond.host_up},
      {"degraded", is_degraded(bond)},
      {"active", name_or_null(bond.active)},
      {"primary", name_or_null(bond.primary)},
      {"mac", bond.mac.text()},
      {"mtu", bond.mtu},
      {"miimon_ms", bond.options.miimon_ms},
      {"updelay_ms", bond.options.updelay_ms},
      {"downdelay_ms", bond.options.downdelay_ms},
      {"revert_delay_ms", bond.options.revert_delay_ms},
      {"arp_interval_ms", bond.options.arp_interval_ms},
      {"monitor", monitor_rule_text(bond.options)},
      {"flap_damping_ms", bond.options.flap_damping_ms},
      {"unmonitored", bond.options.unmonitored},
      {"busy_poll_us", bond.options.busy_poll_us},
      {"plan_generation", bond.plan_generation},
      {"failovers", bond.failovers},
      {"announcements", bond.announcements},
      {"tx_no_port", bond.counters.tx_no_port},
      {"tx_runts", bond.counters.tx_runt},
      {"tx_punted", bond.counters.tx_punted},
      {"punts_lost", bond.punts_lost},
      {"host_refused", bond.host_refused},
      {"host_rx_lost_below", bond.host.receive_lost},
      {"addresses", std::move(addresses)},
      {"ports", std::move(ports)},
      {"awaited", std::move(awaited)},
      {"xmit_hash_policy",
       option_value_name("xmit_hash_policy", static_cast<std::int64_t>(bond.options.xmit_hash_policy))},
  };
  object["offload"] = offload_json(bond.offload);
  object["loops"] = json::object{{"wanted", bond.loops.wanted},
                                 {"serving", bond.loops.serving},
                                 {"queue_full", bond.loops.queue_full},
                                 {"reason", name_or_null(bond.loops.reason)}};
  if (bond.lacp) object["lacp"] = lacp_json(*bond.lacp);
  if (bond.balance) {
    object["balance"] = json::object{{"rounds", bond.balance->rounds},
                                     {"buckets_moved", bond.balance->buckets_moved},
                                     {"clients_replaced", bond.balance->clients_replaced}};
  }
  return object;
}

json::object privileges_json(const PrivilegeStatus& privileges) {
  json::array capabilities;
  for (const std::string& name : privileges.capabilities) capabilities.emplace_back(name);
  return {{"sandbox", privileges.sandbox},
          {"capabilities", std::move(capabilities)},
          {"seccomp", privileges.calls_are_filtered},
          {"reason", name_or_null(privileges.reason)},
          {"refused_calls", privileges.refused_calls},
          {"refused_commands", privileges.refused_commands}};
}

json::object files_json(const FileStatus& files) {
  json::object failed;
  for (const auto& [name, count] : files.failed) failed[name] = count;
  return {
      {"lag_ms", files.lag_ms},   {"worst_lag_ms", files.worst_lag_ms}, {"waits_for", name_or_null(files.waits_for)},
      {"written", files.written}, {"replaced", files.replaced},         {"failed", std::move(failed)}};
}

json::object recorder_json(const RecorderStatus& recorder, const WallClock& wall) {
  return {{"bytes", recorder.bytes},           {"records", recorder.records},
          {"dropped_bytes", recorder.dropped}, {"since_ms", wall.at(recorder.since)},
          {"replays", recorder.replays},       {"files_written", recorder.written},
          {"files_failed", recorder.failed},   {"file", name_or_null(recorder.file)}};
}

constexpr std::size_t events_shown = 16;

json::object event_json(const Event& event, const WallClock& wall) {
  return {{"sequence", event.sequence},
          {"tick", event.at.number},
          {"wall_time_ms", wall.at(event.at)},
          {"kind", event_kind_name(event.kind)},
          {"port", name_or_null(event.port.str())},
          {"text", event.text.str()},
          {"cause", name_or_null(event.cause.str())},
          {"outage_ms_max", event.outage_ms_max >= 0 ? json::value(event.outage_ms_max) : json::value(nullptr)}};
}

/// Oldest first.
json::array events_json(const EventLog& events, const std::string& bond, const WallClock& wall) {
  json::array list;
  events.for_each_after(0, [&](const Event& event) {
    if (event.bond != bond) return;
    if (list.size() == events_shown) list.erase(list.begin());
    list.push_back(event_json(event, wall));
  });
  return list;
}

}  // namespace

std::string json_error(std::string_view why) {
  return json::serialize(json::object{{"version", 1}, {"error", why}}) + "\n";
}

std::string render_event_json(const Event& event, const WallClock& wall) {
  json::object object = event_json(event, wall);
  object["bond"] = event.bond.str();
  return json::serialize(object) + "\n";
}

std::string render_json(std::span<const BondStatus> bonds, const SchedulerStatus& scheduler, const WallClock& wall,
                        const PrivilegeStatus* privileges, const EventLog* events, const ServiceStatus* service) {
  json::array list;
  std::int64_t wall_ms = wall.tick_zero_ms;
  for (const BondStatus& bond : bonds) {
    json::object one = bond_json(bond);
    if (events != nullptr) one["events"] = events_json(*events, bond.name, wall);
    list.push_back(std::move(one));
    wall_ms = wall.at(bond.at);
  }
  json::object document = {
      {"version", 1},
      {"wall_time_ms", wall_ms},
      {"scheduler", json::object{{"steps", scheduler.steps},
                                 {"overruns", scheduler.overruns},
                                 {"overrun_ticks", scheduler.overrun_ticks},
                                 {"worst_overrun_ms", scheduler.worst_overrun_ms},
                                 {"state_kept", scheduler.state_kept},
                                 {"state_kept_not", scheduler.state_kept_not}}},
      {"bonds", std::move(list)},
  };
  if (privileges != nullptr) document["privileges"] = privileges_json(*privileges);
  if (service != nullptr) {
    document["control"] = json::object{{"requests", service->requests},
                                       {"malformed", service->requests_malformed},
                                       {"too_long", service->requests_too_long},
                                       {"cut_off", service->clients_cut_off},
                                       {"evicted", service->clients_evicted}};
    document["log"] = json::object{{"to", service->log_to}, {"lines_lost", service->log_lines_lost}};
    document["files"] = files_json(service->files);
    if (service->recorder.runs) document["recorder"] = recorder_json(service->recorder, wall);
  }
  return json::serialize(document) + "\n";
}

}  // namespace bondbox

// JSON for programs. Keys are stable: new ones may come, none changes its meaning within "version".
#include <boost/json/src.hpp>

#include "firmware/link_monitor.hpp"
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

json::object port_json(const PortStatus& port) {
  return {
      {"name", port.name},
      {"link", link_state_name(port.link)},
      {"delay_left_ms", port.delay_left.count},
      {"in_state_for_ms", port.in_state_for.count},
      {"speed_mbps", port.speed_mbps},
      {"duplex", duplex_name(port.duplex)},
      {"link_failures", port.failures},
      {"active", port.active},
      {"carries", port.carries},
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
  for (const PortStatus& port : bond.ports) ports.push_back(port_json(port));
  json::array awaited;
  for (const AwaitedStatus& waiting : bond.awaited) {
    awaited.push_back(json::object{{"name", waiting.name}, {"reason", waiting.reason}});
  }
  json::array addresses;
  for (const HostAddress& at : bond.addresses) {
    addresses.push_back(json::object{{"address", at.address.text()}, {"vlan", at.vlan.value}, {"mac", at.mac.text()}});
  }
  return {
      {"name", bond.name},
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
      {"unmonitored", bond.options.unmonitored},
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
  };
}

}  // namespace

std::string render_json(std::span<const BondStatus> bonds, const SchedulerStatus& scheduler, const WallClock& wall) {
  json::array list;
  std::int64_t wall_ms = wall.tick_zero_ms;
  for (const BondStatus& bond : bonds) {
    list.push_back(bond_json(bond));
    wall_ms = wall.at(bond.at);
  }
  const json::object document = {
      {"version", 1},
      {"wall_time_ms", wall_ms},
      {"scheduler", json::object{{"steps", scheduler.steps},
                                 {"overruns", scheduler.overruns},
                                 {"overrun_ticks", scheduler.overrun_ticks},
                                 {"worst_overrun_ms", scheduler.worst_overrun_ms}}},
      {"bonds", std::move(list)},
  };
  return json::serialize(document) + "\n";
}

}  // namespace bondbox

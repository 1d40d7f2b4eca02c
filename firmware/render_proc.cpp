// The kernel's text. Order, words and blanks are those of /proc/net/bonding on Linux 6.1 (tests/oracle).
#include "firmware/link_monitor.hpp"
#include "firmware/option_table.hpp"
#include "firmware/render.hpp"
#include "firmware/text.hpp"
#include "firmware/version.hpp"
#include "policies/modes.hpp"

namespace bondbox {
namespace {

const char* kernel_mode_name(Mode mode) {
  switch (mode) {
    case Mode::balance_rr:
      return "load balancing (round-robin)";
    case Mode::active_backup:
      return "fault-tolerance (active-backup)";
    case Mode::balance_xor:
      return "load balancing (xor)";
    case Mode::broadcast:
      return "fault-tolerance (broadcast)";
    case Mode::lacp_8023ad:
      return "IEEE 802.3ad Dynamic link aggregation";
    case Mode::balance_tlb:
      return "transmit load balancing";
    case Mode::balance_alb:
      return "adaptive load balancing";
  }
  return "unknown";
}

/// Modes that balance by the transmit hash alone.
bool shows_hash_policy(const BondOptions& options) {
  if (options.mode == Mode::balance_xor || options.mode == Mode::lacp_8023ad) return true;
  return has_distinct_port_macs(options.mode) && !options.tlb_dynamic_lb;
}

template <class Value>
const char* name_of(std::string_view option, Value value) {
  return option_value_name(option, static_cast<std::int64_t>(value));
}

const char* churn_name(LacpChurn churn) {
  switch (churn) {
    case LacpChurn::monitoring:
      return "monitoring";
    case LacpChurn::churned:
      return "churned";
    case LacpChurn::none:
      return "none";
  }
  return "unknown";
}

void append_monitors(std::string& text, const BondOptions& options) {
  append_format(text, "MII Polling Interval (ms): %u\n", options.miimon_ms);
  append_format(text, "Up Delay (ms): %u\n", options.updelay_ms);
  append_format(text, "Down Delay (ms): %u\n", options.downdelay_ms);
  append_format(text, "Peer Notification Delay (ms): %u\n", options.peer_notif_delay_ms);
  if (options.arp_interval_ms == 0) return;
  append_format(text, "ARP Polling Interval (ms): %u\n", options.arp_interval_ms);
  append_format(text, "ARP Missed Max: %u\n", options.arp_missed_max);
  text += "ARP IP target/s (n.n.n.n form):";
  for (std::size_t i = 0; i < options.arp_ip_targets.size(); ++i) {
    text += (i == 0 ? " " : ", ") + options.arp_ip_targets[i].text();
  }
  text += "\nNS IPv6 target/s (xx::xx form):";
  for (std::size_t i = 0; i < options.ns_ip6_targets.size(); ++i) {
    text += (i == 0 ? " " : ", ") + options.ns_ip6_targets[i].text();
  }
  text += "\n";
}

void append_lacp(std::string& text, const BondStatus& bond, const LacpStatus& lacp, ProcReader reader) {
  const BondOptions& options = bond.options;
  text += "\n802.3ad info\n";
  append_format(text, "LACP active: %s\n", options.lacp_active ? "on" : "off");
  append_format(text, "LACP rate: %s\n", name_of("lacp_rate", options.lacp_rate));
  append_format(text, "Min links: %u\n", options.min_links);
  append_format(text, "Aggregator selection policy (ad_select): %s\n", name_of("ad_select", options.ad_select));
  if (reader != ProcReader::admin) return;
  append_format(text, "System priority: %u\n", lacp.system_priority);
  append_format(text, "System MAC address: %s\n", lacp.system.text().c_str());
  if (!lacp.active) {
    append_format(text, "bond %s has no active aggregator\n", bond.name.c_str());
    return;
  }
  append_format(text, "Active Aggregator Info:\n\tAggregator ID: %u\n\tNumber of ports: %u\n", lacp.active->number,
                lacp.active->ports);
  append_format(text, "\tActor Key: %u\n\tPartner Key: %u\n\tPartner Mac Address: %s\n", lacp.active->actor_key,
                lacp.active->partner_key, lacp.active->partner_system.text().c_str());
}

void append_lacp_end(std::string& text, const char* whose, const char* key_name, const LacpEnd& end) {
  append_format(text, "details %s lacp pdu:\n", whose);
  append_format(text, "    system priority: %u\n", end.system_priority);
  append_format(text, "    system mac address: %s\n", end.system.text().c_str());
  append_format(text, "    %s: %u\n", key_name, end.key);
  append_format(text, "    port priority: %u\n", end.port_priority);
  append_format(text, "    port number: %u\n", end.port);
  append_format(text, "    port state: %u\n", end.state);
}

void append_lacp_port(std::string& text, const LacpPortStatus* port, ProcReader reader) {
  if (port == nullptr || port->aggregator == 0) {
    text += "Aggregator ID: N/A\n";
    return;
  }
  append_format(text, "Aggregator ID: %u\n", port->aggregator);
  append_format(text, "Actor Churn State: %s\n", churn_name(port->actor_churn));
  append_format(text, "Partner Churn State: %s\n", churn_name(port->partner_churn));
  append_format(text, "Actor Churned Count: %u\n", port->actor_churned);
  append_format(text, "Partner Churned Count: %u\n", port->partner_churned);
  if (reader != ProcReader::admin) return;
  append_lacp_end(text, "actor", "port key", port->actor);
  append_lacp_end(text, "partner", "oper key", port->partner);
}

void append_port(std::string& text, const PortStatus& port) {
  text += "\nSlave Interface: " + port.name + "\n";
  append_format(text, "MII Status: %s\n", link_state_text(port.link));
  text += port.speed_mbps != 0 ? format("Speed: %u Mbps\n", port.speed_mbps) : std::string("Speed: Unknown\n");
  text += "Duplex: ";
  text += port.duplex == Duplex::full ? "full" : port.duplex == Duplex::half ? "half" : "Unknown";
  append_format(text, "\nLink Failure Count: %u\n", port.failures);
  text += "Permanent HW addr: " + port.permanent_mac.text() + "\n";
  append_format(text, "Slave queue ID: %u\n", port.options.queue_id);
}

}  // namespace

std::string render_proc(const BondStatus& bond, ProcReader reader) {
  const BondOptions& options = bond.options;
  std::string text = "Ethernet Channel Bonding Driver: v" + std::string(version()) + "\n\n";
  text += std::string("Bonding Mode: ") + kernel_mode_name(options.mode);
  if (options.mode == Mode::active_backup && options.fail_over_mac == FailOverMac::active) {
    text += " (fail_over_mac active)";
  }
  if (options.mode == Mode::active_backup && options.fail_over_mac == FailOverMac::follow) {
    text += " (fail_over_mac follow)";
  }
  text += "\n";
  if (shows_hash_policy(options)) {
    append_format(text, "Transmit Hash Policy: %s (%d)\n", name_of("xmit_hash_policy", options.xmit_hash_policy),
                  static_cast<int>(options.xmit_hash_policy));
  }
  if (has_active_port(options.mode)) {
    text += "Primary Slave: ";
    text += bond.primary.empty()
                ? std::string("None")
                : bond.primary + " (primary_reselect " + name_of("primary_reselect", options.primary_reselect) + ")";
    text += "\nCurrently Active Slave: " + (bond.active.empty() ? std::string("None") : bond.active) + "\n";
  }
  append_format(text, "MII Status: %s\n", bond.carrier ? "up" : "down");
  append_monitors(text, options);
  const bool is_lacp = options.mode == Mode::lacp_8023ad;
  const LacpStatus lacp = bond.lacp.value_or(LacpStatus{});
  if (is_lacp) append_lacp(text, bond, lacp, reader);
  for (const PortStatus& port : bond.ports) {
    append_port(text, port);
    if (is_lacp) append_lacp_port(text, lacp.find(port.id), reader);
  }
  return text;
}

}  // namespace bondbox

// The kernel's text. Order, words and blanks are those of /proc/net/bonding on Linux 6.1 (tests/oracle).
#include "firmware/link_monitor.hpp"
#include "firmware/render.hpp"
#include "firmware/text.hpp"
#include "firmware/version.hpp"

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

bool has_active_port(Mode mode) {
  return mode == Mode::active_backup || mode == Mode::balance_tlb || mode == Mode::balance_alb;
}

const char* reselect_name(PrimaryReselect reselect) {
  switch (reselect) {
    case PrimaryReselect::always:
      return "always";
    case PrimaryReselect::better:
      return "better";
    case PrimaryReselect::failure:
      return "failure";
  }
  return "always";
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

std::string render_proc(const BondStatus& bond) {
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
  if (has_active_port(options.mode)) {
    text += "Primary Slave: ";
    text += bond.primary.empty() ? std::string("None")
                                 : bond.primary + " (primary_reselect " + reselect_name(options.primary_reselect) + ")";
    text += "\nCurrently Active Slave: " + (bond.active.empty() ? std::string("None") : bond.active) + "\n";
  }
  append_format(text, "MII Status: %s\n", bond.carrier ? "up" : "down");
  append_monitors(text, options);
  for (const PortStatus& port : bond.ports) append_port(text, port);
  return text;
}

}  // namespace bondbox

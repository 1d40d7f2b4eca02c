// The attributes that the kernel's driver shows under /sys/class/net, and the few of an interface that readers of them
// look for. Names, forms and what is empty are the driver's (Linux 6.1).
#include <array>

#include "firmware/link_monitor.hpp"
#include "firmware/render.hpp"

namespace bondbox {
namespace {

/// What may be read and written there; the driver's other options are known to netlink alone.
constexpr std::string_view bond_attributes[] = {"slaves",           "mode",
                                                "fail_over_mac",    "arp_validate",
                                                "arp_all_targets",  "arp_interval",
                                                "arp_ip_target",    "arp_missed_max",
                                                "downdelay",        "updelay",
                                                "peer_notif_delay", "lacp_active",
                                                "lacp_rate",        "ad_select",
                                                "xmit_hash_policy", "num_grat_arp",
                                                "num_unsol_na",     "miimon",
                                                "primary",          "primary_reselect",
                                                "use_carrier",      "active_slave",
                                                "queue_id",         "all_slaves_active",
                                                "resend_igmp",      "min_links",
                                                "lp_interval",      "packets_per_slave",
                                                "tlb_dynamic_lb",   "ad_actor_sys_prio",
                                                "ad_actor_system",  "mii_status",
                                                "ad_aggregator",    "ad_num_ports",
                                                "ad_actor_key",     "ad_partner_key",
                                                "ad_partner_mac",   "ad_user_port_key"};

std::string line(std::string_view value) {
  return value.empty() ? std::string() : std::string(value) + "\n";
}

/// Whether the driver counts the port as in use: by mode 1 for the active one, by LACP, in other modes always.
bool in_use(const BondStatus& bond, const PortStatus& port) {
  if (bond.options.mode == Mode::active_backup) return port.active;
  return bond.options.mode != Mode::lacp_8023ad || port.carries;
}

class Tree {
 public:
  void file(std::string path, std::string text) { entries_.push_back({std::move(path), std::move(text), false}); }
  void link(std::string path, std::string target) { entries_.push_back({std::move(path), std::move(target), true}); }
  /// What tells a reader that a directory is an interface.
  void interface(const std::string& at, MacAddress mac, std::uint32_t mtu, bool up) {
    file(at + "address", mac.text() + "\n");
    file(at + "mtu", std::to_string(mtu) + "\n");
    file(at + "operstate", up ? "up\n" : "down\n");
    file(at + "type", "1\n");
  }
  std::vector<SysfsEntry> take() { return std::move(entries_); }

 private:
  std::vector<SysfsEntry> entries_;
};

void add_port(Tree& tree, const BondStatus& bond, const PortStatus& port) {
  const std::string at = port.name + "/";
  const std::string slave = at + "bonding_slave/";
  tree.interface(at, port.mac, bond.mtu, port.link == LinkState::up);
  tree.link(at + "master", "../" + bond.name);
  tree.link(bond.name + "/lower_" + port.name, "../" + port.name);
  tree.file(slave + "state", in_use(bond, port) ? "active\n" : "backup\n");
  tree.file(slave + "mii_status", line(link_state_text(port.link)));
  tree.file(slave + "link_failure_count", std::to_string(port.failures) + "\n");
  tree.file(slave + "perm_hwaddr", port.permanent_mac.text() + "\n");
  tree.file(slave + "queue_id", std::to_string(port.options.queue_id) + "\n");
  const LacpPortStatus* const lacp = bond.lacp ? bond.lacp->find(port.id) : nullptr;
  tree.file(slave + "ad_aggregator_id",
            lacp != nullptr && lacp->aggregator != 0 ? std::to_string(lacp->aggregator) + "\n" : "N/A\n");
  tree.file(slave + "ad_actor_oper_port_state", lacp != nullptr ? std::to_string(lacp->actor.state) + "\n" : "N/A\n");
  tree.file(slave + "ad_partner_oper_port_state",
            lacp != nullptr ? std::to_string(lacp->partner.state) + "\n" : "N/A\n");
}

}  // namespace

std::vector<SysfsEntry> render_sysfs(const BondStatus& bond, const OptionTarget& options) {
  Tree tree;
  const std::string at = bond.name + "/";
  tree.interface(at, bond.mac, bond.mtu, bond.carrier && bond.host_up);
  for (const std::string_view name : bond_attributes) {
    const auto value = read_option(options, name);
    tree.file(at + "bonding/" + std::string(name), line(value.ok() ? value.value() : std::string()));
  }
  for (const PortStatus& port : bond.ports) add_port(tree, bond, port);
  return tree.take();
}

}  // namespace bondbox

#include "hal/linux/adoption.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "hal/linux/bpf_offload.hpp"
#include "hal/linux/context.hpp"
#include "hal/linux/packet_nic.hpp"
#include "hal/linux/port_claim.hpp"
#include "hal/linux/tap_host_port.hpp"

namespace bondbox::lnx {
namespace {

/// Whether the interface of then is there. The kernel gives the numbers of namespaces and interfaces anew, so only a
/// TAP device with the name that it had then is taken for ours: one that was renamed after its daemon was killed stays
/// behind, and nobody else's is touched.
bool is_there(Context& context, const HostRecord& record) {
  InterfaceInfo info;
  const bool same_boot = record.boot_id.empty() || context.boot_id.empty() || record.boot_id == context.boot_id;
  return same_boot && context.interfaces.find(record.index, info) == 0 && info.kind == "tun" &&
         info.name == record.name;
}

std::string take_away(Context& context, Adoption::Host& host) {
  const int error = context.interfaces.remove(host.record.index);
  host.journal.remove();
  return host.record.name + ": " +
         (error == 0 ? "left by a bondbox that was killed, taken away"
                     : std::string("left by a bondbox that was killed, cannot be taken away: ") + std::strerror(error));
}

}  // namespace

bool Adoption::expects(std::string_view port) const noexcept {
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

std::vector<std::string> begin_adoption(Context& context, std::span<const WantedBond> wanted) {
  std::vector<std::string> lines;
  Adoption& adoption = context.adoption;
  for (const std::string& name : HostJournal::list(context.run_dir, context.namespace_inode)) {
    Adoption::Host host;
    if (host.journal.open(context.run_dir, name, context.namespace_inode) != 0) continue;
    const std::optional<HostRecord> record = parse_host_record(host.journal.read());
    if (!record || !is_there(context, *record)) {
      host.journal.remove();
      continue;
    }
    host.bond = name;
    host.record = *record;
    const auto bond = std::find_if(wanted.begin(), wanted.end(), [&](const auto& one) { return one.name == name; });
    if (bond == wanted.end()) {
      lines.push_back(take_away(context, host));
      continue;
    }
    adoption.ports.insert(adoption.ports.end(), bond->ports.begin(), bond->ports.end());
    adoption.hosts.push_back(std::move(host));
  }
  for (std::string& line : restore_leftovers(context)) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> end_adoption(Context& context) {
  std::vector<std::string> lines;
  Adoption adoption = std::exchange(context.adoption, {});
  for (Adoption::Host& host : adoption.hosts) lines.push_back(take_away(context, host));
  for (TapHostPort* const port : context.host_ports) port->end_adoption();
  for (const Context::ClaimedNic& claimed : context.nics) claimed.nic->end_adoption();
  for (std::string& line : restore_leftovers(context)) lines.push_back(std::move(line));
  return lines;
}

}  // namespace bondbox::lnx

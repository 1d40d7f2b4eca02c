// What a port was before it was claimed, written down before anything is changed, so that a killed process leaves
// enough behind for the next one to give the port back, or to take it over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/linux/fence.hpp"
#include "hal/linux/journal.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::lnx {

struct PortRecord {
  std::string name;
  std::uint64_t namespace_inode = 0;  ///< 0: the kernel does not tell
  std::string boot_id;                ///< of /proc/sys/kernel/random/boot_id; empty: not told
  int index = 0;

  MacAddress mac;         ///< as found, like everything up to ingress_qdisc
  std::uint32_t mtu = 0;  ///< bytes
  bool up = false;
  bool noarp = false;
  bool allmulti = false;
  bool promiscuous = false;
  bool ingress_qdisc = false;            ///< there was one
  std::optional<int> disable_ipv6;       ///< empty: not changed
  std::optional<int> arp_ignore;         ///< empty: not changed
  std::optional<int> rp_filter;          ///< empty: not changed
  std::vector<IpPrefix> ipv6_addresses;  ///< those that disable_ipv6 removes and the kernel does not make again

  FenceKind fence = FenceKind::none;
  bool set_down = false;  ///< by us, for a while: a port that was up is to be up again
  /// What we changed it to, and what it was before: at any moment the port has one of them, unless somebody else has
  /// changed it since.
  std::vector<MacAddress> set_macs;
  std::vector<std::uint32_t> set_mtus;

  friend bool operator==(const PortRecord&, const PortRecord&) = default;
};

std::string to_text(const PortRecord& record);
/// Nothing when a line is not understood or something is missing.
std::optional<PortRecord> parse_port_record(std::string_view text);

class PortJournal : public Journal {
 public:
  /// As Journal::open.
  static int open(const std::string& run_dir, std::string_view name, std::uint64_t namespace_inode,
                  PortJournal& journal);
  /// The ports that have a file, by name, for this namespace.
  static std::vector<std::string> list(const std::string& run_dir, std::uint64_t namespace_inode);

  /// As Journal::take_over.
  void take_over(const std::string& run_dir, std::string_view name, std::uint64_t namespace_inode, UniqueFd lock);

  using Journal::write;
  int write(const PortRecord& record) { return Journal::write(to_text(record)); }
};

}  // namespace bondbox::lnx

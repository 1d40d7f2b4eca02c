// Reading and writing every bonding option by name, with the values, errors and side effects of the kernel driver's
// sysfs files (observed on Linux 6.1; tests/oracle/option_matrix_test.cpp). What bondbox does otherwise on purpose:
//
//   miimon 0        is refused without an ARP monitor or `unmonitored`: such a bond would never fail over.
//   arp_interval 0  puts miimon back to 100 where the kernel would leave the bond with no monitor at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hal/outcome.hpp"
#include "policies/options.hpp"

namespace bondbox {

/// What the rules of the options need of a bond. Names are interface names.
class OptionTarget {
 public:
  virtual ~OptionTarget() = default;

  virtual BondOptions& options() = 0;
  virtual const BondOptions& options() const = 0;

  /// Whether the host has set the bond up.
  virtual bool is_up() const = 0;
  virtual unsigned tx_queues() const { return 16; }

  virtual bool interface_exists(std::string_view name) const = 0;
  /// Ports in order of enslaving; `index` < port_count().
  virtual std::size_t port_count() const = 0;
  virtual std::string_view port_name(std::size_t index) const = 0;
  /// Of ports whose interface is still awaited too, which the list above leaves out. nullptr: not a port of this bond.
  virtual PortOptions* port_options(std::string_view name) = 0;
  virtual const PortOptions* port_options(std::string_view name) const = 0;
  virtual bool port_has_link(std::string_view name) const = 0;
  /// Empty: none, or the mode has none.
  virtual std::string active_port_name() const = 0;

  /// Called for an interface that exists and is not a port of this bond.
  virtual Outcome enslave(std::string_view name) = 0;
  /// Called for a port of this bond.
  virtual Outcome release(std::string_view name) = 0;
  /// Called for a port with link that is not the active one; none: choose again.
  virtual Outcome activate(std::optional<std::string_view> name) = 0;
  /// Called before options().mode changes, with no ports and the bond down. A failure leaves the mode as it is.
  virtual Outcome change_mode(Mode mode) = 0;

  /// Called before options().offload changes. A failure leaves it as it is.
  virtual Outcome change_offload(OffloadUse) { return Outcome::done(); }

  /// A line for the log, without the bond's name: the kernel driver's own where it has one.
  virtual void note(std::string text) = 0;
  /// The text of a read-only attribute (mii_status, ad_aggregator, ad_num_ports, ad_actor_key, ad_partner_key,
  /// ad_partner_mac), without a newline.
  virtual std::string attribute(std::string_view name) const = 0;

  bool has_ports() const { return port_count() != 0; }
};

struct ValueName {
  const char* name;
  std::int64_t value;
};

enum class OptionKind : std::uint8_t {
  choice,    ///< a name or its number; reads "active 1"
  flag,      ///< 0 or 1, or off and on; reads "1"
  number,    ///< minimum .. maximum; reads "100"
  text,      ///< a name or an address
  list,      ///< written item by item: +ADD and -REMOVE
  per_port,  ///< written PORT:NUMBER, minimum .. maximum; reads "eth0:0 eth1:0"
  read_only,
};

/// The numbers of modes, as bits.
using ModeSet = std::uint8_t;
constexpr ModeSet only(Mode mode) noexcept {
  return static_cast<ModeSet>(1U << static_cast<unsigned>(mode));
}
inline constexpr ModeSet every_mode = 0x7f;

/// How an option is stored; used by option_table.cpp alone. Either the pair for numbers or the pair for texts is set.
struct OptionAccess {
  Outcome (*write_number)(OptionTarget&, std::int64_t) = nullptr;
  std::int64_t (*read_number)(const OptionTarget&) = nullptr;
  Outcome (*write_text)(OptionTarget&, std::string_view) = nullptr;
  std::string (*read_text)(const OptionTarget&) = nullptr;
};

struct OptionInfo {
  std::string_view name;
  OptionKind kind = OptionKind::number;
  ModeSet modes = every_mode;  ///< where it may be written
  ModeSet combined_modes = 0;  ///< where it may be written too while `monitor` is on
  ModeSet effect = 0;          ///< where it does something, when those are fewer; 0: wherever it may be written
  bool without_ports = false;  ///< only while the bond has no ports
  bool while_down = false;     ///< only while the bond is down
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  std::string_view unit = {};              ///< "ms", "s"; empty: a plain number
  std::string_view default_text = {};      ///< as it is written; empty: unset
  std::span<const ValueName> values = {};  ///< of a choice or flag; for a number, names beside the digits
  std::string_view form = {};              ///< of a text or list: what is to be written
  std::string_view help = {};              ///< one line, without a full stop
  OptionAccess access = {};

  ModeSet effective_modes() const noexcept { return effect != 0 ? effect : modes; }
};

/// In the order in which they are to be written, so that each finds what it depends on (the mode before what the mode
/// allows, the monitor before its delays, ports before what names them). Read-only attributes come last.
std::span<const OptionInfo> all_options();
/// By the exact name, or by another that it has had (ad_actor_port_prio for actor_port_prio); nullptr: there is none.
const OptionInfo* find_option(std::string_view name);
/// The option whose name is nearest to a mistyped one; empty when none is near. '-' counts as '_'.
std::string_view nearest_option(std::string_view name);
/// "allowed values 0 - 300000", "one of none, active, follow"; for texts what is to be written.
std::string allowed_values(const OptionInfo& option);
/// The kernel's name of a choice's number: "layer3+4" of xmit_hash_policy's 1; "unknown" where there is none.
const char* option_value_name(std::string_view option, std::int64_t value);

/// As a write to the sysfs file: checks the mode, then the ports, then up or down, then the value; first word only.
/// ENOENT: there is no such option. Other errors are the kernel's. The reason is one sentence for a person.
Outcome write_option(OptionTarget& target, std::string_view name, std::string_view value);
/// As a read of the sysfs file, without the newline; empty where the file is empty. ENOENT: no such option.
Result<std::string> read_option(const OptionTarget& target, std::string_view name);

/// "EINVAL"; "errno 123" for one that no operation on a bond gives.
std::string errno_name(int error);
/// "EINVAL: eth7 is not a port of bond0"
std::string refusal_text(const Outcome& refusal);

}  // namespace bondbox

// Whoever speaks LACP at one end of a street: bondbox, the kernel's bonding driver or Open vSwitch. A case is written
// against this and runs with any two of them; two of the same kind are its control.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/support/namespace.hpp"

namespace bondbox::live {

enum class Kind { bondbox, kernel, ovs };
const char* kind_name(Kind kind);

struct PartyOptions {
  std::string bond = "bond0";  ///< the host's interface of it, too
  std::vector<std::string> ports;
  std::string address;  ///< with prefix length; empty: none
  bool active = true;   ///< lacp_active; off: speaks only when spoken to
  bool fast = true;     ///< lacp_rate
  unsigned min_links = 0;
  unsigned user_key = 0;                 ///< ad_user_port_key; bondbox and the kernel
  std::string system;                    ///< ad_actor_system; empty: the bond's own MAC
  bool apart = false;                    ///< Open vSwitch: the ports are no bond, each has a key of its own
  const char* ovs_mode = "balance-tcp";  ///< bond_mode of Open vSwitch
};

/// A port as its own side shows it.
struct PortView {
  std::string name;
  bool up = false;          ///< it has link
  unsigned actor = 0;       ///< Actor_State (IEEE 802.1AX-2014 6.4.2.3)
  unsigned partner = 0;     ///< Partner_State
  unsigned aggregator = 0;  ///< its number; for Open vSwitch 1: attached, 0: not
  bool carries = false;     ///< has link, is in the active aggregator, collects and distributes
};

struct View {
  bool readable = false;
  bool carrier = false;  ///< of the bond
  unsigned active_aggregator = 0;
  unsigned ports_in_active = 0;
  std::string partner;  ///< system of the active aggregator's partner
  std::vector<PortView> ports;
  std::string text;  ///< what it was read from

  std::size_t carrying() const;
  const PortView* find(std::string_view name) const;
};

/// The kernel's /proc/net/bonding text of an 802.3ad bond, which bondbox writes as well.
View read_proc_view(const std::string& text);
/// What `ovs-appctl lacp/show` and `bond/show` print.
View read_ovs_view(const std::string& lacp, const std::string& bond);

class Party {
 public:
  virtual ~Party() = default;
  Party() = default;
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;

  virtual View view() = 0;
  /// The same from a place that is kept up to date, where there is one.
  virtual View published() { return view(); }
  /// Takes the bond away in the ordinary way: its ports are released.
  virtual void stop() = 0;
  /// Ends it as a crash does, where it is a program.
  virtual void kill() { stop(); }
  /// Again, after stop() or kill().
  virtual void start() = 0;
  /// Another process takes its place, where it is a program that can; the partner is not to notice.
  virtual void take_over() {}
  /// Why a port carries traffic or does not, in its own words; empty: it does not say.
  virtual std::string explain(const std::string& port) {
    (void)port;
    return {};
  }
  /// What it has to say for itself when a case has failed.
  virtual std::string log() { return {}; }
};

/// Starts it. Throws std::runtime_error with the reason when it does not start.
std::unique_ptr<Party> make_party(Kind kind, const lab::Namespace& space, const PartyOptions& options);

std::unique_ptr<Party> make_kernel_party(const lab::Namespace& space, const PartyOptions& options);
std::unique_ptr<Party> make_bondbox_party(const lab::Namespace& space, const PartyOptions& options);
std::unique_ptr<Party> make_ovs_party(const lab::Namespace& space, const PartyOptions& options);

/// Empty when Open vSwitch can be run here, else what is missing.
std::string what_ovs_misses();

/// Runs the lines as one `ip -batch` in a namespace; throws with ip's words when one fails.
void ip_batch(const lab::Namespace& space, const std::string& lines);

}  // namespace bondbox::live

// Why a bond works or does not, and why a port carries traffic or does not: in words, with what would change it. Pure
// functions of a bond's state, the same for every mode. The words are in explain_words.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/bond_status.hpp"
#include "firmware/privilege_status.hpp"

namespace bondbox {

enum class Said : std::uint8_t;

/// Two sentences: "VERDICT: CAUSE" and "REMEDY", without full stops.
struct Explanation {
  std::string verdict;     ///< "carries traffic", "does not carry traffic"; of a bond "works", "is degraded", "is down"
  std::string cause;       ///< "it stands by, eth0 is active and works"
  std::string remedy;      ///< "Nothing needs to be done", or what would change it
  std::vector<Said> said;  ///< which sentences these are, the first of them the one with the verdict

  bool operator==(const Explanation&) const = default;
};

Explanation explain_bond(const BondStatus& bond);
Explanation explain_port(const BondStatus& bond, const PortStatus& port);
/// A port that is configured and not there.
Explanation explain_awaited(const BondStatus& bond, const AwaitedStatus& port);
/// explain_port() for a port of an 802.3ad bond whose link is up.
Explanation explain_lacp_port(const BondStatus& bond, const PortStatus& port);

/// explain_port() for a port that is kept out of use by flap damping or by several monitors together, though its cable
/// may be well; none: it is not.
std::optional<Explanation> explain_kept_out(const BondStatus& bond, const PortStatus& port);
/// The same after the port's name: "flaps, kept out for about 12 s"; empty: it is not.
std::string kept_out_text(const PortStatus& port, Explanation* told = nullptr);

/// Who moves the bond's frames, and why not the kernel.
Explanation explain_forwarding(const BondStatus& bond);
/// What else there is to say of the bond, each a verdict of its own: traffic that is spread unevenly, lost frames,
/// addresses, options that do nothing. Nothing of a bond on which nothing is noteworthy. `privileges` may be null.
std::vector<Explanation> explain_remarks(const BondStatus& bond, const PrivilegeStatus* privileges);

/// As lines for a person at an 80-column console: the bond and then each port of it, or the one port. nullopt: there is
/// no port of that name.
std::string render_explanation(const BondStatus& bond, const PrivilegeStatus* privileges = nullptr);
std::optional<std::string> render_explanation(const BondStatus& bond, std::string_view port);

}  // namespace bondbox

// What a changed configuration changes, as single steps that can be shown and carried out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "firmware/config/bond_config.hpp"

namespace bondbox {

struct Change {
  enum class Kind : std::uint8_t {
    add_bond,
    remove_bond,
    option,  ///< write_option(bond, name, to)
    add_port,
    remove_port,
    add_address,
    remove_address,
    gateway,
    mtu,
    mac,
  };
  Kind kind = Kind::option;
  std::string bond;
  std::string name;  ///< of the option, port or address
  std::string from;  ///< of options, gateway, mtu and mac; empty: unset
  std::string to;    ///< the same; of a list or per-port option one item, as it is written: "+10.0.0.1", "eth0:3"

  /// "bond0: miimon 100 -> 50", "bond0: + port eth2", "- bond bond1".
  std::string text() const;
  friend bool operator==(const Change&, const Change&) = default;
};

/// Steps from `running` to `wanted`, two states of one bond, in an order in which each is allowed: ports leave, options
/// in the order of the option table, ports join, per-port options, new addresses, the
/// gateway, old addresses. An option that needs a bond without ports
/// makes all ports leave and join again. An option that another step moves by the way (delays by miimon) is written
/// again: its `from` and `to` are equal. Options that only a bond that is down takes (OptionInfo::while_down) are not
/// surrounded by steps for that.
std::vector<Change> diff_config(const BondConfig& running, const BondConfig& wanted);

/// The same for whole configurations; bonds that go first, bonds that come last.
std::vector<Change> diff_config(const Config& running, const Config& wanted);

}  // namespace bondbox

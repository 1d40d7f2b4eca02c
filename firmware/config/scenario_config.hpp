// A scenario file for the simulator: NICs, wires, bonds, and what happens when.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "firmware/config/bond_config.hpp"
#include "firmware/config/message.hpp"
#include "hal/link.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox {

struct ScenarioNic {
  std::string name;
  MacAddress mac;  ///< unless given 02:bb:00:00:00:NN, NN its place in the file from 1
  std::uint32_t speed_mbps = 1000;
  Duplex duplex = Duplex::full;
  std::uint32_t mtu = 1500;
};

/// A cable. An end that names no NIC is a learning switch, which may have many; at least one end is a NIC.
struct ScenarioWire {
  std::string a;
  std::string b;
};

// --- what can happen; `bond` and `nic` name one of the scenario's ------------------------------------------------

/// The cable of a NIC is pulled or put back.
struct LinkAction {
  std::string nic;
  bool up = false;
};
enum class PrintFormat : std::uint8_t { proc, json, text };
struct PrintAction {
  std::string bond;
  PrintFormat format = PrintFormat::proc;
};
/// An option is written. That it is refused then is part of the scenario, not an error of the file.
struct SetAction {
  std::string bond;
  std::string option;  ///< a known one, as the option table has it
  std::string value;
};
/// The frames of a capture file. Exactly one of `bond` (the host sends them) and `nic` (it receives them) is set.
struct SendAction {
  std::string file;  ///< as written; relative to the scenario file
  std::string bond;
  std::string nic;
};
struct EnslaveAction {
  std::string bond;
  std::string port;
};
struct ReleaseAction {
  std::string bond;
  std::string port;
};
struct ActivateAction {
  std::string bond;
  std::string port;  ///< empty: choose again
};
/// A NIC vanishes, or comes back.
struct NicAction {
  std::string nic;
  bool present = false;
};
/// The host sets the bond's interface up or down.
struct HostAction {
  std::string bond;
  bool up = false;
};
/// The host gets or loses an address on the bond.
struct AddressAction {
  std::string bond;
  IpPrefix prefix;
  bool add = true;
};
/// A drill; its report goes to the output when it has ended.
struct DrillAction {
  std::string bond;
  std::vector<std::string> words;  ///< of `bondbox drill`, the bond's name first; DrillRequest takes them
};

using ScenarioAction = std::variant<LinkAction, PrintAction, SetAction, SendAction, EnslaveAction, ReleaseAction,
                                    ActivateAction, NicAction, HostAction, AddressAction, DrillAction>;

struct ScenarioStep {
  Tick time;
  Position at;                          ///< of the step in the file
  std::vector<ScenarioAction> actions;  ///< in the order of the file
};

struct Scenario {
  Ticks duration;
  std::vector<BondConfig> bonds;
  std::vector<ScenarioNic> nics;
  std::vector<ScenarioWire> wires;
  std::vector<ScenarioStep> steps;  ///< by time; of equal times in the order of the file; none is later than `duration`

  const ScenarioNic* find_nic(std::string_view name) const;
  const BondConfig* find_bond(std::string_view name) const;
};

struct ScenarioResult {
  Scenario scenario;  ///< meaningful when ok()
  std::vector<ConfigMessage> errors;
  std::vector<ConfigMessage> warnings;

  bool ok() const noexcept { return errors.empty(); }
};

ScenarioResult load_scenario(std::string_view text, std::string_view file_name);

}  // namespace bondbox

// A scenario: a bond, its options and what happens to it, as lines of text that a person can write and a failing run
// can leave behind.
//
//   # what it shows
//   mode active-backup
//   ports 2
//   option miimon 100                 written before the ports are enslaved, in this order
//   step 600 down 0                   the far end of port 0 goes down; 600 ms later everything is looked at
//   step 300 set active_slave e1      an option is written
//
// Steps: wait; down P, up P: the far end of port P; set OPTION [VALUE]; enslave P, release P; bond up, bond down;
// send KIND COUNT SEED: frames from the host into bond0; receive P SEED: frames of all classes into the far end of P;
// ask P: a client at the far end of P asks for bond0's address.
// Ports are e0, e1, ... with MACs 02:00:00:00:0a:00, ...; bond0 has 10.77.0.1/24 and a
// VLAN interface, bond0.5, without an address.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policies/options.hpp"

namespace bondbox::live {

struct Step {
  int lasts_ms = 0;  ///< from its beginning to the look at both sides
  std::string action;

  std::vector<std::string> words() const;
};

struct Scenario {
  std::string title;  ///< of the comment; not part of what happens
  Mode mode = Mode::active_backup;
  int ports = 2;
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<Step> steps;

  /// Whether an option turns the ARP monitor on. The far ends are then a bridge that answers for arp_target.
  bool has_arp_monitor() const;

  std::string text() const;
  /// What every scenario begins with: bond0 is made, the options are written, the ports enslaved, bond0 set up.
  int setup_ms() const;
  int lasts_ms() const;
  /// Throws std::runtime_error with the line that is wrong.
  static Scenario parse(const std::string& text);
};

inline constexpr int ports_max = 4;
inline constexpr const char* arp_target = "10.77.0.250";

}  // namespace bondbox::live

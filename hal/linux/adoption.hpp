// What a killed process left that goes on without it: bond0, made to outlive it, and the ports whose programs still
// carry bond0's frames. The next process takes both over in place, so that addresses, routes and traffic stay; what it
// has no use for it takes away or gives back.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hal/linux/host_journal.hpp"

namespace bondbox::lnx {

struct Context;

/// A bond that is about to be made.
struct WantedBond {
  std::string name;
  std::vector<std::string> ports;
};

/// Between the start of a process and the time when all of its bonds are made.
struct Adoption {
  struct Host {
    std::string bond;  ///< whose it is; the record names the interface, which may have been renamed
    HostRecord record;
    HostJournal journal;  ///< locked
  };
  std::vector<Host> hosts;
  std::vector<std::string> ports;  ///< by name; what is left on them stays when they are claimed

  bool expects(std::string_view port) const noexcept;
};

/// Finds what can be taken over for these bonds, takes away host ports that nobody wants, gives back the other ports.
/// One line for each thing: what was done.
std::vector<std::string> begin_adoption(Context& context, std::span<const WantedBond> wanted);

/// Ends what was taken over and serves nobody: programs without an offload to change them, ports and host ports that no
/// bond has claimed.
std::vector<std::string> end_adoption(Context& context);

}  // namespace bondbox::lnx

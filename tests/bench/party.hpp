// Who is measured: each sets up its own way from the appliance's address to the two cables.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/street.hpp"

namespace bondbox::bench {

/// A contestant at work. Ended, with its processes, by the destructor; the street is ended after it.
class Party {
 public:
  virtual ~Party() = default;
  /// The processes that forward, or would.
  virtual std::vector<pid_t> processes() const { return {}; }
  /// It must not work while others are measured: what spins is stopped. Most have nothing to do then anyway.
  virtual void rest(bool) {}
  /// Whether all of it may be put on one CPU with others: not what spins.
  virtual bool shares_cpu() const { return true; }
  /// Polls for a while after each packet, instead of sleeping at once; false: it cannot be told to.
  virtual bool poll_busily(bool) { return false; }
  /// What is to be known about it when it has come up.
  virtual std::string remark() const { return {}; }
};

struct PartyKind {
  std::string key;
  std::string title;
  /// Why it cannot be had here; empty: it can. Asked before a street is laid.
  std::function<std::string()> what_is_missing;
  /// Throws std::runtime_error with the reason when it does not come up.
  std::function<std::unique_ptr<Party>(const Street&)> start;
};

PartyKind bare_cable();
/// offload=off: every frame passes through the daemon.
PartyKind packet_path();
/// offload=bpf: frames pass through programs in the kernel.
PartyKind bpf_path();
PartyKind open_vswitch();
PartyKind dpdk_bonding();
/// The kernel's own driver, where the bench runs inside a kernel that has it.
PartyKind kernel_driver();

/// The bench on this machine, and inside user-mode-linux.
std::vector<PartyKind> parties_here();
std::vector<PartyKind> parties_inside();

}  // namespace bondbox::bench

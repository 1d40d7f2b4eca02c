// What the parts of one LinuxHardware share. It outlives the hardware object for as long as a NIC or host port lives.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hal/linux/adoption.hpp"
#include "hal/linux/bpf_kernel_layout.hpp"
#include "hal/linux/driver.hpp"
#include "hal/linux/handover.hpp"
#include "hal/linux/interfaces.hpp"
#include "hal/linux/port_journal.hpp"

namespace bondbox::lnx {

/// One sentence without a full stop, for the log.
using LogSink = std::function<void(std::string)>;

class PacketNic;
class TapHostPort;
class LinuxOffload;

struct Context {
  std::string run_dir;
  LogSink log;
  Interfaces interfaces;
  Driver driver;
  std::uint64_t namespace_inode = 0;
  std::string boot_id;

  struct ClaimedNic {
    int index = 0;
    std::string name;  ///< by which it was opened
    PacketNic* nic = nullptr;
  };
  std::vector<ClaimedNic> nics;
  /// Ports whose interfaces went while they were ours: one that was only elsewhere for a while is known again.
  std::vector<PortRecord> departed;
  std::vector<TapHostPort*> host_ports;
  Adoption adoption;
  Handover handed;      ///< by the process whose place this one takes
  bool let_go = false;  ///< another process has all of it now: nothing is given back, put right or taken away
  std::vector<LinuxOffload*> offloads;
  KnownKernelLayout kernel_layout;
  ProvenBpf proven_bpf;

  /// Room for dumps, kept so that an event costs no allocation.
  std::vector<InterfaceInfo> interface_list;
  std::vector<InterfaceAddress> address_list;

  /// Fills both. errno, 0: done.
  int dump() {
    const int error = interfaces.list(interface_list);
    return error != 0 ? error : interfaces.list_addresses(address_list);
  }

  void say(std::string text) const {
    if (log) log(std::move(text));
  }
};

}  // namespace bondbox::lnx

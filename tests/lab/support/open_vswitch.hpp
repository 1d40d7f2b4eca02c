// Open vSwitch in user space (datapath_type=netdev), with a database, sockets and processes of its own.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/lab/support/namespace.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::lab {

class OpenVswitch {
 public:
  /// Why it cannot run here; empty: it can. It is installed, or unpacked by toolchain/setup.sh.
  static std::string what_is_missing();

  /// Runs in `space`; `settings` are set before its switch starts, in words of ovs-vsctl. Throws when it does not
  /// start.
  explicit OpenVswitch(const Namespace& space, const std::string& settings = {});
  /// Asked to end it takes its TAP interfaces with it; killed it would as well, but not its sockets.
  ~OpenVswitch();
  OpenVswitch(const OpenVswitch&) = delete;
  OpenVswitch& operator=(const OpenVswitch&) = delete;

  /// Throws when it is refused.
  void vsctl(const std::string& words) const;
  std::string appctl(const std::string& words) const;
  std::string version() const;
  std::vector<pid_t> processes() const;

 private:
  struct Files {
    std::string vsctl, appctl, ovsdb_tool, ovsdb_server, vswitchd, schema;
  };
  static Files find();  // all empty: it is nowhere

  std::string path(const std::string& name) const { return scratch_.path() + "/" + name; }
  void await(const std::string& socket) const;

  const Namespace& space_;
  Files files_ = find();
  ScratchDirectory scratch_;
  Process server_;
  Process vswitchd_;
};

}  // namespace bondbox::lab

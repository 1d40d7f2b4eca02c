// A machine with the kernel's own bonding driver: Debian's user-mode-linux, a whole kernel as one program. Its root is
// this machine's root, so this machine's programs run in it and every path means the same inside and outside; /run,
// /proc, /sys and /dev are its own, and so are its network namespaces, interfaces and processes. It has one CPU, time
// slices of 10 ms and slow system calls: right for behaviour, wrong for speed. It boots in about 2 s.
//
//   lab::ScratchDirectory exchange;                       // under /tmp, which is shared: inside writes, outside reads
//   const UmlResult result = UmlMachine().run("ip link add bond0 type bond > " + exchange.path() + "/out 2>&1");
//   BOOST_REQUIRE_MESSAGE(result.ok(), result.text());
//
// Several may run at once; each costs a CPU while it works. Whoever goes out of scope kills its machine.
#pragma once

#include <string>
#include <vector>

#include "tests/lab/support/namespace.hpp"

namespace bondbox::live {

/// How a command in the machine ended.
struct UmlResult {
  bool ended = false;   ///< the command came to its end within the limit
  int status = -1;      ///< its exit status, when it ended
  std::string output;   ///< its stdout and stderr
  std::string console;  ///< what the kernel said

  bool ok() const noexcept { return ended && status == 0; }
  /// All of it, for the message of a failed test.
  std::string text() const;
};

class UmlMachine {
 public:
  /// Empty when machines can be had here, else the reason, for skipping. The first call boots one (about 3 s).
  static const std::string& what_is_missing();
  /// The driver and what is needed to try it: loaded before the command starts.
  static std::vector<std::string> usual_modules();

  explicit UmlMachine(std::vector<std::string> modules = usual_modules(), int memory_mb = 256);

  /// Boots, runs `sh -c command` as root with loopback up, in the caller's working directory and with its BONDBOX, and
  /// halts. What takes longer than `limit_s` (boot included) is killed.
  UmlResult run(const std::string& command, int limit_s = 60);

  /// The same in two halves, for two machines side by side.
  void start(const std::string& command);
  UmlResult wait(int limit_s = 60);

  /// A directory of this machine's own, seen inside under the same path; it goes with the machine.
  const std::string& directory() const noexcept { return scratch_.path(); }
  pid_t pid() const noexcept { return process_.pid(); }

 private:
  void prepare_modules() const;
  void write_init(const std::string& command) const;

  std::vector<std::string> modules_;
  int memory_mb_;
  lab::ScratchDirectory scratch_;
  lab::Process process_;
};

}  // namespace bondbox::live

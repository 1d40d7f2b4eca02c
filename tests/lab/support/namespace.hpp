// Network namespaces for tests, cleaned up by their destructors, and by the next test run when a test was killed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::lab {

struct CommandResult {
  int status = -1;     ///< exit status; 128 + signal; 124 when it ran too long
  std::string output;  ///< stdout and stderr together
  bool ok() const noexcept { return status == 0; }
};

/// Runs `sh -c command` where the caller is, for at most `limit_s` seconds.
CommandResult run_command(const std::string& command, int limit_s = 20);

/// Where a file of a Debian package is, installed or unpacked into build/deps; empty: nowhere.
std::string of_package(const std::string& path);

/// A child process with its own process group, killed (SIGKILL) and waited for by the destructor.
class Process {
 public:
  Process() = default;
  explicit Process(pid_t pid) noexcept : pid_(pid) {}
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process& operator=(Process&& other) noexcept {
    if (this != &other) {
      stop(9);
      pid_ = std::exchange(other.pid_, -1);
    }
    return *this;
  }
  ~Process() { stop(9); }

  pid_t pid() const noexcept { return pid_; }
  bool is_running() const;
  /// Sends the signal and waits, at most 5 seconds, then SIGKILL. Returns the wait status, -1 when there is no process.
  int stop(int signal);
  /// Waits for its own end. Nothing when it still runs after `limit_ms`.
  std::optional<int> wait(int limit_ms);

 private:
  pid_t pid_ = -1;
};

/// A namespace of its own, with loopback up. Its name holds the test's process id.
class Namespace {
 public:
  Namespace();
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  const std::string& name() const noexcept { return name_; }

  /// Ends, by SIGKILL, every bondbox that lives inside, and has `word` in its command line: what another one has
  /// started in its place is nobody's child.
  void end_bondboxes(std::string_view word = {}) const;

  /// `sh -c command` inside, with /sys of this namespace.
  CommandResult run(const std::string& command, int limit_s = 20) const;
  /// The same, throwing std::runtime_error with the output when it fails: for the set-up of a test.
  std::string must(const std::string& command, int limit_s = 20) const;
  /// Starts it in the background; its output goes to `output_path`.
  Process start(const std::string& command, const std::string& output_path = "/dev/null") const;
  /// Forks a child that runs `body` inside and exits with what it returns.
  Process fork_inside(const std::function<int()>& body) const;

  /// While it lives the calling thread is inside.
  class Stay {
   public:
    explicit Stay(const Namespace& space);
    ~Stay();
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;

   private:
    lnx::UniqueFd before_;
  };

 private:
  std::string name_;
};

/// A veth cable. Both ends get the same interface index where `index` is given: the kernel delays link events of such
/// pairs by up to a second (linkwatch), as it does for real NICs.
void lay_cable(const Namespace& left, const std::string& left_name, const Namespace& right,
               const std::string& right_name, int index = 0);

/// A raw socket on one interface that sees every frame there, tags put back, and sends bytes as they are.
class Wiretap {
 public:
  Wiretap(const Namespace& space, const std::string& interface);

  /// errno, 0: sent.
  int send(std::span<const std::uint8_t> frame);
  /// The first frame that `wanted` accepts, within `limit_ms`; empty when there was none.
  std::vector<std::uint8_t> expect(const std::function<bool(std::span<const std::uint8_t>)>& wanted, int limit_ms);

 private:
  lnx::UniqueFd fd_;
};

/// A socket in the namespace where the caller is, that is a member of an IPv4 multicast group on the interface that
/// holds the address. Throws when it cannot be.
class GroupMember {
 public:
  GroupMember(const char* group, const char* holder);

 private:
  lnx::UniqueFd fd_;
};

/// Calls `done` every 2 ms until it says true, at most for `limit_ms`. Whether it did.
bool wait_until(const std::function<bool()>& done, int limit_ms);

using test::ScratchDirectory;

}  // namespace bondbox::lab

// The program at work: steps the scheduler when a frame, a link event, a command or a deadline asks for it, and sleeps
// in between, in one epoll. Asio serves the control socket only, and is asked when a client is there: a wake-up for a
// frame costs one system call.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "firmware/command_executor.hpp"
#include "firmware/control_hooks.hpp"
#include "firmware/scheduler.hpp"
#include "firmware/service_status.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/wait_set.hpp"
#include "hal/outcome.hpp"

namespace bondbox {

class Runtime {
 public:
  struct Hooks {
    std::function<void()>
        after_steps;                ///< the bonds may have changed; called after every run of steps, and once a second
    std::function<void()> hang_up;  ///< SIGHUP
    std::function<std::array<int, 2>()> also_watched;  ///< descriptors that wake it, too; -1: none
    control::AfterCommand after_command;               ///< may be empty, and so
    control::MayAnswer may_answer;
  };

  /// From here on SIGTERM, SIGINT and SIGHUP are the runtime's; those that come before run() are kept for it.
  Runtime(Scheduler& scheduler, const lnx::MonotonicClock& clock, CommandExecutor& executor, Hooks hooks);
  /// From here on they are blocked, so that nothing cuts short what the program still has to give back.
  ~Runtime();

  /// Of the control socket, from the next time it is made: the group that may ask questions.
  void set_readers(std::optional<unsigned> group);
  /// What they asked for and did not get.
  std::uint64_t refused_commands() const;
  /// Opens the control socket.
  Outcome start(const std::string& socket_path);
  /// Whether the control socket is where it was made.
  bool is_reachable() const;
  /// Makes it again there, after somebody has removed or hidden it.
  Outcome listen(const std::string& socket_path);
  /// The same with the socket of the process before.
  Outcome take_over(const std::string& socket_path, lnx::UniqueFd socket);
  int control_socket() const;
  /// Whether somebody's answer waits for may_answer.
  bool holds_answers() const;
  /// Of those who asked.
  ServiceStatus service() const;
  /// Another process has the control socket now.
  void let_go();
  /// Until SIGTERM or SIGINT, or stop().
  void run();
  void stop();

 private:
  struct Parts;
  Outcome begin();
  void work();
  void watch();
  void serve();
  void take_signals();
  void wait();
  lnx::WaitSet::Woken poll_busily(std::int64_t window_us);
  std::int64_t patience_us() const;

  Scheduler& scheduler_;
  const lnx::MonotonicClock& clock_;
  Hooks hooks_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace bondbox

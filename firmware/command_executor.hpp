// The commands that a running program answers: the same for the control socket, a console and the simulator.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firmware/drill.hpp"
#include "firmware/render.hpp"
#include "firmware/scheduler.hpp"

namespace bondbox {

/// How a command ended, in the terms of a process: its exit status and what it prints.
struct Reply {
  int exit_status = 0;  ///< 0 done; 1 it failed, 2 the words were wrong: `text` says why, for stderr; exit_not_held
  std::string text;
  bool goes_on =
      false;  ///< what was asked for has begun; CommandExecutor::take_drill_reply() has the reply when it ends
};
/// All was done and told, and it came out otherwise than it was to: `text` is for stdout, the process ends with 1.
inline constexpr int exit_not_held = 3;

/// Every answer ends with a newline, or is empty.
class CommandExecutor {
 public:
  /// Applies the configuration file again; empty where there is none.
  using Reload = std::function<Reply()>;
  /// Makes the bond of these module-parameter words, or changes the one of that name into it.
  using Add = std::function<Reply(std::span<const std::string>)>;

  CommandExecutor(Scheduler& scheduler, std::function<WallClock()> wall_clock, Reload reload)
      : scheduler_(scheduler), wall_clock_(std::move(wall_clock)), reload_(std::move(reload)) {}

  /// Lets another process take this one's place; without it `takeover` is refused.
  using TakeOver = std::function<Reply(std::string_view version)>;
  void set_take_over(TakeOver take_over) { take_over_ = std::move(take_over); }

  /// Writes what the flight recorder holds to a file; without it `trace` is refused.
  void set_trace(std::function<Result<std::string>()> write_trace) { write_trace_ = std::move(write_trace); }

  /// Without it `add` is refused.
  void set_add(Add add) { add_ = std::move(add); }
  /// For the status; without it nothing is told.
  void set_privileges(std::function<PrivilegeStatus()> privileges) { privileges_ = std::move(privileges); }
  /// Whether the status page may offer to take a port's link away; without it, it does not.
  void set_page_drill(std::function<bool()> allowed) { page_drill_ = std::move(allowed); }
  void set_service(std::function<ServiceStatus()> service) { service_ = std::move(service); }

  /// Whether the words can be a command at all: exit status 0, or 2 and what is expected. Asks no bond, so that a
  /// client can tell before it looks for a running bondbox.
  static Reply check(std::span<const std::string> words);
  /// Whether the command only tells.
  static bool is_question(std::span<const std::string> words);

  /// `words` is the command and its arguments: status, get, set, enslave, release, activate, reload, events, which,
  /// explain, plan, add, remove, trace. A command that changes something is the command of a step of its own.
  Reply execute(std::span<const std::string> words);

  /// Of a drill: once, when it has ended.
  std::optional<Reply> take_drill_reply();
  /// Whoever asked for it has gone: what is away is given back.
  void give_up_drill();

 private:
  Reply status(std::span<const std::string> arguments);
  Reply events(std::span<const std::string> arguments);
  Reply get(std::span<const std::string> arguments);
  Reply set(std::span<const std::string> arguments);
  Reply change_ports(std::span<const std::string> arguments,
                     const std::function<Outcome(Bond&, std::string_view)>& change);
  Reply release(std::span<const std::string> arguments);
  Reply remove(std::span<const std::string> arguments);
  Reply activate(std::span<const std::string> arguments);
  Reply write_trace();
  Reply which(std::span<const std::string> arguments);
  Reply plan(std::span<const std::string> arguments);
  Reply explain(std::span<const std::string> arguments);
  Reply drill(std::span<const std::string> arguments);

  Bond* find(const std::string& name, Reply& reply);
  Reply in_a_step(const std::function<Reply()>& change);

  Scheduler& scheduler_;
  std::function<WallClock()> wall_clock_;
  Reload reload_;
  Add add_;
  std::function<Result<std::string>()> write_trace_;
  TakeOver take_over_;
  std::function<PrivilegeStatus()> privileges_;
  std::function<ServiceStatus()> service_;
  std::unique_ptr<Drill> drill_;
  std::function<bool()> page_drill_;
};

}  // namespace bondbox

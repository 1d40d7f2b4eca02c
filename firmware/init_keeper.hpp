// What stays of `bondbox init`: keeps the daemon running, and a console where there is nothing else; as process 1 it
// also takes in every orphan and ends the machine in order. Nothing that happens to it makes it return but a request.
#pragma once

#include <functional>
#include <string>

#include "firmware/init_rules.hpp"
#include "firmware/log.hpp"
#include "hal/linux/child_processes.hpp"
#include "hal/linux/monotonic_clock.hpp"

namespace bondbox {

/// To the log, and what is an error and the kernel would not show on the console, to stderr too.
void say_as_init(Log& log, LogLevel level, const std::string& text);

class InitKeeper {
 public:
  struct Setup {
    std::string config;
    std::string run_dir;
    std::string console;  ///< the terminal that gets a shell, or bondbox's own console; empty: none
    bool ends_machine = false;
    std::function<std::string()> what_is_wrong;  ///< with the configuration now, a line each; empty: nothing
  };

  /// Signals are held already.
  InitKeeper(Setup setup, Log& log) : setup_(std::move(setup)), log_(log) {}

  /// Until a signal asks for an end. With `ends_machine` it returns only where the kernel refused to end the machine.
  InitRequest run();

 private:
  struct Kept {
    const char* what;
    Respawn respawn;
    int pid = 0;
    Tick due{};  ///< of the next start while `pid` is 0
  };

  void start_due();
  void start_daemon();
  void start_console();
  bool configuration_is_right();
  void start(Kept& kept, const lnx::ChildProgram& program);
  /// Puts the next start off, and says so.
  void start_later(Kept& kept, const std::string& why);
  void take_ended();
  void note_end(Kept& kept, const lnx::EndedChild& ended);
  void reload();
  /// Whether all that is to end has ended in this time.
  bool wait_for_end(const Kept* kept, Ticks limit);
  void stop(Kept& kept, Ticks limit);
  void end(InitRequest request);
  std::int64_t ms_until_due();

  void say(LogLevel level, const std::string& text);

  Setup setup_;
  Log& log_;
  lnx::MonotonicClock clock_;
  Kept daemon_{"the daemon", Respawn({200}, {30'000}, {30'000})};
  Kept console_{"the console", Respawn({200}, {30'000}, {5'000})};
  std::string told_;  ///< what is wrong with the configuration, as it was last said
  bool ending_ = false;
};

}  // namespace bondbox

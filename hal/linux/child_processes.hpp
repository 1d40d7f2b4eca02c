// Child processes and signals, for a process that may be the first of the machine. One thread; all signals are held and
// taken one by one, so nothing interrupts anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bondbox::lnx {

struct ChildProgram {
  std::vector<std::string> words;  ///< the first is the program's path
  std::string name;                ///< what it is told that it was called as; empty: words[0]
  /// The terminal that it gets as its controlling one and for input and output. Empty: it reads nothing, and what it
  /// writes goes to the kernel's log, or where ours goes when there is none.
  std::string terminal;
  std::vector<std::string> environment;  ///< "NAME=VALUE", beside ours
};

struct EndedChild {
  int pid = 0;
  int exit_status = 0;  ///< -1: it was killed by `signal`
  int signal = 0;

  bool by_itself() const noexcept { return signal == 0; }
  /// "ended with exit status 1", "was killed by signal 9 (Killed)"
  std::string text() const;
};

/// Whether this is process 1, of the machine or of a PID namespace.
bool is_first_process();
/// Of the machine, not of a namespace.
bool is_first_process_of_the_machine();
/// Whether process 1 started this one.
bool is_started_by_first_process();

/// From here on signals wait for next_signal(), in this process and what it forks, until a program is started.
void hold_signals();
/// The number of a signal that came, 0 after `timeout_ms` without one.
int next_signal(std::int64_t timeout_ms);

/// Starts it in a session of its own, with all signals as a program expects them. errno, 0: it runs and `pid` is set.
int start_child(const ChildProgram& program, int& pid);
/// A copy of this process in a session of its own: 0 in the copy, its number here, -errno. The copy keeps none of this
/// process's open files but the first three, and of these nothing but /dev/null where `quiet`. It ends by end_copy().
int fork_copy(bool quiet);
[[noreturn]] void end_copy(int exit_status);
/// This program's own file, or what is in its place by now; a name of the kernel's for it where there is none.
std::string own_program();
/// A child that ended, our own or one that was left to process 1. Never waits.
std::optional<EndedChild> take_ended_child();
/// Whether there is any child, ended or not.
bool has_children();
/// No error when it has gone.
void signal_child(int pid, int signal);
/// errno, 0: done.
int signal_first_process(int signal);
/// To every process but this one; nothing unless this is process 1.
void signal_everybody(int signal);

/// Runs it to its end, with this process's files; its exit status, or -errno where it could not be started.
int run_program(const std::vector<std::string>& words);
/// Becomes the program, in place of this process. Returns only errno.
int become_program(const std::vector<std::string>& words);
bool is_program(const std::string& path);

enum class MachineEnd : std::uint8_t { restart, power_off, halt };
/// Writes back what is not on disk yet, and reboot(2). Returns only errno. In a PID namespace it ends the namespace.
int end_machine(MachineEnd end);
/// Ctrl-Alt-Del becomes SIGINT for process 1 instead of a restart on the spot.
void take_ctrl_alt_del();

}  // namespace bondbox::lnx

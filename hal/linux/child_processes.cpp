#include "hal/linux/child_processes.hpp"

#include <fcntl.h>
#include <linux/reboot.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {
namespace {

/// Of the machine's own PID namespace, on every kernel that has them (include/linux/proc_ns.h).
constexpr ino_t first_pid_namespace = 0xEFFFFFFC;

void put_on(int fd, int first, int last) {
  for (int standard = first; standard <= last; ++standard) (void)::dup2(fd, standard);
}

void signals_as_expected() {
  for (int number = 1; number < NSIG; ++number) (void)::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
}

int take_terminal(const std::string& path) {
  const UniqueFd terminal(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.valid()) return errno;
  // Also from a session that is left over from a shell before it. What is no terminal serves without being one.
  (void)::ioctl(terminal.get(), TIOCSCTTY, 1);
  put_on(terminal.get(), STDIN_FILENO, STDERR_FILENO);
  return 0;
}

void speak_to_kernel_log() {
  const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (nothing.valid()) put_on(nothing.get(), STDIN_FILENO, STDIN_FILENO);
  const UniqueFd log(::open("/dev/kmsg", O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC));
  if (log.valid()) put_on(log.get(), STDOUT_FILENO, STDERR_FILENO);
}

void close_all_but_the_first_three() {
  if (::syscall(SYS_close_range, 3U, ~0U, 0U) == 0) return;
  // Before Linux 5.9.
  for (int fd = 3; fd < static_cast<int>(::sysconf(_SC_OPEN_MAX)); ++fd) (void)::close(fd);
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// In the child. Returns only errno.
int become_child(const ChildProgram& program) {
  (void)::setsid();
  signals_as_expected();
  if (program.terminal.empty()) {
    speak_to_kernel_log();
  } else if (const int error = take_terminal(program.terminal); error != 0) {
    return error;
  }
  for (const std::string& variable : program.environment) {
    const std::size_t end = variable.find('=');
    (void)::setenv(variable.substr(0, end).c_str(), variable.substr(end + 1).c_str(), 1);
  }
  std::vector<std::string> words = program.words;
  if (!program.name.empty()) words[0] = program.name;
  (void)::execv(program.words[0].c_str(), pointers(words).data());
  return errno;
}

}  // namespace

std::string EndedChild::text() const {
  if (by_itself()) return "ended with exit status " + std::to_string(exit_status);
  const char* const name = ::strsignal(signal);
  return "was killed by signal " + std::to_string(signal) + (name != nullptr ? " (" + std::string(name) + ")" : "");
}

bool is_first_process() {
  return ::getpid() == 1;
}

bool is_first_process_of_the_machine() {
  struct stat status {};
  return is_first_process() && (::stat("/proc/self/ns/pid", &status) != 0 || status.st_ino == first_pid_namespace);
}

bool is_started_by_first_process() {
  return ::getppid() == 1;
}

void hold_signals() {
  sigset_t all;
  sigfillset(&all);
  // Faults of our own cannot wait.
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&all, fault);
  (void)::sigprocmask(SIG_SETMASK, &all, nullptr);
}

int next_signal(std::int64_t timeout_ms) {
  sigset_t awaited;
  sigemptyset(&awaited);
  (void)::sigprocmask(SIG_SETMASK, nullptr, &awaited);
  const std::int64_t wait_ms = std::max<std::int64_t>(timeout_ms, 0);
  const timespec timeout{static_cast<time_t>(wait_ms / 1000), static_cast<long>(wait_ms % 1000 * 1'000'000)};
  const int number = ::sigtimedwait(&awaited, nullptr, &timeout);
  return number > 0 ? number : 0;
}

int start_child(const ChildProgram& program, int& pid) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  pid = ::fork();
  if (pid < 0) return errno;
  if (pid == 0) {
    const int error = become_child(program);
    (void)!::write(writing.get(), &error, sizeof error);
    ::_exit(127);
  }
  writing.reset();
  // Ends without a word when the program has taken over, for then the pipe is closed.
  int error = 0;
  if (::read(reading.get(), &error, sizeof error) != static_cast<ssize_t>(sizeof error)) return 0;
  (void)::waitpid(pid, nullptr, 0);
  return error;
}

int fork_copy(bool quiet) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid > 0 ? pid : -errno;
  (void)::setsid();
  (void)::chdir("/");
  const UniqueFd nothing(quiet ? ::open("/dev/null", O_RDWR | O_CLOEXEC) : -1);
  if (nothing.valid()) put_on(nothing.get(), STDIN_FILENO, STDERR_FILENO);
  close_all_but_the_first_three();
  return 0;
}

void end_copy(int exit_status) {
  ::_exit(exit_status);
}

std::string own_program() {
  const std::string always = "/proc/self/exe";
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink(always.c_str(), path.data(), path.size());
  std::string_view found(path.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  if (constexpr std::string_view gone = " (deleted)"; found.ends_with(gone)) found.remove_suffix(gone.size());
  return is_program(std::string(found)) ? std::string(found) : always;
}

std::optional<EndedChild> take_ended_child() {
  int status = 0;
  const pid_t pid = ::waitpid(-1, &status, WNOHANG);
  if (pid <= 0) return std::nullopt;
  EndedChild ended;
  ended.pid = pid;
  ended.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  ended.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ended;
}

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void signal_child(int pid, int signal) {
  if (pid > 1) (void)::kill(pid, signal);
}

int signal_first_process(int signal) {
  return ::kill(1, signal) == 0 ? 0 : errno;
}

void signal_everybody(int signal) {
  if (is_first_process()) (void)::kill(-1, signal);
}

int become_program(const std::vector<std::string>& words) {
  sigset_t held;
  (void)::sigprocmask(SIG_SETMASK, nullptr, &held);
  signals_as_expected();
  std::vector<std::string> copy = words;
  (void)::execvp(words[0].c_str(), pointers(copy).data());
  const int error = errno;
  (void)::sigprocmask(SIG_SETMASK, &held, nullptr);
  return error;
}

int run_program(const std::vector<std::string>& words) {
  constexpr int not_started = 127;
  const pid_t pid = ::fork();
  if (pid < 0) return -errno;
  if (pid == 0) {
    (void)become_program(words);
    ::_exit(not_started);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return -errno;
  if (!WIFEXITED(status)) return -ECHILD;
  return WEXITSTATUS(status) == not_started ? -ENOEXEC : WEXITSTATUS(status);
}

bool is_program(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

int end_machine(MachineEnd end) {
  ::sync();
  const int command = end == MachineEnd::restart     ? LINUX_REBOOT_CMD_RESTART
                      : end == MachineEnd::power_off ? LINUX_REBOOT_CMD_POWER_OFF
                                                     : LINUX_REBOOT_CMD_HALT;
  return ::reboot(command) == 0 ? 0 : errno;
}

void take_ctrl_alt_del() {
  (void)::reboot(static_cast<int>(LINUX_REBOOT_CMD_CAD_OFF));
}

}  // namespace bondbox::lnx

#include "firmware/init_keeper.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "firmware/text.hpp"

namespace bondbox {
namespace {

constexpr const char* shell = "/bin/sh";
constexpr Ticks daemon_end_limit{10'000};  // ports are given back, partners told
constexpr Ticks others_end_limit{2'000};
constexpr std::int64_t look_again_ms = 60'000;
constexpr std::int64_t log_again_ms = 1'000;

const char* name_of(InitRequest request) {
  if (request == InitRequest::power_off) return "power off";
  return request == InitRequest::halt ? "halt" : "restart";
}

lnx::MachineEnd end_of(InitRequest request) {
  if (request == InitRequest::power_off) return lnx::MachineEnd::power_off;
  return request == InitRequest::halt ? lnx::MachineEnd::halt : lnx::MachineEnd::restart;
}

/// Of a terminal that the kernel draws itself (tty0, tty1, ...), or of whatever is behind a serial line.
const char* terminal_kind(const std::string& path) {
  const bool drawn = path.size() > 8 && path.starts_with("/dev/tty") && path[8] >= '0' && path[8] <= '9';
  return drawn ? "TERM=linux" : "TERM=vt102";
}

}  // namespace

void say_as_init(Log& log, LogLevel level, const std::string& text) {
  log.add(level, "init: " + text);
  if (level == LogLevel::error && log.is_kernel_log() && !lnx::console_shows(level))
    std::fprintf(stderr, "bondbox: init: %s\n", text.c_str());
}

void InitKeeper::say(LogLevel level, const std::string& text) {
  say_as_init(log_, level, text);
}

InitRequest InitKeeper::run() {
  for (;;) {
    take_ended();
    start_due();
    log_.flush();
    const InitRequest request = request_of(lnx::next_signal(ms_until_due()));
    if (request == InitRequest::reload) reload();
    if (request == InitRequest::none || request == InitRequest::reload) continue;
    end(request);
    if (!setup_.ends_machine || !lnx::is_first_process_of_the_machine()) return request;
  }
}

std::int64_t InitKeeper::ms_until_due() {
  const Tick now = clock_.now();
  std::int64_t wait = log_.is_flushed() ? look_again_ms : log_again_ms;
  if (daemon_.pid == 0) wait = std::min(wait, (daemon_.due - now).count);
  if (console_.pid == 0 && !setup_.console.empty()) wait = std::min(wait, (console_.due - now).count);
  return std::max<std::int64_t>(wait, 0);
}

void InitKeeper::start_due() {
  const Tick now = clock_.now();
  if (daemon_.pid == 0 && daemon_.due <= now) start_daemon();
  if (console_.pid == 0 && !setup_.console.empty() && console_.due <= now) start_console();
}

void InitKeeper::start_daemon() {
  if (!configuration_is_right()) {
    daemon_.respawn.started(clock_.now());
    daemon_.due = clock_.now() + daemon_.respawn.ended(clock_.now());
    return;
  }
  start(daemon_, {{lnx::own_program(), "run", "-c", setup_.config, "--run-dir", setup_.run_dir, "--log",
                   log_.is_kernel_log() ? "kmsg" : "stderr"},
                  "bondbox",
                  {},
                  {}});
}

void InitKeeper::start_console() {
  const lnx::ChildProgram a_shell{{shell}, "-sh", setup_.console, {terminal_kind(setup_.console), "HOME=/"}};
  if (lnx::is_program(shell)) {
    console_.respawn.started(clock_.now());
    if (lnx::start_child(a_shell, console_.pid) == 0) return;
  }
  // There is no shell, or it is one for another machine.
  lnx::ChildProgram own{{lnx::own_program(), "--run-dir", setup_.run_dir, "console"}, "bondbox", setup_.console, {}};
  if (setup_.ends_machine) own.words.push_back("--power");
  start(console_, own);
}

bool InitKeeper::configuration_is_right() {
  const std::string wrong = setup_.what_is_wrong();
  const bool right = wrong.empty();
  if (!right && wrong != told_) {
    for (std::string_view rest = wrong; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      say(LogLevel::error, std::string(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    say(LogLevel::error, setup_.config + " is read again until it is right, after 30 s at most, or on SIGHUP at once");
  }
  told_ = wrong;
  return right;
}

void InitKeeper::start(Kept& kept, const lnx::ChildProgram& program) {
  kept.respawn.started(clock_.now());
  if (const int error = lnx::start_child(program, kept.pid); error != 0) {
    kept.pid = 0;
    start_later(kept, std::string("cannot be started: ") + std::strerror(error));
  }
}

void InitKeeper::start_later(Kept& kept, const std::string& why) {
  const Tick now = clock_.now();
  const Ticks pause = kept.respawn.ended(now);
  kept.due = now + pause;
  // A shell that was left with "exit" is no news.
  if (&kept == &console_ && pause <= Ticks{200}) return;
  say(&kept == &daemon_ ? LogLevel::error : LogLevel::warning,
      std::string(kept.what) + " " + why + "; it is started again in " + duration_text(pause.count));
}

void InitKeeper::take_ended() {
  while (const auto ended = lnx::take_ended_child()) {
    if (ended->pid == daemon_.pid) note_end(daemon_, *ended);
    if (ended->pid == console_.pid) note_end(console_, *ended);
  }
}

void InitKeeper::note_end(Kept& kept, const lnx::EndedChild& ended) {
  kept.pid = 0;
  if (!ending_) start_later(kept, ended.text());
}

void InitKeeper::reload() {
  if (daemon_.pid != 0) return lnx::signal_child(daemon_.pid, SIGHUP);
  daemon_.due = clock_.now();
}

bool InitKeeper::wait_for_end(const Kept* kept, Ticks limit) {
  const Tick deadline = clock_.now() + limit;
  for (;;) {
    take_ended();
    if (kept != nullptr ? kept->pid == 0 : !lnx::has_children()) return true;
    const Tick now = clock_.now();
    if (now >= deadline) return false;
    // Orphans that end elsewhere tell nobody, so it looks again now and then.
    (void)lnx::next_signal(std::min<std::int64_t>((deadline - now).count, 50));
  }
}

void InitKeeper::stop(Kept& kept, Ticks limit) {
  if (kept.pid == 0) return;
  lnx::signal_child(kept.pid, SIGTERM);
  if (&kept == &console_) lnx::signal_child(kept.pid, SIGHUP);  // a shell that talks to somebody passes SIGTERM over
  if (wait_for_end(&kept, limit)) return;
  say(LogLevel::warning, std::string(kept.what) + " does not end and is killed");
  lnx::signal_child(kept.pid, SIGKILL);
  (void)wait_for_end(&kept, others_end_limit);
}

void InitKeeper::end(InitRequest request) {
  ending_ = true;
  if (setup_.ends_machine) say(LogLevel::notice, std::string(name_of(request)) + ": the ports are given back first");
  log_.flush();
  stop(daemon_, daemon_end_limit);
  stop(console_, others_end_limit);
  if (setup_.ends_machine) {
    lnx::signal_everybody(SIGTERM);
    if (!wait_for_end(nullptr, others_end_limit)) lnx::signal_everybody(SIGKILL);
    (void)wait_for_end(nullptr, others_end_limit);
    log_.flush();
    const int error = lnx::end_machine(end_of(request));
    if (error != 0) say(LogLevel::error, std::string("cannot ") + name_of(request) + ": " + std::strerror(error));
  }
  log_.flush();
  ending_ = false;
}

}  // namespace bondbox

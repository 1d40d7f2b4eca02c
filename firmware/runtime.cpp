#include "firmware/runtime.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>

#include "firmware/control_server.hpp"
#include "hal/linux/wait_set.hpp"

namespace bondbox {
namespace {

using boost::system::error_code;

/// Steps in a row, under full load, before commands, signals and timers get their turn.
constexpr int steps_in_a_row = 8;
/// Commands, signals and timers that are served before the bonds get their turn again.
constexpr int handlers_in_a_row = 16;

constexpr std::array handled_signals{SIGTERM, SIGINT, SIGHUP};

/// For the rest of the program's life: ports are being given back, and a second Ctrl-C must not cut that short.
void hold_signals() {
  sigset_t held;
  sigemptyset(&held);
  for (const int signal : handled_signals) sigaddset(&held, signal);
  (void)pthread_sigmask(SIG_BLOCK, &held, nullptr);
}

}  // namespace

struct Runtime::Parts {
  /// Signals are caught from the beginning: one that comes while the ports are being claimed ends run() at once.
  explicit Parts(CommandExecutor& executor) : server(io, executor) {
    for (const int signal : handled_signals) signals.add(signal);
  }
  ~Parts() { (void)wait_descriptor.release(); }

  boost::asio::io_context io{1};
  boost::asio::signal_set signals{io};
  boost::asio::steady_timer timer{io};
  boost::asio::posix::stream_descriptor wait_descriptor{io};
  lnx::WaitSet wait_set;
  control::Server server;
  std::uint64_t handles_version = 0;
  std::optional<Tick> timer_due;
  bool waiting_for_handles = false;
  bool work_to_do = true;
  bool stopping = false;
};

Runtime::Runtime(Scheduler& scheduler, const lnx::MonotonicClock& clock, CommandExecutor& executor, Hooks hooks)
    : scheduler_(scheduler), clock_(clock), hooks_(std::move(hooks)), parts_(std::make_unique<Parts>(executor)) {}

Runtime::~Runtime() {
  hold_signals();
}

Outcome Runtime::start(const std::string& socket_path) {
  if (Outcome outcome = parts_->wait_set.open(); !outcome.ok()) return outcome;
  error_code error;
  parts_->wait_descriptor.assign(parts_->wait_set.handle(), error);
  if (error) return Outcome::failed(error.value(), "cannot wait for frames: " + error.message());
  std::signal(SIGPIPE, SIG_IGN);
  wait_for_signal();
  parts_->server.set_after_command([this] { parts_->work_to_do = true; });
  return parts_->server.listen(socket_path);
}

void Runtime::wait_for_signal() {
  parts_->signals.async_wait([this](error_code error, int number) {
    if (error) return;
    if (number == SIGHUP) {
      if (hooks_.hang_up) hooks_.hang_up();
      parts_->work_to_do = true;
    } else {
      parts_->stopping = true;
    }
    wait_for_signal();
  });
}

void Runtime::wait_for_handles() {
  const std::uint64_t version = scheduler_.handles_version();
  if (version != parts_->handles_version) {
    parts_->handles_version = version;
    parts_->wait_set.watch(scheduler_.wait_handles());
  }
  if (parts_->waiting_for_handles) return;
  parts_->waiting_for_handles = true;
  parts_->wait_descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](error_code error) {
    parts_->waiting_for_handles = false;
    if (!error) parts_->work_to_do = true;
  });
}

void Runtime::wait_for_deadline() {
  const auto due = scheduler_.next_deadline();
  if (due == parts_->timer_due) return;
  parts_->timer_due = due;
  if (!due) {
    parts_->timer.cancel();
    return;
  }
  const std::chrono::milliseconds at(clock_.monotonic_ms_at(*due));
  parts_->timer.expires_at(std::chrono::steady_clock::time_point(at));
  parts_->timer.async_wait([this](error_code error) {
    if (error) return;
    parts_->timer_due.reset();
    parts_->work_to_do = true;
  });
}

void Runtime::work() {
  parts_->work_to_do = false;
  for (int i = 0; i < steps_in_a_row; ++i) {
    if (!scheduler_.step()) return;
  }
  parts_->work_to_do = true;
}

void Runtime::run() {
  while (!parts_->stopping) {
    if (parts_->work_to_do) work();
    if (hooks_.after_steps) hooks_.after_steps();
    wait_for_deadline();
    wait_for_handles();
    if (!parts_->work_to_do) parts_->io.run_one();
    for (int i = 0; i < handlers_in_a_row && parts_->io.poll_one() != 0; ++i) {
    }
  }
}

}  // namespace bondbox

#include "firmware/runtime.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <optional>
#include <utility>

#include "firmware/control_server.hpp"
#include "hal/linux/signal_source.hpp"

namespace bondbox {
namespace {

/// Steps in a row, under full load, before commands, signals and timers get their turn.
constexpr int steps_in_a_row = 8;
/// Commands and timers that are served before the bonds get their turn again.
constexpr int handlers_in_a_row = 16;
/// The longest sleep: the hooks look after things that nothing tells of.
constexpr std::int64_t look_around_us = 1'000'000;

constexpr std::array handled_signals{SIGTERM, SIGINT, SIGHUP};

}  // namespace

struct Runtime::Parts {
  /// Signals are taken from the beginning: one that comes while the ports are being claimed ends run() at once.
  explicit Parts(CommandExecutor& executor) : server(io, executor) {}

  lnx::SignalSource signals{handled_signals};
  boost::asio::io_context io{1};
  lnx::WaitSet wait_set;
  control::Server server;
  std::optional<std::uint64_t> handles_version;
  int server_handle = -1;                   ///< as it is watched
  std::array<int, 2> also_handles{-1, -1};  ///< the same
  Tick served{};                            ///< when control had its last turn
  bool spinning = false;                    ///< frames came within busy_poll_us the last time
  bool control_woke = true;
  bool work_to_do = true;
  bool stopping = false;
};

Runtime::Runtime(Scheduler& scheduler, const lnx::MonotonicClock& clock, CommandExecutor& executor, Hooks hooks)
    : scheduler_(scheduler), clock_(clock), hooks_(std::move(hooks)), parts_(std::make_unique<Parts>(executor)) {}

Runtime::~Runtime() = default;

Outcome Runtime::begin() {
  if (Outcome outcome = parts_->wait_set.open(); !outcome.ok()) return outcome;
  std::signal(SIGPIPE, SIG_IGN);
  parts_->server.set_after_command(
      [this](std::span<const std::string> words) {
        parts_->work_to_do = true;
        return hooks_.after_command ? hooks_.after_command(words) : 0;
      },
      hooks_.may_answer);
  return Outcome::done();
}

Outcome Runtime::start(const std::string& socket_path) {
  Outcome outcome = begin();
  return outcome.ok() ? listen(socket_path) : outcome;
}

void Runtime::set_readers(std::optional<unsigned> group) {
  parts_->server.set_readers(group);
}

std::uint64_t Runtime::refused_commands() const {
  return parts_->server.refused();
}

Outcome Runtime::listen(const std::string& socket_path) {
  return parts_->server.listen(socket_path);
}

Outcome Runtime::take_over(const std::string& socket_path, lnx::UniqueFd socket) {
  Outcome outcome = begin();
  if (!outcome.ok() || !socket.valid()) return outcome.ok() ? listen(socket_path) : outcome;
  // Asio keeps the number, so the descriptor is not closed here.
  return parts_->server.take_over(socket_path, socket.release());
}

int Runtime::control_socket() const {
  return parts_->server.handle();
}

bool Runtime::holds_answers() const {
  return parts_->server.holds_answers();
}

ServiceStatus Runtime::service() const {
  return parts_->server.status();
}

void Runtime::let_go() {
  parts_->server.let_go();
}

void Runtime::stop() {
  parts_->stopping = true;
}

bool Runtime::is_reachable() const {
  return parts_->server.is_in_place();
}

void Runtime::take_signals() {
  while (const int number = parts_->signals.take()) {
    parts_->work_to_do = true;
    if (number != SIGHUP) {
      parts_->stopping = true;
    } else if (hooks_.hang_up) {
      hooks_.hang_up();
    }
  }
}

/// Commands and signals: when they woke us, while a client is there, and under load once a tick.
void Runtime::serve() {
  const Tick now = scheduler_.now();
  if (!std::exchange(parts_->control_woke, false) && !parts_->server.is_busy() && now == parts_->served) return;
  parts_->served = now;
  take_signals();
  for (int i = 0; i < handlers_in_a_row && parts_->io.poll_one() != 0; ++i) {
  }
}

std::int64_t Runtime::patience_us() const {
  // Its clients' deadlines and answers that are too long for one write are Asio's own matter.
  constexpr std::int64_t tick_us = 1'000;
  const std::int64_t at_most = parts_->server.is_busy() ? tick_us : look_around_us;
  const auto due = scheduler_.next_deadline();
  if (!due) return at_most;
  const std::int64_t left = std::max<std::int64_t>(clock_.monotonic_ms_at(*due) * 1'000 - lnx::monotonic_us(), 0);
  return std::min(left, at_most);
}

lnx::WaitSet::Woken Runtime::poll_busily(std::int64_t window_us) {
  const std::int64_t until_us = lnx::monotonic_us() + window_us;
  lnx::WaitSet::Woken woken;
  do {
    woken = parts_->wait_set.wait(0);
    // Whom we send to may wait for this very CPU.
    if (!woken.any()) lnx::yield_cpu();
  } while (!woken.any() && lnx::monotonic_us() < until_us);
  return woken;
}

/// Polls before it sleeps when the frames before came soon enough for that, and stops when they do not any more.
void Runtime::wait() {
  const std::int64_t window_us = scheduler_.busy_poll_us();
  const std::int64_t idle_since_us = window_us > 0 ? lnx::monotonic_us() : 0;
  std::int64_t patience = patience_us();
  lnx::WaitSet::Woken woken;
  if (window_us > 0 && parts_->spinning) {
    woken = poll_busily(std::min(window_us, patience));
    patience = patience_us();
  }
  if (!woken.any()) woken = parts_->wait_set.wait(patience);
  if (window_us > 0) parts_->spinning = woken.frames && lnx::monotonic_us() - idle_since_us <= window_us;
  parts_->control_woke = woken.control;
  parts_->work_to_do = true;
}

void Runtime::watch() {
  const std::uint64_t version = scheduler_.handles_version();
  const int server = parts_->server.wait_handle();
  const std::array<int, 2> also = hooks_.also_watched ? hooks_.also_watched() : std::array<int, 2>{-1, -1};
  if (version == parts_->handles_version && server == parts_->server_handle && also == parts_->also_handles) return;
  parts_->handles_version = version;
  parts_->server_handle = server;
  parts_->also_handles = also;
  parts_->wait_set.watch(scheduler_.wait_handles(),
                         std::array{parts_->signals.wait_handle(), server, also[0], also[1]});
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
    serve();
    if (hooks_.after_steps) hooks_.after_steps();
    watch();
    if (!parts_->work_to_do && !parts_->stopping) wait();
  }
}

}  // namespace bondbox

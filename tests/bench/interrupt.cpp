#include "tests/bench/interrupt.hpp"

#include <csignal>
#include <ctime>

namespace bondbox::bench {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void note_signal(int) {
  interrupted = 1;
}

}  // namespace

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = &note_signal;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool is_interrupted() noexcept {
  return interrupted != 0;
}

void stop_if_interrupted() {
  if (is_interrupted()) throw Interrupted();
}

void pause_for(double seconds) {
  const double end = now_s() + seconds;
  for (double left = seconds; left > 0; left = end - now_s()) {
    stop_if_interrupted();
    const double step = left < 0.05 ? left : 0.05;
    const timespec time{0, static_cast<long>(step * 1e9)};
    nanosleep(&time, nullptr);
  }
  stop_if_interrupted();
}

double now_s() noexcept {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace bondbox::bench

#include "hal/linux/signal_source.hpp"

#include <sys/signalfd.h>

#include <ctime>

namespace bondbox::lnx {

SignalSource::SignalSource(std::span<const int> signals) {
  sigemptyset(&held_);
  for (const int signal : signals) sigaddset(&held_, signal);
  // In this order: one that was ignored until now must not end the program in between.
  (void)pthread_sigmask(SIG_BLOCK, &held_, nullptr);
  for (const int signal : signals) (void)std::signal(signal, SIG_DFL);
  fd_ = UniqueFd(::signalfd(-1, &held_, SFD_NONBLOCK | SFD_CLOEXEC));
}

int SignalSource::take() const noexcept {
  constexpr timespec at_once{};
  const int signal = ::sigtimedwait(&held_, nullptr, &at_once);
  return signal > 0 ? signal : 0;
}

}  // namespace bondbox::lnx

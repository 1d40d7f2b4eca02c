// Signals as something to wait for: they are held back for the rest of the program's life and taken one by one, so that
// nothing is ever interrupted by them. Source: sigtimedwait(2), signalfd(2).
#pragma once

#include <csignal>
#include <span>

#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {

class SignalSource {
 public:
  /// From here on. Also those that whoever started the program had it ignore.
  explicit SignalSource(std::span<const int> signals);

  /// The number of one that has come since, or 0.
  int take() const noexcept;
  /// Readable while there is one; -1 where the kernel has no descriptor to give: then take() alone tells.
  int wait_handle() const noexcept { return fd_.get(); }

 private:
  sigset_t held_;
  UniqueFd fd_;
};

}  // namespace bondbox::lnx

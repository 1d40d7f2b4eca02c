// Many descriptors behind one: readable while any of them is. Source: epoll(7), level-triggered.
#pragma once

#include <span>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "hal/outcome.hpp"

namespace bondbox::lnx {

class WaitSet {
 public:
  /// EMFILE, ENFILE or ENOMEM when there is no descriptor to be had.
  Outcome open();
  /// From now on watches exactly these, for reading. Those that are no longer open are passed over.
  void watch(std::span<const int> handles);
  int handle() const noexcept { return epoll_.get(); }

 private:
  UniqueFd epoll_;
  std::vector<int> watched_;
};

}  // namespace bondbox::lnx

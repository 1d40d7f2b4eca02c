// What the programs write to wake the daemon: a BPF ring buffer (Documentation/bpf/ringbuf.rst). Which port is in a
// record does not matter here, because all links are looked at.
#pragma once

#include <cstdint>

#include "hal/linux/bpf_syscall.hpp"

namespace bondbox::lnx {

class BpfWake {
 public:
  /// errno, 0: done. EINVAL: the kernel has no ring buffers (before 5.8).
  int make();
  /// Another process's, from where that one has read to. errno, 0: done.
  int take_over(UniqueFd map);
  /// Whether something was written since the last call.
  bool take() noexcept;
  /// For epoll: readable when take() has something. -1: not made.
  int fd() const noexcept { return map_.fd(); }

 private:
  int map_memory();

  BpfMap map_;
  BpfMemory consumer_;  ///< one page, ours to write: how far we have read
  BpfMemory producer_;  ///< one page: how far the kernel has written; then the data, twice in a row
  std::size_t page_ = 0;
  std::size_t size_ = 0;
};

}  // namespace bondbox::lnx

// Whether the machine that a case runs in keeps pace. Where all that wants to run waits its turn for a second, a
// partner's timeout ends without anybody's fault, and where the kernel is late with what its interfaces hand it, it
// drops frames before any bond has seen them. So it may have been the machine that failed, and the case is tried again.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace bondbox::live {

class MachineWatch {
 public:
  MachineWatch();
  ~MachineWatch();
  MachineWatch(const MachineWatch&) = delete;
  MachineWatch& operator=(const MachineWatch&) = delete;

  /// In what the machine has failed until now, in words; empty: it kept pace.
  std::string trouble() const;
  /// So much later than it should a short sleep has ended since this was last asked, at the most.
  int take_longest_ms() noexcept { return static_cast<int>(longest_since_taken_ms_.exchange(0)); }

 private:
  void work();

  std::uint64_t dropped_before_;
  std::atomic<std::int64_t> longest_ms_ = 0;
  std::atomic<std::int64_t> longest_since_taken_ms_ = 0;
  std::atomic<std::int64_t> late_ms_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace bondbox::live

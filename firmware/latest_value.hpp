// The newest of the values that one thread writes, for one other thread, without locks and without ever waiting: three
// copies, of which the writer has one, the reader one, and the third changes hands.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace bondbox {

template <class T>
class LatestValue {
 public:
  /// The writer's: to be filled and then shown. It holds what it held two or more values ago.
  T& draft() noexcept { return copies_[draft_]; }
  void show() noexcept { draft_ = middle_.exchange(draft_ | fresh, std::memory_order_acq_rel) & index_mask; }

  /// The reader's: what was last shown, unchanged until read() is called again.
  const T& read() noexcept {
    if ((middle_.load(std::memory_order_relaxed) & fresh) != 0)
      shown_ = middle_.exchange(shown_, std::memory_order_acq_rel) & index_mask;
    return copies_[shown_];
  }

 private:
  static constexpr std::uint32_t index_mask = 3;
  static constexpr std::uint32_t fresh = 4;

  std::array<T, 3> copies_{};
  std::uint32_t draft_ = 0;
  std::uint32_t shown_ = 1;
  std::atomic<std::uint32_t> middle_{2};
};

}  // namespace bondbox

// A bounded queue between one thread that pushes and one that pops, without locks.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bondbox {

template <class T, std::size_t Capacity>
class SpscQueue {
  static_assert((Capacity & (Capacity - 1)) == 0, "a power of two, so that the counters may wrap");

 public:
  /// False, and nothing added, when it is full.
  bool push(const T& value) noexcept {
    const std::uint32_t end = end_.load(std::memory_order_relaxed);
    if (end - begin_.load(std::memory_order_acquire) == Capacity) return false;
    items_[end % Capacity] = value;
    end_.store(end + 1, std::memory_order_release);
    return true;
  }

  /// False when it is empty.
  bool pop(T& value) noexcept {
    const std::uint32_t begin = begin_.load(std::memory_order_relaxed);
    if (begin == end_.load(std::memory_order_acquire)) return false;
    value = items_[begin % Capacity];
    begin_.store(begin + 1, std::memory_order_release);
    return true;
  }

 private:
  alignas(64) std::atomic<std::uint32_t> begin_{0};
  alignas(64) std::atomic<std::uint32_t> end_{0};
  std::array<T, Capacity> items_{};
};

}  // namespace bondbox

// A vector of bounded size without heap: what steps and plans are made of.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

namespace bondbox {

template <class T, std::size_t Capacity>
class FixedVector {
 public:
  /// False, and nothing added, when it is full: the caller counts what it lost.
  constexpr bool push_back(T value) {
    if (size_ == Capacity) return false;
    items_[size_++] = std::move(value);
    return true;
  }
  constexpr void clear() noexcept { size_ = 0; }
  constexpr void erase_at(std::size_t index) {
    for (std::size_t i = index + 1; i < size_; ++i) items_[i - 1] = std::move(items_[i]);
    --size_;
  }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr bool full() const noexcept { return size_ == Capacity; }
  static constexpr std::size_t capacity() noexcept { return Capacity; }

  constexpr T& operator[](std::size_t index) noexcept { return items_[index]; }
  constexpr const T& operator[](std::size_t index) const noexcept { return items_[index]; }
  constexpr T* begin() noexcept { return items_.data(); }
  constexpr T* end() noexcept { return items_.data() + size_; }
  constexpr const T* begin() const noexcept { return items_.data(); }
  constexpr const T* end() const noexcept { return items_.data() + size_; }
  constexpr T* data() noexcept { return items_.data(); }
  constexpr const T* data() const noexcept { return items_.data(); }

  friend constexpr bool operator==(const FixedVector& a, const FixedVector& b) {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i)
      if (!(a.items_[i] == b.items_[i])) return false;
    return true;
  }

 private:
  std::array<T, Capacity> items_{};
  std::size_t size_ = 0;
};

}  // namespace bondbox

// Counts what the test binary allocates through operator new, to show that a path allocates nothing.
#pragma once

#include <cstdint>

namespace bondbox::test {

/// Allocations by all threads since the program began; operator new is replaced in the whole test binary.
std::uint64_t allocations_made() noexcept;

/// Allocations since it was made.
class AllocationCounter {
 public:
  AllocationCounter() noexcept { ++alive_; }
  ~AllocationCounter() { --alive_; }
  AllocationCounter(const AllocationCounter&) = delete;
  AllocationCounter& operator=(const AllocationCounter&) = delete;

  std::uint64_t count() const noexcept { return allocations_made() - before_; }
  /// A test counts now: what a bench does besides is to wait.
  static bool any() noexcept { return alive_ != 0; }

 private:
  static inline int alive_ = 0;
  std::uint64_t before_ = allocations_made();
};

}  // namespace bondbox::test

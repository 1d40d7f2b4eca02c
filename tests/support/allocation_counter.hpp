// Counts what the test binary allocates through operator new, to show that a path allocates nothing.
#pragma once

#include <cstdint>

namespace bondbox::test {

/// Allocations by all threads since the program began; operator new is replaced in the whole test binary.
std::uint64_t allocations_made() noexcept;

/// Allocations since it was made.
class AllocationCounter {
 public:
  std::uint64_t count() const noexcept { return allocations_made() - before_; }

 private:
  std::uint64_t before_ = allocations_made();
};

}  // namespace bondbox::test

// Flows in both directions of a pair while something happens to its cables, and what became of them.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tests/live/lacp/pair.hpp"
#include "tests/live/lacp/traffic.hpp"

namespace bondbox::live {

class BothWays {
 public:
  /// `rate`: as Traffic's, each way.
  explicit BothWays(const Pair& pair, int rate = 0);

  /// Ends it; what follows here may be asked after that.
  void stop();
  /// Nothing that was sent between the moments was lost, nothing came twice.
  void check_intact(std::int64_t since, std::int64_t until, const std::string& when) const;
  void note_loss(std::int64_t since, std::int64_t until, const std::string& when) const;

  /// Since the last count each direction had its flows on these cables and on no other.
  void check_cables(bool first, bool second, const std::string& when);
  void start_counting() { before_ = counts(); }
  std::int64_t begin() const noexcept { return begin_; }

 private:
  using Counts = std::array<std::array<std::uint64_t, 2>, Street::cables>;  ///< frames by cable and direction
  Counts counts() const;

  const Pair& pair_;
  Traffic there_;
  Traffic back_;
  std::int64_t begin_;
  Counts before_;
};

}  // namespace bondbox::live

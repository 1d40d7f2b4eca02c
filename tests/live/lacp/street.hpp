// Cables between two houses that can be cut, and that can lose the frames of one direction only. The carrier of both
// ends follows the cable, as with a real one.
//
//   left: e0 ---- s0 [bridge] t0 ---- p0 :right        cable 0
//         e1 ---- s1 [bridge] t1 ---- p1               cable 1
#pragma once

#include <cstdint>
#include <string>

#include "tests/lab/support/namespace.hpp"

namespace bondbox::live {

enum class Way { left_to_right, right_to_left };

class Street {
 public:
  static constexpr int cables = 2;

  Street();

  const lab::Namespace& left() const noexcept { return left_; }
  const lab::Namespace& right() const noexcept { return right_; }

  void pull(int cable) const;
  void put_back(int cable) const;
  /// Only the left end loses its carrier: the cable goes through a converter that does not pass a lost link on.
  void pull_left_end(int cable) const;

  /// From here on frames of one direction are lost in the cable; carriers stay.
  void lose(int cable, Way way) const;
  void heal(int cable, Way way) const;

  /// Frames that have entered a cable in one direction, lost ones included.
  std::uint64_t frames(int cable, Way way) const;

  /// Hands frames over as a real cable does, with finished checksums: a switch in user space cannot finish them.
  void finish_checksums() const;

 private:
  lab::Namespace left_;
  lab::Namespace right_;
  lab::Namespace middle_;
};

}  // namespace bondbox::live

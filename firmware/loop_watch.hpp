// Whether frames of our own come back by a port: a cable or a bridge closes a loop, or a switch takes the ports for
// separate ones and floods to one what came by another. Told when it begins and when it has ended for a while, so that
// a storm of any size is two sentences. One or two frames are none: a failover may bring them back.
#pragma once

#include <array>
#include <cstdint>

#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ids.hpp"

namespace bondbox {

class LoopWatch {
 public:
  static constexpr Ticks interval = ticks_from_ms(1000);
  static constexpr std::uint64_t frames_that_count = 5;  ///< in an interval
  static constexpr std::uint8_t quiet_intervals = 10;    ///< after so many without any it has ended

  /// What came back in an interval, as one number: ports on which any did, and ports on which it was enough to tell.
  class Heard {
   public:
    Heard() = default;
    explicit Heard(std::uint64_t bits) noexcept : bits_(bits) {}
    void add(PortId port, std::uint64_t frames) noexcept {
      if (frames != 0) bits_ |= std::uint64_t{1} << port.index;
      if (frames >= frames_that_count) bits_ |= std::uint64_t{1} << (port.index + max_ports);
    }
    bool any(std::uint8_t index) const noexcept { return (bits_ >> index & 1) != 0; }
    bool enough(std::uint8_t index) const noexcept { return (bits_ >> (index + max_ports) & 1) != 0; }
    std::uint64_t bits() const noexcept { return bits_; }

   private:
    std::uint64_t bits_ = 0;
  };
  struct Change {
    PortId port;
    bool loops = false;
  };
  using Changes = FixedVector<Change, max_ports>;

  bool is_due(Tick now) const noexcept { return now >= next_; }
  /// What is to be told.
  Changes look(const Heard& heard, Tick now) {
    next_ = now + interval;
    Changes changes;
    for (std::uint8_t index = 0; index < max_ports; ++index) {
      std::uint8_t& left = left_[index];
      if (left == 0 && heard.enough(index)) {
        changes.push_back({PortId{index}, true});
        left = quiet_intervals;
      } else if (left != 0 && heard.any(index)) {
        left = quiet_intervals;
      } else if (left != 0 && --left == 0) {
        changes.push_back({PortId{index}, false});
      }
    }
    return changes;
  }
  bool hears_itself(PortId port) const noexcept { return left_[port.index] != 0; }
  void forget(PortId port) noexcept { left_[port.index] = 0; }

  template <class A>
  void archive(A& a) {
    a(next_, left_);
  }

 private:
  Tick next_{};
  std::array<std::uint8_t, max_ports> left_{};  ///< by PortId::index: intervals until it has ended; 0: there is no loop
};

}  // namespace bondbox

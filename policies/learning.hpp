// Learning frames: how modes 5 and 6 tell switches at which port each of the bond's addresses is.
#pragma once

#include "hal/wire/frame_builder.hpp"
#include "policies/policy.hpp"

namespace bondbox {

/// Ethertype 0x9000, from and to `mac`, 60 bytes, 64 with a tag: a switch learns from it and sends it nowhere.
wire::SmallFrame build_learning_frame(const MacAddress& mac, VlanId vlan) noexcept;

/// Lessons that are still to be given: one frame without a tag and one for each VLAN interface on bond0. They leave in
/// the order in which they were asked for, as an ActionList has room.
class Lessons {
 public:
  /// The switch behind `port` is to learn that `mac` is there. With more lessons waiting than ports can have it is left
  /// out: lp_interval repeats every lesson.
  void add(PortId port, const MacAddress& mac);
  void forget(PortId port);
  void give(const BondFacts& facts, ActionList& actions);
  bool waiting() const noexcept { return !lessons_.empty(); }
  template <class A>
  void archive(A& a) {
    a(lessons_);
  }

 private:
  struct Lesson {
    PortId port;
    MacAddress mac;
    std::uint32_t frames_sent = 0;  ///< the first is without a tag
    template <class A>
    void archive(A& a) {
      a(port, mac, frames_sent);
    }
  };
  FixedVector<Lesson, 4 * max_ports> lessons_;
};

}  // namespace bondbox

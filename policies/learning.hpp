// Learning frames: how modes 5 and 6 tell switches at which port each of the bond's addresses is.
#pragma once

#include <optional>

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

/// A switch that has just seen a link come back may for a while neither forward there nor learn, and nobody tells: so a
/// lesson for that port is given again and again, after 5 ms and then after twice as long each time, eight times. By
/// then lp_interval repeats all.
class RepeatedLessons {
 public:
  void begin(PortId port, Tick now);
  void forget(PortId port);
  /// Calls `give(port)` for each that is due.
  template <class Give>
  void give_due(Tick now, Give give);
  std::optional<Tick> next_deadline() const noexcept;
  template <class A>
  void archive(A& a) {
    a(ports_);
  }

 private:
  static constexpr Ticks first_pause = ticks_from_ms(5);
  static constexpr Ticks last_pause = ticks_from_ms(640);

  struct Port {
    PortId port;
    Ticks pause{};
    Tick due;
    template <class A>
    void archive(A& a) {
      a(port, pause, due);
    }
  };
  FixedVector<Port, max_ports> ports_;
};

template <class Give>
void RepeatedLessons::give_due(Tick now, Give give) {
  for (std::size_t i = ports_.size(); i > 0; --i) {
    Port& one = ports_[i - 1];
    if (now < one.due) continue;
    give(one.port);
    one.pause = one.pause + one.pause;
    one.due = now + one.pause;
    if (one.pause > last_pause) ports_.erase_at(i - 1);
  }
}

}  // namespace bondbox

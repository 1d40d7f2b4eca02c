// The link monitor: a PHY's readings, through updelay and downdelay, become one of the four link states.
#pragma once

#include <cstdint>
#include <optional>

#include "hal/link.hpp"
#include "policies/policy.hpp"

namespace bondbox {

/// One port's link over time. States and counting as observed on the kernel driver:
///
///   up --no link--> fail --downdelay over--> down --link--> back --updelay over--> up
///                    |--link again--> up       ^-no link again-|
///
/// A delay of 0 is passed through in the same pass. The failure count grows with each entry into `down`, also from
/// `back`; a recovery inside `fail` is not counted. A delay runs from the pass that saw the change, and ends at the
/// first pass at which it is over.
class LinkMonitor {
 public:
  struct Change {
    LinkState from;
    LinkState to;
    Ticks lasted;  ///< how long the link was seen in the other condition (the delay used up so far)
  };

  /// The state a port starts in when it is enslaved. Without monitoring a port is always up; the
  /// ARP monitor begins with what the reading says.
  void start(const LinkSample& sample, const BondOptions& options, Tick now) noexcept;

  /// Takes one reading. `skip_updelay` is consumed (set to false) by the first port that uses it in a pass.
  std::optional<Change> inspect(const LinkSample& sample, const BondOptions& options, Tick now,
                                bool& skip_updelay) noexcept;

  /// What called it up had last been heard of so long ago, as only showed now: an outage is counted from there.
  void was_silent_since(Tick alive) noexcept {
    if (alive < last_seen_up_) last_seen_up_ = alive;
  }

  /// Another monitor (firmware/arp_monitor) says what the state is. `alive`: when it last had a sign of life.
  std::optional<Change> set(LinkState next, Tick alive, Tick now) noexcept;

  /// A port that is going back is used now because nothing else is there (observed kernel behaviour): it is up.
  void finish_updelay(Tick now) noexcept {
    if (state_ == LinkState::back) move_to(LinkState::up, now);
  }

  LinkState state() const noexcept { return state_; }
  std::uint32_t failures() const noexcept { return failures_; }
  /// In `fail` and `back`: how much of the delay is left at `now`; otherwise 0.
  Ticks delay_left(Tick now) const noexcept;
  /// The last tick at which the link was seen up.
  Tick last_seen_up() const noexcept { return last_seen_up_; }
  Tick since() const noexcept { return since_; }
  /// Whether inspect() was called since start().
  bool inspected() const noexcept { return inspected_; }
  template <class A>
  void archive(A& a) {
    a(state_, failures_, deadline_, delay_began_, last_seen_up_, since_, inspected_);
  }

 private:
  Change move_to(LinkState next, Tick now) noexcept;

  LinkState state_ = LinkState::down;
  std::uint32_t failures_ = 0;
  Tick deadline_{};
  Tick delay_began_{};
  Tick last_seen_up_{};
  Tick since_{};
  bool inspected_ = false;
};

/// "up", "going down", "down", "going back": the words of /proc/net/bonding.
const char* link_state_text(LinkState state) noexcept;
/// "up", "fail", "down", "back": the words of JSON and events.
const char* link_state_name(LinkState state) noexcept;

}  // namespace bondbox

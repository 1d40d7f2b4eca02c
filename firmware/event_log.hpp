// What happened to the bonds, when and why: a ring of the latest events, and whoever wants to hear of each at once.
#pragma once

#include <array>
#include <cstdarg>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "firmware/text.hpp"
#include "hal/wire/ids.hpp"

namespace bondbox {

enum class EventKind : std::uint8_t {
  bond,      ///< the bond as a whole: created, set up or down, carrier, address
  port,      ///< a port was added, released, vanished or came back
  link,      ///< a port's link state changed
  active,    ///< the active port changed
  announce,  ///< neighbours were told
  protocol,  ///< what the mode's own protocol did (LACP, balancing)
  option,    ///< an option was written
  fault,     ///< something did not work and was put aside
};
constexpr EventKind last_of(EventKind) noexcept {
  return EventKind::fault;
}

/// "link", "active", ...
const char* event_kind_name(EventKind kind) noexcept;

using EventCause = FixedText<63>;

struct Event {
  std::uint64_t sequence = 0;  ///< 1, 2, 3, ... over the life of the program
  Tick at;
  EventKind kind = EventKind::bond;
  FixedText<15> bond;
  FixedText<15> port;  ///< empty when it is about the bond
  /// For `active` and carrier events: how long traffic can have been interrupted, at most; -1: not applicable.
  std::int64_t outage_ms_max = -1;
  FixedText<160> text;  ///< the kernel driver's own sentence where it has one
  EventCause cause;     ///< what brought it about, where the text does not say it: "eth0 has no link"; empty: nothing
  template <class A>
  void archive(A& a) {
    a(sequence, at, kind, bond, port, outage_ms_max, text, cause);
  }
};

/// "bond0: (slave eth0): link status definitely down, disabling slave" - the form of the kernel's log lines.
std::string event_line(const Event& event);

/// Keeps the latest `capacity` events. Never allocates after construction.
class EventLog {
 public:
  static constexpr std::size_t capacity = 512;
  using Listener = std::function<void(const Event&)>;

  /// Called for every event as it is recorded.
  void set_listener(Listener listener) { listener_ = std::move(listener); }

  void record(Event event);

  std::uint64_t last_sequence() const noexcept { return sequence_; }
  /// Calls `visit` for each kept event with a sequence greater than `after`, oldest first.
  void for_each_after(std::uint64_t after, const std::function<void(const Event&)>& visit) const;

  /// The events of another log come before those to come.
  void go_on_from(const EventLog& before) {
    ring_ = before.ring_;
    sequence_ = before.sequence_;
  }

  template <class A>
  void archive(A& a) {
    std::uint32_t kept = static_cast<std::uint32_t>(sequence_ < capacity ? sequence_ : capacity);
    a(sequence_, kept);
    if (kept > capacity || kept > sequence_) a.refuse();
    for (std::uint64_t next = sequence_ - kept; next < sequence_ && a.ok(); ++next) a(ring_[next % capacity]);
    if (a.describes()) a(ring_[0]);
  }

 private:
  std::array<Event, capacity> ring_{};
  std::uint64_t sequence_ = 0;
  Listener listener_;
};

}  // namespace bondbox

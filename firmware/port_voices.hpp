// What a port's monitors say of it, each by itself, when several decide together (option `monitor`): the link, probes
// to targets, LACP. Pure logic: the bond tells what each has found.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "hal/wire/ids.hpp"
#include "policies/policy.hpp"

namespace bondbox {

enum class MonitorKind : std::uint8_t { link, probes, lacp };
inline constexpr std::size_t monitor_kinds = 3;
/// "link", "probes", "lacp"
const char* monitor_kind_name(MonitorKind kind) noexcept;

/// Which monitors a bond has: a bit for each MonitorKind.
using MonitorSet = std::uint8_t;
constexpr MonitorSet bit_of(MonitorKind kind) noexcept {
  return static_cast<MonitorSet>(1U << static_cast<unsigned>(kind));
}
/// Probes need an interval and a target, LACP its mode.
MonitorSet monitors_of(const BondOptions& options) noexcept;
/// The option `monitor` as it is written: "off", "any", "all", "quorum:2".
std::string monitor_rule_text(const BondOptions& options);
/// How many of them have to call a port up.
std::size_t voices_needed(const BondOptions& options) noexcept;

/// A port that loses its carrier is not up by what was heard before: answers and LACPDUs of then no longer count.
class PortVoices {
 public:
  void start(bool link, Tick now) noexcept;
  void say(MonitorKind kind, bool up, Tick now) noexcept;

  bool says_up(MonitorKind kind) const noexcept { return voices_[index_of(kind)].up; }
  Tick since(MonitorKind kind) const noexcept { return voices_[index_of(kind)].since; }
  /// What they say together.
  bool together(const BondOptions& options) const noexcept;

  /// The ARP monitor's own idea of the port, which may be that it is being asked over (LinkState::back).
  LinkState probe_state() const noexcept { return probe_state_; }
  void set_probe_state(LinkState state, Tick now) noexcept {
    probe_state_ = state;
    say(MonitorKind::probes, state == LinkState::up, now);
  }
  /// LACPDUs up to this count came before the carrier was lost.
  void forget_lacpdus(std::uint64_t received) noexcept { lacpdus_before_ = received; }
  std::uint64_t lacpdus_before() const noexcept { return lacpdus_before_; }

  template <class A>
  void archive(A& a) {
    a(voices_, probe_state_, lacpdus_before_);
  }

 private:
  struct Voice {
    bool up = false;
    Tick since{};
    template <class A>
    void archive(A& a) {
      a(up, since);
    }
  };
  static constexpr std::size_t index_of(MonitorKind kind) noexcept { return static_cast<std::size_t>(kind); }

  std::array<Voice, monitor_kinds> voices_{};
  LinkState probe_state_ = LinkState::down;
  std::uint64_t lacpdus_before_ = 0;
};

}  // namespace bondbox

// The ARP monitor: a port is alive while probes leave on it and something comes back. It sees what a link's light
// cannot show: a far end that forwards nothing any more. Targets are asked by ARP (IPv4) and neighbour solicitation
// (IPv6). Pure logic: the bond tells it of time and of frames, moves the ports' link states as it says and sends the
// probes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "hal/wire/bytes.hpp"
#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/host_address.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/mac_address.hpp"
#include "policies/policy.hpp"

namespace bondbox {

/// Times as observed on the kernel driver, in intervals of arp_interval. Something is recent within n when it is at
/// most n and a half intervals old.
///
///   modes 0, 2, 3  up: a probe left, and something came, within 1. Down: either is not recent within arp_missed_max.
///   mode 1         up: something came within 1. The active port is down when what left or what came is not recent
///                  within arp_missed_max, another when nothing came within arp_missed_max + 1; neither within 2 after
///                  it became a port or the active one.
///   no active one  one port with carrier after the other is the candidate for an interval: it is asked over (state
///                  `back`, then `fail`), and whoever hears something is up.
///
/// What counts as having come is arp_validate's to say:
///   not validated  any frame; with a filter only ARP, neighbour solicitations and advertisements.
///   validated      a target's ARP for one of our addresses, or its advertisement. A backup port, to which the answer
///                  does not come: our own question, brought by the switch, once the active port has had an answer
///                  (IEEE 802.1D bridges flood broadcast; RFC 4861's solicited-node groups too).
///
/// As one of several monitors (option `monitor`) it says what it finds of each port, and the bond decides. Only answers
/// to our own questions count then, and what a target says of itself only while no port works: two bonds that ask each
/// other could never begin otherwise. Where every port carries traffic the switch
/// chooses the port by which an answer comes, so ports are asked one after the other, each once in an interval, and an
/// answer is the port's that was asked last.
class ArpMonitor {
 public:
  /// One port as the monitor is told of it.
  struct Port {
    PortId id;
    LinkState link = LinkState::down;
    bool carrier = false;
    MacAddress mac;
  };
  /// What the monitor may know of the bond, anew with each call. The ports stand in order of enslaving.
  struct Scene {
    const BondOptions& options;
    std::optional<PortId> active;
    std::span<const HostAddress> addresses;
    FixedVector<Port, max_ports> ports;

    const Port* find(PortId id) const noexcept {
      for (const Port& port : ports)
        if (port.id == id) return &port;
      return nullptr;
    }
  };
  struct Verdict {
    PortId port;
    LinkState to;
  };
  using Verdicts = FixedVector<Verdict, max_ports>;
  struct Probing {
    PortList ports;  ///< on which every target is to be asked
    Verdicts verdicts;
  };

  /// A port has joined, or the monitor begins (anew): the port is given the time that a new one has. `up`: its link.
  void begin(PortId port, bool up, const BondOptions& options, Tick now) noexcept;
  void forget(PortId port) noexcept;
  /// To be told whenever targets may have changed: a target that is new counts as having answered now.
  void set_targets(const BondOptions& options, Tick now) noexcept;

  void became_active(PortId port, Tick now) noexcept { times(port).up_since = now; }
  /// A probe has left.
  void sent(PortId port, Tick now) noexcept { times(port).sent = now; }
  /// What a frame says: that something came, and whose answer it is (targets as bits, in their order).
  struct Heard {
    bool any = false;
    std::uint16_t targets_v4 = 0;
    std::uint16_t targets_v6 = 0;
    std::optional<PortId> of{};  ///< whose sign of life it is, when not the port's that it came by
  };
  /// A frame came, whatever becomes of it. It has at least an Ethernet header. What of it is new at this tick.
  Heard hear(const Scene& scene, PortId port, wire::Bytes frame, Tick now) noexcept;
  /// The same, when somebody else has read the frame.
  Heard note(PortId port, const Heard& heard, Tick now) noexcept;

  /// Frames came that nobody here has seen: carried in the kernel, which leaves to us what has to be looked at.
  void heard_unseen(const Scene& scene, PortId port, Tick when) noexcept;
  /// Whether ARP, neighbour solicitations and advertisements have to be looked at to know what counts as heard.
  static bool has_to_see(const BondOptions& options) noexcept;

  /// A pass comes so much too late: the bond did not run, and asked nobody. That time does not count.
  void excuse(Ticks late, Tick now) noexcept;

  /// First half of a pass: which ports change. The policy then chooses the active port.
  Verdicts inspect(const Scene& scene, Tick now) noexcept;
  /// Whether ports are asked in turn. Between two of probe()'s calls then lies a share of an interval.
  static bool asks_in_turn(const BondOptions& options) noexcept {
    return options.combines_monitors() && options.mode != Mode::active_backup;
  }
  /// Second half, with the active port in `scene` that the policy chose.
  Probing probe(const Scene& scene, Tick now) noexcept;

  /// The port that is asked over while none is active.
  std::optional<PortId> candidate() const noexcept { return candidate_; }
  /// When something that counts came last; long before any tick if nothing has.
  Tick last_heard(const Scene& scene, PortId port) const noexcept;

  /// What is known of a port, for who asks. Ticks before the port was there stand for never.
  struct Known {
    bool validated = false;
    Tick heard;
    Tick sent;
    std::uint32_t ignored = 0;  ///< ARP and neighbour discovery that came since something counted, and did not count
    std::span<const Tick> heard_v4;
    std::span<const Tick> heard_v6;
  };
  Known known(const Scene& scene, PortId port) const noexcept {
    const Times& of = times(port);
    return {is_validated(scene, port), of.heard, of.sent, of.ignored, of.heard_v4, of.heard_v6};
  }
  template <class A>
  void archive(A& a) {
    a(times_, targets_v4_, targets_v6_, candidate_, asked_);
  }

 private:
  static constexpr Tick never{-(std::int64_t{1} << 40)};
  using TargetList = FixedVector<IpAddress, 16>;
  using TargetTimes = std::array<Tick, TargetList::capacity()>;

  struct Times {
    Tick heard = never;
    Tick sent = never;
    Tick up_since = never;  ///< became a port, a candidate or the active one
    TargetTimes heard_v4{};
    TargetTimes heard_v6{};
    std::uint32_t ignored = 0;  ///< not in the archive: nothing is decided by it, and a recording has no such frames
    template <class A>
    void archive(A& a) {
      a(heard, sent, up_since, heard_v4, heard_v6);
    }
  };

  Times& times(PortId port) noexcept { return times_[port.index]; }
  const Times& times(PortId port) const noexcept { return times_[port.index]; }
  bool is_active(const Scene& scene, PortId port) const noexcept;
  bool is_validated(const Scene& scene, PortId port) const noexcept;
  bool may_trust_reply(const Scene& scene, Tick now) const noexcept;
  Heard judge(const Scene& scene, PortId port, wire::Bytes frame, Tick now) const noexcept;
  Heard judge_arp(const Scene& scene, const Port& port, wire::Bytes payload, Tick now) const noexcept;
  Heard judge_neighbour(const Scene& scene, const Port& port, wire::Bytes payload, Tick now) const noexcept;
  Heard answered(const IpAddress& target) const noexcept;
  Heard answered_to(const Scene& scene, const IpAddress& target, bool is_answer) const noexcept;
  void inspect_balancing(const Scene& scene, Tick now, Verdicts& verdicts) const noexcept;
  void inspect_active_backup(const Scene& scene, Tick now, Verdicts& verdicts) const noexcept;
  void probe_next(const Scene& scene, Probing& probing) noexcept;
  void probe_candidate(const Scene& scene, Tick now, Probing& probing) noexcept;

  std::array<Times, max_ports> times_{};
  TargetList targets_v4_;
  TargetList targets_v6_;
  std::optional<PortId> candidate_;
  std::optional<PortId> asked_;  ///< in turn, last
};

}  // namespace bondbox

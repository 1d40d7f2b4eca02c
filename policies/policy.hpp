// What a policy is told and what it answers. A policy decides; it never sends, waits, logs or reads a clock.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "hal/wire/bytes.hpp"
#include "hal/wire/duplex.hpp"
#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/host_address.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/mac_address.hpp"
#include "policies/options.hpp"
#include "policies/plan.hpp"

namespace bondbox {

/// A port's link as the link monitor sees it (reference: the kernel's slave link states).
enum class LinkState : std::uint8_t {
  up,    ///< "up"
  fail,  ///< "going down": no link, but downdelay has not passed
  down,  ///< "down"
  back,  ///< "going back": link, but updelay has not passed
};
constexpr LinkState last_of(LinkState) noexcept {
  return LinkState::back;
}

/// One port as the policy sees it.
struct PortFacts {
  PortId id;
  std::string_view name;
  LinkState link = LinkState::down;
  Ticks back_left{};      ///< in state back: what is left of updelay
  Ticks up_for{};         ///< in state up: for how long
  bool held = false;      ///< mode 4: it has link, but its monitors together say that it is not to be used
  bool monitored = true;  ///< a pass of the link monitor has looked at it; false: it has only just been added
  std::uint32_t speed_mbps = 0;
  Duplex duplex = Duplex::unknown;
  MacAddress mac;
  MacAddress permanent_mac;
  PortOptions options;
};

/// Bytes that the host has sent since the bond was made, by the bucket they fell into; counted while the plan spreads
/// by buckets.
struct BucketTraffic {
  std::array<std::uint64_t, bucket_count> bytes{};
  std::uint64_t other = 0;  ///< of frames without a bucket
  template <class A>
  void archive(A& a) {
    a(bytes, other);
  }
  friend constexpr bool operator==(const BucketTraffic&, const BucketTraffic&) = default;
};
inline constexpr BucketTraffic no_bucket_traffic{};

/// Everything a policy may know. The ports stand in order of enslaving.
struct BondFacts {
  const BondOptions& options;
  MacAddress bond_mac;
  bool bond_up = false;  ///< the host has set bond0 up
  FixedVector<PortFacts, max_ports> ports;
  std::span<const HostAddress> addresses = {};  ///< of the host, through bond0
  std::span<const VlanId> vlans = {};           ///< VLAN interfaces on top of bond0
  const BucketTraffic* traffic = &no_bucket_traffic;

  const PortFacts* find(PortId id) const noexcept {
    for (const PortFacts& port : ports)
      if (port.id == id) return &port;
    return nullptr;
  }
};

// --- what happens to a bond -------------------------------------------------------------------------------------

struct PortAdded {
  PortId port;
};
/// The port is about to be given back, and the facts still hold it: SendFrame on it leaves before it goes. PortRemoved
/// follows. A port whose interface has vanished is only removed.
struct PortLeaving {
  PortId port;
};
/// The facts no longer hold the port.
struct PortRemoved {
  PortId port;
};
struct LinkChanged {
  PortId port;
  LinkState from;
  LinkState to;
};
/// All links have been looked at. `scheduled` is false when an event made the look sooner than miimon asked for.
struct MonitorPass {
  bool scheduled = true;
};
/// bond0 was set up or down, or an option was written: `option` is the kernel's name of it, empty otherwise.
struct Reconfigured {
  std::string_view option;
};
/// Make this port the active one (its link was checked); none: choose again.
struct ActivateRequested {
  std::optional<PortId> port;
};
struct FramePunted {
  std::optional<PortId> port;  ///< none: it came from the host
  wire::Bytes frame;
};
/// Somebody gave bond0 another MAC address; the facts hold it already.
struct BondMacChanged {};
/// Frames wait for buckets that nobody has been given (no_port in the plan), in the order in which they came. The plan
/// must give each of them a port, unless none can send.
struct BucketsWanted {
  std::span<const std::uint8_t> buckets;
};
/// A deadline the policy asked for has come.
struct TimerDue {};

using PolicyEvent = std::variant<PortAdded, PortLeaving, PortRemoved, LinkChanged, MonitorPass, Reconfigured,
                                 ActivateRequested, FramePunted, BondMacChanged, BucketsWanted, TimerDue>;

// --- what a policy wants done -----------------------------------------------------------------------------------

/// Tell the neighbours where our addresses are now: a gratuitous ARP request for each IPv4 address (RFC 5227 section
/// 3's announcement), an unsolicited neighbour advertisement for each IPv6 address (RFC 4861 7.2.6), tagged on VLANs.
struct AnnouncePeers {};
/// Tell the switches again which IPv4 multicast groups the host has joined (resend_igmp): an IGMP membership report for
/// each, tagged on VLANs.
struct RejoinGroups {};
struct SetPortMac {
  PortId port;
  MacAddress mac;
};
/// Receive every frame on the wire, beside what the host asks for.
struct SetPortPromiscuous {
  PortId port;
  bool on = false;
};
struct SetBondMac {
  MacAddress mac;
};
struct SendFrame {
  PortId port;
  FixedVector<std::uint8_t, 128> bytes;
  template <class A>
  void archive(A& a) {
    a(port, bytes);
  }
};
/// The active port changed, also where the mode shows none: updelay of the new one is over. The rest is to be told.
struct ActiveChanged {
  std::optional<PortId> from;
  std::optional<PortId> to;
};

/// Nothing to do, only to tell: what happened to a port, or to the bond, in one line without a full stop.
struct Tell {
  std::optional<PortId> port;
  FixedVector<char, 120> text;
};

using Action = std::variant<AnnouncePeers, RejoinGroups, SetPortMac, SetPortPromiscuous, SetBondMac, SendFrame,
                            ActiveChanged, Tell>;
using ActionList = FixedVector<Action, 64>;

/// One mode. Everything a policy says is a pure function of what it has been told.
/// Where a mode has more to show, it also has `LacpStatus lacp(const BondFacts&) const` (policies/lacp/status.hpp) or
/// `BalanceStatus balance(const BondFacts&) const` (policies/balance_status.hpp).
/// An ActionList holds 64 actions a step: a policy with more to say keeps the rest and asks for the next tick.
template <class P>
concept Policy = requires(P policy, const P& fixed, const PolicyEvent& event, const BondFacts& facts, Tick now,
                          ActionList& actions) {
  { policy.handle(event, facts, now, actions) } -> std::same_as<void>;
  /// The plan after everything handled so far.
  { fixed.plan(facts) } -> std::same_as<ForwardingPlan>;
  /// When handle(TimerDue) wants to be called; none: not at all.
  { fixed.next_deadline() } -> std::same_as<std::optional<Tick>>;
  /// The port shown as "Currently Active Slave", where the mode has one.
  { fixed.active() } -> std::same_as<std::optional<PortId>>;
  /// Whether a port that comes back may skip updelay because nothing else carries traffic.
  { fixed.skip_updelay(facts) } -> std::same_as<bool>;
};

}  // namespace bondbox

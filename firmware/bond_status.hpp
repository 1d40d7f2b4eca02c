// One bond's whole state at one tick, as values: what every kind of status text is rendered from.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firmware/bond_offload.hpp"
#include "firmware/event_log.hpp"
#include "firmware/forwarder.hpp"
#include "hal/host_port.hpp"
#include "policies/balance_status.hpp"
#include "policies/lacp/status.hpp"
#include "policies/policy.hpp"

namespace bondbox {

/// What one of several monitors that decide together says of a port.
struct MonitorVerdict {
  const char* name = "";  ///< "link", "probes", "lacp"
  bool up = false;
  Ticks lasted{};      ///< for how long it has said so
  std::string reason;  ///< "answered 30 ms ago"
};

/// What is remembered of a port's losses, with flap_damping.
struct DampingStatus {
  std::uint32_t penalty = 0;
  bool damped = false;  ///< kept out of use
  Ticks left{};         ///< of that, if nothing more happens
};

/// What the ARP monitor knows of a port.
struct ArpPortStatus {
  struct Target {
    IpAddress address;
    bool is_asked = true;        ///< false: it is not reached through this bond
    std::optional<Ticks> heard;  ///< so long ago; none: never since it is a target, or answers are not looked at
  };
  bool validated = false;      ///< only answers of targets count, by arp_validate
  std::optional<Ticks> heard;  ///< how long ago something came that counts; none: never
  std::optional<Ticks> asked;  ///< how long ago a probe left; none: never
  std::uint32_t ignored = 0;   ///< ARP and neighbour discovery that came since then and did not count
  std::vector<Target> targets;
};

struct PortStatus {
  PortId id;
  std::string name;
  LinkState link = LinkState::down;
  Ticks delay_left{};  ///< of downdelay or updelay, in fail and back
  Ticks in_state_for{};
  std::uint32_t speed_mbps = 0;
  Duplex duplex = Duplex::unknown;
  std::uint32_t failures = 0;
  MacAddress permanent_mac;
  MacAddress mac;
  PortOptions options;
  bool active = false;                   ///< the mode's active port
  bool carries = false;                  ///< the plan sends on it
  bool has_carrier = false;              ///< what the PHY said last, whatever came of it
  bool held = false;                     ///< mode 4: has link, and its monitors together keep it out of use
  Ticks revert_left{};                   ///< it is up, and may take over from an active port that works only then
  std::vector<MonitorVerdict> monitors;  ///< where they decide together (option `monitor`), else empty
  DampingStatus damping;
  Away away = Away::no;  ///< off its cable, for a drill
  Ticks away_left{};
  PortCounters counters;
  NicCounters nic;
  bool set_up = true;              ///< the interface; false: administratively down
  bool mtu_refused = false;        ///< it does not take the bond's MTU
  bool hears_itself = false;       ///< frames of our own come back by it
  std::optional<Ticks> leaves_in;  ///< it is to be released then
  std::optional<ArpPortStatus> arp;
};

/// What has left since the ports that carry are these: how evenly they share the load.
struct LoadStatus {
  Ticks span{};
  std::array<std::uint64_t, max_ports> tx_bytes{};  ///< by PortId::index
  /// Of the heaviest bucket on each port, where the plan spreads by buckets; a bucket holds one flow or several.
  std::array<std::uint64_t, max_ports> heaviest_bucket{};
};

/// A port that is configured but whose interface is not there, or could not be taken.
struct AwaitedStatus {
  std::string name;
  std::string reason;
};

/// How many loops forward for the bond.
struct LoopStatus {
  std::size_t wanted = 1;
  std::size_t serving = 1;
  std::uint64_t queue_full = 0;  ///< times that a loop's way to the main thread had no room
  std::string reason;            ///< why fewer serve than are wanted
};

struct BondStatus {
  std::string name;
  std::string interface;  ///< its name on the host; empty: the bond's own
  Tick at{};
  BondOptions options;
  std::string active;   ///< empty: none
  std::string primary;  ///< empty: none, or not a port yet
  bool carrier = false;
  bool host_up = false;
  MacAddress mac;
  std::uint32_t mtu = 0;
  std::uint64_t plan_generation = 0;
  std::uint64_t announcements = 0;  ///< frames sent to tell neighbours
  std::uint64_t failovers = 0;      ///< changes from one active port to another
  std::uint32_t turns = 0;          ///< round robin: frames that have had their turn, modulo 2^32
  std::uint64_t punts_lost = 0;
  std::uint64_t host_refused = 0;  ///< operations that the host port refused (carrier, MAC)
  BondCounters counters;
  NicCounters host;
  std::vector<HostAddress> addresses;
  std::vector<PortStatus> ports;
  std::vector<AwaitedStatus> awaited;
  LoopStatus loops;
  std::optional<LacpStatus> lacp;        ///< mode 4; its ports stand as `ports` do
  std::optional<BalanceStatus> balance;  ///< modes 5 and 6
  ForwardingPlan plan;
  OffloadStatus offload;
  bool fail_over_mac_forced = false;  ///< turned to active because a port could not change its address
  std::string mac_lent_by;            ///< a port that was released, whose own address the bond still has; empty: none
  LoadStatus load;
};

/// What the scheduler knows beside the bonds.
struct SchedulerStatus {
  std::uint64_t steps = 0;
  std::uint64_t overrun_ticks = 0;  ///< ticks by which due work was late, summed
  std::uint64_t overruns = 0;       ///< how often it was late
  std::int64_t worst_overrun_ms = 0;
  std::uint64_t state_kept = 0;      ///< how often RUN_DIR/state/bonds was written
  std::uint64_t state_kept_not = 0;  ///< and could not be
};

}  // namespace bondbox

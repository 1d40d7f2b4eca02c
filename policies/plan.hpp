// The forwarding plan: all that the per-frame path needs to know, as data. A policy publishes one whenever its mind
// changes; the forwarder (and the simulator, and later a BPF program) executes it without asking back.
//
//   mode            transmit.spread   chosen by                     source MAC     duplicates on receive
//   0 balance-rr    round_robin       counter / packets_per_port    bond           every port delivers
//   1 active-backup single            -                             bond           only the active delivers
//   2 balance-xor   hash              hash_policy                   bond           every port delivers
//   3 broadcast     copy_to_all       -                             bond           every port delivers
//   4 802.3ad       hash              hash_policy, over the active  bond           distributing ports deliver, slow
//                                     aggregator's ports                           protocols are punted from all
//   5 balance-tlb   buckets           transmit_hash (hash_policy)   of the port    the active port delivers
//   6 balance-alb   buckets           destination_ip; ARP by the    of the port    every port delivers unicast;
//                                     policy                                       ARP is punted too
//
// With xmit_hash_resilient modes 2 and 4 spread by `buckets` and `every_frame`, so that only the flows of a port that
// fails move.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ids.hpp"
#include "hal/wire/mac_address.hpp"
#include "policies/options.hpp"

namespace bondbox {

using PortList = FixedVector<PortId, max_ports>;

/// In a bucket table: nobody has been given this bucket yet.
inline constexpr PortId no_port{0xff};
inline constexpr std::size_t bucket_count = 256;

enum class Spread : std::uint8_t {
  nothing,      ///< no port may send: frames are dropped and counted
  single,       ///< everything leaves on usable[0]
  round_robin,  ///< usable[(counter / packets_per_port) % n]; packets_per_port 0: a random one
  hash,         ///< usable[hash(frame) % n]
  buckets,      ///< bucket_port[bucket of the frame]; frames without a bucket leave on usable[0]
  copy_to_all,  ///< a copy on each usable port
};
constexpr Spread last_of(Spread) noexcept {
  return Spread::copy_to_all;
}

/// What the bucket of a frame is computed from.
enum class BucketKey : std::uint8_t {
  transmit_hash,   ///< mode 5: the low byte of the hash by `hash_policy`; unicast IP only
  destination_ip,  ///< mode 6: the bytes of the destination's IP address; unicast IP and IPv4 multicast only
  every_frame,     ///< resilient hash: the low byte of the hash by `hash_policy`, whatever the frame is
};
constexpr BucketKey last_of(BucketKey) noexcept {
  return BucketKey::every_frame;
}

struct TransmitRule {
  Spread spread = Spread::nothing;
  PortList usable;    ///< in order of choice; for `single` and `buckets` the first is the active port
  PortList fallback;  ///< tried in order, after `usable`, for a frame that its port refuses for want of a link
  std::uint16_t packets_per_port = 1;
  HashPolicy hash_policy = HashPolicy::layer2;
  BucketKey bucket_key = BucketKey::transmit_hash;
  /// no_port: the policy is asked (BucketsWanted) before the first frame of the bucket leaves.
  std::array<PortId, bucket_count> bucket_port{};
  /// With `hash`: where all leaves that has no bucket by `bucket_key`, and frames of our own (modes 5 and 6 with
  /// tlb_dynamic_lb=0).
  std::optional<PortId> rest_port;
  std::optional<PortId> igmp_port;  ///< where IGMP leaves, whatever the spread says (mode 0)
  bool copy_neighbours = false;     ///< ARP, NS and NA leave on every usable port (broadcast_neighbor)

  template <class A>
  void archive(A& a) {
    for (PortId& port : bucket_port) a.port_or(port, no_port);
    a(spread, usable, fallback, packets_per_port, hash_policy, bucket_key, rest_port, igmp_port, copy_neighbours);
  }
  friend bool operator==(const TransmitRule&, const TransmitRule&) = default;
};

/// Classes of frames, as bits of PortRule::deliver.
using Deliver = std::uint8_t;
inline constexpr Deliver deliver_nothing = 0;
inline constexpr Deliver deliver_unicast = 1;
inline constexpr Deliver deliver_multicast = 2;
inline constexpr Deliver deliver_broadcast = 4;
inline constexpr Deliver deliver_link_local = 8;  ///< 01:80:c2:00:00:0X; not part of multicast
inline constexpr Deliver deliver_all = 15;

/// What one port does with a frame that comes in, and as whom it sends.
struct PortRule {
  Deliver deliver = deliver_nothing;
  /// Every frame of the host that leaves here gets this source address, bridged ones too, or a switch would learn
  /// theirs on two ports (modes 5 and 6; observed kernel behaviour).
  std::optional<MacAddress> source_mac;
  /// Frames to this address get the bond's address before the host sees them (modes 5 and 6: the port's own). While
  /// the port is not usable and delivers nothing, those that reach another port as well.
  std::optional<MacAddress> own_mac;
  /// Frames that the host puts into its queue of this number leave here, if the port is usable (modes 0 to 2); 0: none.
  std::uint16_t queue_id = 0;

  template <class A>
  void archive(A& a) {
    a(deliver, source_mac, own_mac, queue_id);
  }
  friend bool operator==(const PortRule&, const PortRule&) = default;
};

/// Classes of frames that the policy wants to see, as bits.
using Punt = std::uint8_t;
inline constexpr Punt punt_nothing = 0;
inline constexpr Punt punt_slow_protocols = 1;  ///< ethertype 0x8809, taken away from the host
inline constexpr Punt punt_arp_received = 2;    ///< a copy; the host gets the frame too
inline constexpr Punt punt_arp_sent = 4;        ///< the policy sends it instead of the forwarder
inline constexpr Punt punt_nd_received = 8;     ///< copies of received NS and NA; the host gets the frame too
inline constexpr Punt punt_na_sent = 16;        ///< neighbour advertisements: the policy sends them

struct ForwardingPlan {
  std::uint64_t generation = 0;  ///< counts the plans a bond has published
  TransmitRule transmit;
  std::array<PortRule, max_ports> ports{};
  Punt punt = punt_nothing;
  bool carrier = false;  ///< whether bond0 shows a cable to the host

  template <class A>
  void archive(A& a) {
    a(generation, transmit, ports, punt, carrier);
  }
  /// Equal in effect: generations are not compared.
  bool same_effect(const ForwardingPlan& other) const {
    return transmit == other.transmit && ports == other.ports && punt == other.punt && carrier == other.carrier;
  }
};

}  // namespace bondbox

// The frame path: executes a ForwardingPlan over batches of frames. No policy is called, nothing is allocated.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hal/channel.hpp"
#include "hal/packet.hpp"
#include "policies/plan.hpp"
#include "policies/policy.hpp"

namespace bondbox {

/// Frames and bytes that one port carried or refused. Of rx_frames those that are in none of rx_suppressed, rx_punted,
/// rx_runt and rx_host_refused reached the host. A frame from the host ends in exactly one of: tx_frames or tx_refused
/// of one port, tx_no_port, tx_runt, tx_punted; where a copy goes to each port, each copy so.
struct PortCounters {
  std::uint64_t rx_frames = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t tx_frames = 0;
  std::uint64_t tx_bytes = 0;
  std::uint64_t rx_suppressed = 0;    ///< duplicates that a port not meant to deliver received; not an error
  std::uint64_t rx_punted = 0;        ///< taken by the policy instead of the host
  std::uint64_t rx_runt = 0;          ///< shorter than an Ethernet header
  std::uint64_t rx_host_refused = 0;  ///< the host's interface did not take it (down, or full)
  std::uint64_t tx_refused = 0;       ///< the NIC did not take it, and no other port could; lost
  std::uint64_t tx_moved = 0;   ///< the NIC had no link; another port got the frame in the same step, and counts it
  std::uint64_t rx_looped = 0;  ///< of what it was to deliver: came from the address under which this port sends

  template <class A>
  void archive(A& a) {
    a(rx_frames, rx_bytes, tx_frames, tx_bytes, rx_suppressed, rx_punted, rx_runt, rx_host_refused, tx_refused,
      tx_moved, rx_looped);
  }
};

/// What the bond itself took away on the way from the host to the ports.
struct BondCounters {
  std::uint64_t tx_no_port = 0;  ///< no port was usable; dropped
  std::uint64_t tx_runt = 0;     ///< shorter than an Ethernet header; dropped
  std::uint64_t tx_punted = 0;   ///< the policy sends it instead

  template <class A>
  void archive(A& a) {
    a(tx_no_port, tx_runt, tx_punted);
  }
};

/// A frame that the policy is to see, copied out of the batch. Slow protocols, ARP and ND fit by far.
struct PuntedFrame {
  PortId port;
  bool from_host = false;
  FixedVector<std::uint8_t, 256> bytes;

  template <class A>
  void archive(A& a) {
    a(port, from_host, bytes);
  }
};
using PuntQueue = FixedVector<PuntedFrame, 64>;
/// How many slow protocol frames one port may have in the queue: a flood on one port must not cost the others their
/// partners.
inline constexpr std::size_t slow_punts_max = PuntQueue::capacity() / max_ports;

/// The ports as the forwarder uses them: by PortId::index, null where there is none.
using NicTable = std::array<Channel*, max_ports>;

/// Is asked about single frames that a plan admits. Whoever makes one keeps it.
class FrameSieve {
 public:
  /// What does not pass is dropped and counted as a suppressed duplicate. `frame` has an Ethernet header.
  virtual bool passes(wire::Bytes frame) = 0;

 protected:
  ~FrameSieve() = default;
};

class Forwarder {
 public:
  /// The buckets that frames of the batch fall into and that nobody has been given, each once, in order.
  using BucketList = FixedVector<std::uint8_t, PacketBatch::frames_max>;
  BucketList unassigned_buckets(const PacketBatch& batch, const ForwardingPlan& plan) const;

  /// Sends host frames by the plan.
  void host_to_ports(PacketBatch& batch, const ForwardingPlan& plan, const NicTable& nics);

  /// Admits what one port received and hands it to the host. `bond_mac` replaces destinations as PortRule::own_mac
  /// says.
  void port_to_host(PacketBatch& batch, PortId from, const ForwardingPlan& plan, Channel& host, MacAddress bond_mac,
                    FrameSieve* sieve = nullptr);

  /// Sends one frame of our own, as it is, by the plan's transmit rule (announcements), or on one port and no other.
  void send(Packet& packet, const ForwardingPlan& plan, const NicTable& nics);
  void send_on(PortId port, Packet& packet, const NicTable& nics);

  /// Where the random choices of Spread::round_robin with packets_per_port 0 begin.
  void seed(std::uint32_t value) noexcept { random_state_ = value; }

  /// What outlives it: all that it has counted, its turn, and the frames that the policy has not seen yet.
  struct Memory {
    std::array<PortCounters, max_ports> ports{};
    BondCounters bond;
    BucketTraffic traffic;
    std::uint32_t turns = 0;
    std::uint32_t random_state = 0;
    std::uint64_t punts_lost = 0;
    bool link_doubt = false;

    template <class A>
    void archive(A& a) {
      a(ports, bond, traffic, turns, random_state, punts_lost, link_doubt);
    }
  };
  Memory memory() const noexcept {
    return {ports_, bond_, traffic_, round_robin_counter_, random_state_, punts_lost_, link_doubt_};
  }
  void recall(const Memory& memory) noexcept;

  const PortCounters& port(PortId id) const noexcept { return ports_[id.index]; }
  const std::array<PortCounters, max_ports>& ports() const noexcept { return ports_; }
  const BondCounters& bond() const noexcept { return bond_; }
  const BucketTraffic& traffic() const noexcept { return traffic_; }
  /// How many frames have had their turn in round robin, modulo 2^32.
  std::uint32_t turns() const noexcept { return round_robin_counter_; }
  void forget_port(PortId id) noexcept { ports_[id.index] = {}; }
  /// What came in on this port is not for the policy any more: the port is given back.
  void drop_punted(PortId id);

  /// Set when a NIC refused a frame for want of a link: look at the links now. Cleared by reading.
  bool take_link_doubt() noexcept {
    const bool doubt = link_doubt_;
    link_doubt_ = false;
    return doubt;
  }

  bool has_link_doubt() const noexcept { return link_doubt_; }

  /// What came in by a port that has left: its PortId may be another port's before the policy is told.
  void forget_punted(PortId port) noexcept;
  PuntQueue& punted() noexcept { return punted_; }
  /// A frame that another forwarder of the bond has punted: as if it had been punted here.
  void take_punted(const PuntedFrame& frame);
  const PuntQueue& punted() const noexcept { return punted_; }
  /// Frames that the policy should have seen, but the queue, or the port's share of it, was full or the frame too long.
  std::uint64_t punts_lost() const noexcept { return punts_lost_; }

 private:
  using FrameList = FixedVector<Packet*, PacketBatch::frames_max>;
  using Frames = std::span<Packet* const>;
  using SourceList = FixedVector<MacAddress, PacketBatch::frames_max>;

  /// What a transmit goes by.
  struct Route {
    const ForwardingPlan& plan;
    const NicTable& nics;
    bool replace_sources;  ///< as PortRule::source_mac says; no: the frames keep the address that they have
  };

  void assign(Packet& packet, const ForwardingPlan& plan);
  std::uint32_t next_number(const TransmitRule& rule) const noexcept;
  void queue(PortId port, Packet& packet) { lists_[port.index].push_back(&packet); }
  void flush(const Route& route);
  void put_sources(PortId port, Frames frames, const Route& route);
  void transmit(PortId port, Frames frames, const Route& route);
  Frames transmit_elsewhere(PortId refused_by, Frames frames, const Route& route);
  Frames transmit_on(PortId port, Frames frames, const NicTable& nics);
  void count_sent(PortId port, Frames frames);
  bool can_punt(wire::Bytes frame) const noexcept;
  void punt(PortId port, bool from_host, wire::Bytes frame);
  void punt_slow(PortId port, wire::Bytes frame);

  std::array<PortCounters, max_ports> ports_{};
  BondCounters bond_;
  BucketTraffic traffic_;
  std::array<FrameList, max_ports> lists_{};
  SourceList sources_;  ///< of the list being sent, as the host wrote them
  std::uint32_t round_robin_counter_ = 0;
  std::uint32_t random_state_ = 0x9e3779b9;
  bool link_doubt_ = false;
  PuntQueue punted_;
  std::uint64_t punts_lost_ = 0;
};

/// The class of a frame that a policy may ask for by its bit, or punt_nothing. Looks behind VLAN tags.
Punt punt_class(wire::Bytes frame, bool from_host) noexcept;

/// The class of a frame by its destination, as one bit of PortRule::deliver. `frame` has at least 6 bytes.
Deliver destination_class(wire::Bytes frame) noexcept;

}  // namespace bondbox

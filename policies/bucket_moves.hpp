// Which bucket moves to which port: the decisions of rebalance=bounded, as pure functions. A bucket moves only for a
// reason: its port died, a port came back and is due its share, or a port carries clearly more than another.
#pragma once

#include <array>
#include <cstdint>

#include "hal/wire/fixed_vector.hpp"
#include "policies/plan.hpp"

namespace bondbox {

/// A port that buckets may be given to.
struct Lane {
  PortId port;
  std::uint32_t weight = 1;  ///< its speed, relative to the others'; not 0
  std::uint64_t fixed = 0;   ///< bytes that it carries beside its buckets and that cannot move
};
using Lanes = FixedVector<Lane, max_ports>;
using BucketPorts = std::array<PortId, bucket_count>;
using BucketLoads = std::array<std::uint64_t, bucket_count>;  ///< bytes; below 2^44

/// Gives every bucket that has no_port to a lane: the heaviest first, to the lane that is filled least for its weight;
/// those without load so that counts are even. No other bucket moves.
void deal_buckets(const Lanes& lanes, const BucketLoads& loads, BucketPorts& ports);

/// Gives a lane without buckets its share by weight, the fewest moves: from the lanes that have the most for their
/// weight, neighbouring buckets from each in turn of their low bits, because addresses in use differ in those.
void give_share(PortId newcomer, const Lanes& lanes, BucketPorts& ports);

/// One round of rebalancing, as Open vSwitch does it for its balanced bonds: as long as the fullest lane carries more
/// than the emptiest by at least a 32nd of what that carries, and by 100 kB, it gives the buckets whose load comes
/// nearest to what would make both equal. A move that brings less than a tenth of that is not made; a lane keeps one
/// bucket at least; what has taken gives nothing in the same round. Returns how many moved.
std::size_t rebalance_buckets(const Lanes& lanes, const BucketLoads& loads, BucketPorts& ports);

/// What a lane carries.
std::uint64_t lane_load(const Lane& lane, const BucketLoads& loads, const BucketPorts& ports) noexcept;

}  // namespace bondbox

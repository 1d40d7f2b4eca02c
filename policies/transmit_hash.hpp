// How a frame is turned into a number that chooses its port: the xmit_hash_policy formulas of modes 2 and 4, and the
// 256 buckets of modes 5 and 6. Pure functions of the frame's bytes, the same on CPUs of either byte order; they read
// nothing beyond the frame's end.
#pragma once

#include <cstdint>
#include <optional>

#include "hal/wire/bytes.hpp"
#include "policies/options.hpp"
#include "policies/plan.hpp"

namespace bondbox {

/// The value whose remainder by the number of usable ports is the port's place among them (reference: the Linux
/// bonding driver's policies, verified against recorded choices of it). `frame` has at least 14 bytes.
/// The outermost VLAN tag is taken off first, as the kernel sees VLAN interfaces' frames untagged; vlan+srcmac hashes
/// what it said. A tag that is left makes the frame one that is not IP.
std::uint32_t transmit_hash(HashPolicy policy, wire::Bytes frame) noexcept;

/// The same with no tag taken off: what the driver computes for a frame that was given to it with the tag among its
/// bytes, as through a packet socket. `frame` has at least 14 bytes.
std::uint32_t transmit_hash_as_is(HashPolicy policy, wire::Bytes frame) noexcept;

/// The bucket of a frame. With BucketKey::every_frame each has one; in modes 5 and 6 none for what always leaves on the
/// active port: anything but unicast IP, and what those modes except (neighbour discovery in both; address probes and
/// IGMP in mode 6). IPv4 multicast has a bucket in mode 6, as with the kernel driver; IPv6 multicast has not, because
/// listener reports among it would draw groups to a port that drops them. `policy` is what BucketKey::transmit_hash
/// hashes by. `frame` has at least 14 bytes; a tag is treated as by transmit_hash().
std::optional<std::uint8_t> transmit_bucket(BucketKey key, HashPolicy policy, wire::Bytes frame) noexcept;

}  // namespace bondbox

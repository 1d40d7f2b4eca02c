// How a frame is turned into a number that chooses its port: the xmit_hash_policy formulas of modes 2 and 4, and the
// 256 buckets of modes 5 and 6. Pure functions of the frame's bytes; they read nothing beyond its end.
#pragma once

#include <cstdint>
#include <optional>

#include "hal/wire/bytes.hpp"
#include "policies/options.hpp"
#include "policies/plan.hpp"

namespace bondbox {

/// The value whose remainder by the number of usable ports is the port's place among them (reference: the Linux
/// bonding driver's policies, verified against recorded choices of it). `frame` has at least 14 bytes.
/// A VLAN tag in the frame is taken off first, as the kernel sees VLAN interfaces' frames untagged.
std::uint32_t transmit_hash(HashPolicy policy, wire::Bytes frame) noexcept;

/// The bucket of a frame in modes 5 and 6; none for what always leaves on the active port: anything but unicast IP,
/// and what those modes except. `frame` has at least 14 bytes.
std::optional<std::uint8_t> transmit_bucket(BucketKey key, wire::Bytes frame) noexcept;

}  // namespace bondbox

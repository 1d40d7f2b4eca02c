// Spreading flows so that only those of a port that fails move (xmit_hash_resilient; modes 2 and 4).
#pragma once

#include <array>

#include "policies/plan.hpp"

namespace bondbox {

/// The port of each bucket, for Spread::buckets with BucketKey::every_frame. `ports`: the bond's, in order of
/// enslaving; `usable`: those of them that may send. Without any usable port every bucket has no_port.
///
/// Each bucket has an order of preference over all `ports` and goes to the first that is usable. So a table follows
/// from the two lists alone: when a port fails only its own buckets move, spread evenly over the others, and when it
/// returns they, and only they, come back, whatever happened in between.
std::array<PortId, bucket_count> resilient_buckets(const PortList& ports, const PortList& usable) noexcept;

/// Makes the plan spread by those buckets over its usable ports.
void spread_resiliently(TransmitRule& transmit, const PortList& ports) noexcept;

}  // namespace bondbox

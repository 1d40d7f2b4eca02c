#include "policies/transmit_hash.hpp"

#include "hal/wire/frame_hash.hpp"
#include "hal/wire/span_reader.hpp"

namespace bondbox {
namespace {

namespace fast = wire::fast;

static_assert(static_cast<int>(HashPolicy::layer2) == wire::fast_hash_layer2);
static_assert(static_cast<int>(HashPolicy::layer34) == wire::fast_hash_layer34);
static_assert(static_cast<int>(HashPolicy::layer23) == wire::fast_hash_layer23);
static_assert(static_cast<int>(HashPolicy::encap23) == wire::fast_hash_encap23);
static_assert(static_cast<int>(HashPolicy::encap34) == wire::fast_hash_encap34);
static_assert(static_cast<int>(HashPolicy::vlan_srcmac) == wire::fast_hash_vlan_srcmac);
static_assert(static_cast<int>(BucketKey::transmit_hash) == wire::fast_key_transmit_hash);
static_assert(static_cast<int>(BucketKey::destination_ip) == wire::fast_key_destination_ip);
static_assert(static_cast<int>(BucketKey::every_frame) == wire::fast_key_every_frame);

/// In one place of the program only: the templates are made to be unfolded.
std::uint32_t hash(HashPolicy policy, const wire::SpanReader& frame, const fast::Link& link) noexcept {
  return fast::hash_of(static_cast<std::uint8_t>(policy), frame, link);
}

}  // namespace

std::uint32_t transmit_hash(HashPolicy policy, wire::Bytes frame) noexcept {
  const wire::SpanReader reader(frame);
  return hash(policy, reader, fast::link_of(reader));
}

std::uint32_t transmit_hash_as_is(HashPolicy policy, wire::Bytes frame) noexcept {
  const wire::SpanReader reader(frame);
  return hash(policy, reader, fast::link_as_is(reader));
}

std::optional<std::uint8_t> transmit_bucket(BucketKey key, HashPolicy policy, wire::Bytes frame) noexcept {
  const wire::SpanReader reader(frame);
  const fast::Link link = fast::link_of(reader);
  const std::uint32_t bucket = fast::bucket_of(static_cast<std::uint8_t>(key), reader, link);
  if (bucket == fast::no_bucket) return std::nullopt;
  return static_cast<std::uint8_t>(bucket == fast::bucket_by_hash ? hash(policy, reader, link) & 0xff : bucket);
}

}  // namespace bondbox

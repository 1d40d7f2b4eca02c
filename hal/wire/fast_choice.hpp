// Which port a plan sends a frame to: the one definition, for the forwarder, for `bondbox which` and for the programs
// in the kernel. A Rule is a plan as its reader has it:
//
//   uint8_t spread(), hash_policy(), bucket_key(), usable_count(); uint16_t packets_per_port(); bool
//   copies_neighbours() uint8_t usable(uint32_t place), bucket_port(uint32_t bucket)      a port uint8_t igmp_port(),
//   rest_port()                                 fast_no_port: none
//
// The host's queues (queue_id) are no part of it: those frames are the daemon's.
#pragma once

#include <stdint.h>

#include "hal/wire/fast_plan.hpp"
#include "hal/wire/frame_hash.hpp"

namespace bondbox::wire {

/// As Spread in policies/plan.hpp.
enum FastSpread : uint8_t {
  fast_nothing,
  fast_single,
  fast_round_robin,
  fast_hash,
  fast_buckets,
  fast_copy_to_all,
};

/// As ChoiceReason in policies/choice.hpp.
enum FastReason : uint8_t {
  fast_nowhere,
  fast_by_single,
  fast_by_turn,
  fast_by_random,
  fast_by_hash,
  fast_by_bucket,
  fast_unassigned,
  fast_bucketless,
  fast_by_igmp,
  fast_copies,
  fast_neighbour,
};

struct FastChoice {
  FastReason reason = fast_nowhere;
  uint8_t port = fast_no_port;  ///< none: dropped, copies, or unassigned
  uint32_t hash = 0;            ///< with fast_by_hash
  uint32_t bucket = 0;          ///< with fast_by_bucket and fast_unassigned
};

/// A FastPlan as a Rule. Places are masked, because the kernel's verifier does not follow a count.
class FastPlanRule {
 public:
  BONDBOX_FAST explicit FastPlanRule(const FastPlan& plan) noexcept : plan_(plan) {}
  BONDBOX_FAST uint8_t spread() const noexcept { return plan_.spread; }
  BONDBOX_FAST uint8_t hash_policy() const noexcept { return plan_.hash_policy; }
  BONDBOX_FAST uint8_t bucket_key() const noexcept { return plan_.bucket_key; }
  BONDBOX_FAST uint8_t usable_count() const noexcept { return plan_.usable_count; }
  BONDBOX_FAST uint16_t packets_per_port() const noexcept { return plan_.packets_per_port; }
  BONDBOX_FAST bool copies_neighbours() const noexcept { return plan_.copy_neighbours != 0; }
  BONDBOX_FAST uint8_t usable(uint32_t place) const noexcept { return plan_.usable[place & (fast_ports_max - 1)]; }
  BONDBOX_FAST uint8_t bucket_port(uint32_t bucket) const noexcept { return plan_.bucket_port[bucket & 0xff]; }
  BONDBOX_FAST uint8_t igmp_port() const noexcept { return plan_.igmp_port; }
  BONDBOX_FAST uint8_t rest_port() const noexcept { return plan_.rest_port; }

 private:
  const FastPlan& plan_;
};

namespace fast {

/// By hash or bucket. The hash stands here once: it is most of a program's code.
template <class Rule, class Reader>
BONDBOX_FAST FastChoice choose_by_hash(const Rule& rule, const Reader& frame) noexcept {
  const bool has_buckets = rule.spread() == fast_buckets;
  const uint8_t rest = has_buckets ? rule.usable(0) : rule.rest_port();
  const Link link = link_of(frame);
  uint32_t bucket = bucket_by_hash;
  if (has_buckets || rest != fast_no_port) bucket = bucket_of(rule.bucket_key(), frame, link);
  if (bucket == no_bucket) return {fast_bucketless, rest, 0, 0};
  uint32_t hash = 0;
  if (!has_buckets || bucket == bucket_by_hash) hash = hash_of(rule.hash_policy(), frame, link);
  if (!has_buckets) return {fast_by_hash, rule.usable(hash % rule.usable_count()), hash, 0};
  if (bucket == bucket_by_hash) bucket = hash & 0xff;
  const uint8_t port = rule.bucket_port(bucket);
  return {port == fast_no_port ? fast_unassigned : fast_by_bucket, port, 0, bucket};
}

/// `number`: called once for a frame that has a turn of its own: the round robin counter, already advanced, or with
/// packets_per_port 0 a random number.
template <class Rule, class Reader, class Number>
BONDBOX_FAST FastChoice choose(const Rule& rule, const Reader& frame, Number number) noexcept {
  const uint8_t spread = rule.spread();
  const uint32_t count = rule.usable_count();
  if (spread == fast_nothing || count == 0) return {};
  if (spread == fast_copy_to_all) return {fast_copies, fast_no_port, 0, 0};
  const uint8_t igmp_port = rule.igmp_port();
  if (rule.copies_neighbours() || igmp_port != fast_no_port) {
    const Content content = content_of(frame);
    if (rule.copies_neighbours() && is_neighbour_frame(frame, content)) return {fast_neighbour, fast_no_port, 0, 0};
    if (igmp_port != fast_no_port && is_igmp(frame, content)) return {fast_by_igmp, igmp_port, 0, 0};
  }
  if (spread == fast_round_robin) {
    const uint32_t each = rule.packets_per_port();
    const uint32_t turn = number(each == 0);
    return {each == 0 ? fast_by_random : fast_by_turn, rule.usable((each == 0 ? turn : turn / each) % count), 0, 0};
  }
  if (spread == fast_single) return {fast_by_single, rule.usable(0), 0, 0};
  return choose_by_hash(rule, frame);
}

}  // namespace fast
}  // namespace bondbox::wire

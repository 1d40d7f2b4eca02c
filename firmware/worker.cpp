#include "firmware/worker.hpp"

namespace bondbox {

namespace {

bool is_suppressed(const ForwardingPlan& plan, std::size_t source) noexcept {
  return source != source_host && plan.ports[source].deliver == deliver_nothing;
}

}  // namespace

bool Worker::serve(std::size_t slot, std::size_t source) {
  bool told = false;
  // The table first: while it is held, no share of it goes away.
  if (LoopShare* const share = tables_.enter(number_)[slot]; share != nullptr) {
    LoopSide& side = *share->sides[number_];
    // Before the plan is read: an answer comes after the plan that it led to.
    waits_ = side.questions.load(std::memory_order_relaxed) != side.answers.load();
    const LoopView& view = share->views.enter(number_);
    if (!waits_ && has_question(side, view, source)) {
      side.questions.fetch_add(1);
      waits_ = told = true;
    }
    waits_ = waits_ && is_suppressed(view.plan, source);
    if (!waits_) {
      forward(side, view, source);
      told = report(side) || told;
    }
    share->views.leave(number_);
  }
  tables_.leave(number_);
  return told;
}

/// Frames on a port that delivers nothing may be the first by the way that a peer has found around a dead cable: the
/// links are looked at before the frames are dropped. Asked once for a link that is lost.
bool Worker::has_question(LoopSide& side, const LoopView& view, std::size_t source) const {
  if (!is_suppressed(view.plan, source)) return false;
  bool asks = false;
  for (const PortId port : view.plan.transmit.usable) {
    Channel* const channel = view.channels[number_].ports[port.index];
    const bool lost = channel != nullptr && channel->has_lost_link();
    asks = asks || (lost && !side.known_lost[port.index]);
    side.known_lost[port.index] = lost;
  }
  return asks;
}

void Worker::forward(LoopSide& side, const LoopView& view, std::size_t source) {
  const LoopView::Channels& channels = view.channels[number_];
  Channel* const from = source == source_host ? channels.host : channels.ports[source];
  if (from == nullptr || channels.host == nullptr) return;
  batch_.clear();
  const NicCounters before = from->counters();
  const std::size_t got = from->receive(batch_);
  NicCounters& counted = source == source_host ? side.counted.host : side.counted.nics[source];
  counted.receive_truncated += from->counters().receive_truncated - before.receive_truncated;
  counted.receive_lost += from->counters().receive_lost - before.receive_lost;
  counted.receive_errors += from->counters().receive_errors - before.receive_errors;
  if (got == 0) return;
  if (source == source_host) {
    side.forwarder.host_to_ports(batch_, view.plan, channels.ports);
  } else {
    const PortId port{static_cast<std::uint8_t>(source)};
    ChangeoverSieve sieve(port, view.plan, view.newcomers, side.memory, view.leaves == port);
    side.forwarder.port_to_host(batch_, port, view.plan, *channels.host, view.bond_mac, sieve.if_needed());
  }
}

/// Within the epoch of what is reported: once the main thread finds the epoch passed, it has all counts of it.
bool Worker::report(LoopSide& side) {
  bool told = hand_up(side);
  if (side.forwarder.take_link_doubt()) told = !side.link_doubt.exchange(true) || told;
  LoopCounts& counts = side.counts.draft();
  counts = side.counted;
  counts.ports = side.forwarder.ports();
  counts.bond = side.forwarder.bond();
  counts.traffic = side.forwarder.traffic();
  counts.punts_lost = side.forwarder.punts_lost();
  side.counts.show();
  return told;
}

/// What finds no room stays with the forwarder, whose own queue is bounded: a frame of the host is then sent by the
/// plan unaltered, a received one is counted as lost to the policy.
bool Worker::hand_up(LoopSide& side) {
  PuntQueue& punted = side.forwarder.punted();
  if (punted.empty()) return false;
  std::size_t taken = 0;
  while (taken < punted.size() && side.punted.push(punted[taken])) ++taken;
  if (taken == punted.size()) {
    punted.clear();
    return true;
  }
  ++side.counted.queue_full;
  for (std::size_t i = taken; i > 0; --i) punted.erase_at(i - 1);
  leftovers_ = true;
  return true;
}

bool Worker::retry() {
  leftovers_ = false;
  bool told = false;
  for (LoopShare* const share : tables_.enter(number_)) {
    if (share == nullptr) continue;
    // For the epoch alone: counts and punted frames of a port that leaves are complete once it has passed.
    (void)share->views.enter(number_);
    if (hand_up(*share->sides[number_])) told = true;
    share->views.leave(number_);
  }
  tables_.leave(number_);
  return told;
}

}  // namespace bondbox

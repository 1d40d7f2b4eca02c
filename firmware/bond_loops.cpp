#include "firmware/bond_loops.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "policies/modes.hpp"

namespace bondbox {
namespace {

/// Adds what `now` has more than `before`.
void add(PortCounters& sum, const PortCounters& now, const PortCounters& before) {
  sum.rx_frames += now.rx_frames - before.rx_frames;
  sum.rx_bytes += now.rx_bytes - before.rx_bytes;
  sum.tx_frames += now.tx_frames - before.tx_frames;
  sum.tx_bytes += now.tx_bytes - before.tx_bytes;
  sum.rx_suppressed += now.rx_suppressed - before.rx_suppressed;
  sum.rx_punted += now.rx_punted - before.rx_punted;
  sum.rx_runt += now.rx_runt - before.rx_runt;
  sum.rx_host_refused += now.rx_host_refused - before.rx_host_refused;
  sum.tx_refused += now.tx_refused - before.tx_refused;
  sum.tx_moved += now.tx_moved - before.tx_moved;
  sum.rx_looped += now.rx_looped - before.rx_looped;
}

void add(NicCounters& sum, const NicCounters& now, const NicCounters& before) {
  sum.receive_truncated += now.receive_truncated - before.receive_truncated;
  sum.receive_lost += now.receive_lost - before.receive_lost;
  sum.receive_errors += now.receive_errors - before.receive_errors;
}

bool has_unassigned_bucket(const TransmitRule& rule) {
  if (rule.spread != Spread::buckets || rule.usable.empty()) return false;
  return std::find(rule.bucket_port.begin(), rule.bucket_port.end(), no_port) != rule.bucket_port.end();
}

}  // namespace

std::string_view one_order_reason(const ForwardingPlan& plan, const BondOptions& options) noexcept {
  if (options.arp_interval_ms != 0) return "the ARP monitor judges every frame that comes";
  const bool by_queue =
      std::any_of(plan.ports.begin(), plan.ports.end(), [](const PortRule& rule) { return rule.queue_id != 0; });
  if (by_queue) return "queue_id tells frames apart by the host's queue";
  const bool asks_first = has_distinct_port_macs(options.mode) && options.rebalance == Rebalance::kernel;
  if (asks_first || has_unassigned_bucket(plan.transmit))
    return "with rebalance=kernel the first frame of each bucket is decided upon";
  return {};
}

BondLoops::~BondLoops() {
  close();
  if (share_ != nullptr) loops_->remove(slot_);
}

Outcome BondLoops::open_host(HostPort& host) {
  if (wanted() == 1) return Outcome::done();
  if (share_ == nullptr) {
    share_ = std::make_unique<LoopShare>();
    for (std::size_t i = 0; i < workers(); ++i) share_->sides[i] = std::make_unique<LoopSide>();
    const auto slot = loops_->add(*share_);
    if (!slot) {
      share_.reset();
      refusal_ = "the loops serve as many bonds as they can";
      return Outcome::failed(ENOSPC, refusal_);
    }
    slot_ = *slot;
  }
  host_ = &host;
  open_ = true;
  refusal_.clear();
  for (std::size_t i = 0; i < workers(); ++i) {
    auto channel = host.open_channel();
    if (!channel.ok()) {
      close(channel.failure().reason);
      return channel.failure();
    }
    sides_[i].host = std::move(channel.value());
    view_.channels[i].host = sides_[i].host.get();
  }
  view_changed_ = true;
  return Outcome::done();
}

Outcome BondLoops::open_port(PortId port, Nic& nic) {
  if (!open_) return Outcome::done();
  nics_[port.index] = &nic;
  for (std::size_t i = 0; i < workers(); ++i) {
    auto channel = nic.open_channel();
    if (!channel.ok()) {
      close(channel.failure().reason);
      return channel.failure();
    }
    sides_[i].ports[port.index] = std::move(channel.value());
    view_.channels[i].ports[port.index] = sides_[i].ports[port.index].get();
  }
  view_changed_ = true;
  // Once the loops know the plan with it: follow().
  joins_[port.index] = true;
  return Outcome::done();
}

void BondLoops::close(std::string_view why) {
  refusal_ = why;
  if (!open_) return;
  unite();
  open_ = false;
  serving_told_ = 1;
  for (LoopView::Channels& channels : view_.channels) channels = {};
  publish();
  wait_passed();
  for (std::size_t i = 0; i < workers(); ++i) {
    if (sides_[i].host) loops_->forget(i, sides_[i].host->wait_handle());
    sides_[i].host.reset();
    for (std::uint8_t port = 0; port < max_ports; ++port) close_channel(i, {port});
  }
  host_ = nullptr;
  nics_ = {};
  joins_ = {};
}

void BondLoops::close_port(PortId port) {
  if (!open_ || nics_[port.index] == nullptr) return;
  nics_[port.index] = nullptr;
  joins_[port.index] = false;
  for (LoopView::Channels& channels : view_.channels) channels.ports[port.index] = nullptr;
  publish();
  wait_passed();
  for (std::size_t i = 0; i < workers(); ++i) close_channel(i, port);
}

void BondLoops::close_channel(std::size_t worker, PortId port) {
  std::unique_ptr<Channel>& channel = sides_[worker].ports[port.index];
  if (!channel) return;
  loops_->forget(worker, channel->wait_handle());
  sides_[worker].lost_below[port.index] += channel->lost_below();
  channel.reset();
}

void BondLoops::publish() {
  share_->views.publish(view_);
  view_changed_ = false;
}

/// A loop holds an epoch for a batch at most, and a batch waits for nothing.
void BondLoops::wait_passed() {
  while (!share_->views.passed(share_->views.newest())) loops_->pause();
}

void BondLoops::watch_all() {
  for (std::size_t i = 0; i < workers(); ++i) {
    loops_->watch(i, slot_, source_host, sides_[i].host->wait_handle());
    for (std::size_t port = 0; port < max_ports; ++port)
      if (sides_[i].ports[port]) loops_->watch(i, slot_, port, sides_[i].ports[port]->wait_handle());
  }
}

void BondLoops::forget_all() {
  for (std::size_t i = 0; i < workers(); ++i) {
    if (sides_[i].host) loops_->forget(i, sides_[i].host->wait_handle());
    for (const std::unique_ptr<Channel>& channel : sides_[i].ports)
      if (channel) loops_->forget(i, channel->wait_handle());
  }
}

bool BondLoops::has_waiting() const {
  const auto waits = [](const std::unique_ptr<Channel>& channel) { return channel && channel->has_waiting(); };
  return std::any_of(sides_.begin(), sides_.end(), [&waits](const WorkerSide& side) {
    return waits(side.host) || std::any_of(side.ports.begin(), side.ports.end(), waits);
  });
}

void BondLoops::part() {
  forget_all();
  (void)host_->spread_flows(true);
  for (Nic* const nic : nics_)
    if (nic != nullptr) (void)nic->spread_flows(true);
  joins_ = {};
  phase_ = Phase::parting;
  parting_turns_ = 0;
}

/// The main thread waits until the loops have forwarded what they have: tens of milliseconds at worst, and only when
/// somebody has changed an option, or the loops are closed.
void BondLoops::unite() {
  constexpr int pauses_max = 2'000;
  if (phase_ == Phase::together) return;
  if (phase_ == Phase::parting) watch_all();
  (void)host_->spread_flows(false);
  for (Nic* const nic : nics_)
    if (nic != nullptr) (void)nic->spread_flows(false);
  for (int i = 0; i < pauses_max && has_waiting(); ++i) {
    // Nobody looks at links meanwhile; the next collect() tells that somebody has asked.
    for (std::size_t worker = 0; worker < workers(); ++worker)
      share_->sides[worker]->answers.store(share_->sides[worker]->questions.load());
    loops_->pause();
  }
  publish();
  wait_passed();
  phase_ = Phase::together;
}

bool BondLoops::has_waiting(PortId port) const {
  return open_ && std::any_of(sides_.begin(), sides_.end(), [port](const WorkerSide& side) {
           const std::unique_ptr<Channel>& channel = side.ports[port.index];
           return channel && channel->has_waiting();
         });
}

/// What has come goes by the plan under which it came. A loop that is in the midst of a batch has it already.
void BondLoops::read_before(PortId port, const ForwardingPlan& last, const Newcomers& newcomers, bool more_comes) {
  const int pauses_max = more_comes ? 250 : 2'000;  // of some 75 us
  if (!open_ || phase_ != Phase::apart) return;
  view_.plan = last;
  view_.newcomers = newcomers;
  view_.leaves = port;
  publish();
  for (int i = 0; i < pauses_max && has_waiting(port); ++i) loops_->pause();
}

void BondLoops::note_read(bool all) {
  constexpr int turns_max = 32;  // more than fill a socket's buffer with small frames
  if (phase_ != Phase::parting || (!all && ++parting_turns_ < turns_max)) return;
  watch_all();
  phase_ = Phase::apart;
}

bool BondLoops::follow(const ForwardingPlan& plan, MacAddress bond_mac, std::string_view one_order,
                       const Newcomers& newcomers) {
  if (!open_) return false;
  if (view_changed_ || plan.generation != view_.plan.generation || bond_mac != view_.bond_mac ||
      newcomers != view_.newcomers) {
    view_.plan = plan;
    view_.bond_mac = bond_mac;
    view_.newcomers = newcomers;
    view_.leaves = no_port;
    publish();
  }
  for (std::size_t i = 0; i < workers(); ++i) share_->sides[i]->answers.store(sides_[i].asked);
  one_order_ = one_order;
  if (!one_order.empty()) unite();
  if (one_order.empty() && phase_ == Phase::together) part();
  for (std::size_t port = 0; port < max_ports; ++port)
    if (phase_ != Phase::together && std::exchange(joins_[port], false)) join(port);
  return std::exchange(serving_told_, serving()) != serving();
}

/// A port that comes while flows are spread: nothing has come by it yet.
void BondLoops::join(std::size_t port) {
  (void)nics_[port]->spread_flows(true);
  if (phase_ == Phase::parting) return;
  for (std::size_t i = 0; i < workers(); ++i) loops_->watch(i, slot_, port, sides_[i].ports[port]->wait_handle());
}

bool BondLoops::collect(Forwarder& forwarder) {
  if (share_ == nullptr) return false;
  bool doubt = false;
  PuntedFrame frame;
  for (std::size_t i = 0; i < workers(); ++i) {
    LoopSide& side = *share_->sides[i];
    const std::uint32_t asked = side.questions.load();
    doubt = std::exchange(sides_[i].asked, asked) != asked || doubt;
    doubt = side.link_doubt.exchange(false) || doubt;
    while (!forwarder.punted().full() && side.punted.pop(frame)) forwarder.take_punted(frame);
  }
  return doubt;
}

void BondLoops::add_port(PortId port, PortCounters& counters) const {
  if (share_ == nullptr) return;
  for (std::size_t i = 0; i < workers(); ++i)
    add(counters, counts(i).ports[port.index], sides_[i].ports_before[port.index]);
}

void BondLoops::add_nic(PortId port, NicCounters& counters) const {
  if (share_ == nullptr) return;
  for (std::size_t i = 0; i < workers(); ++i) {
    add(counters, counts(i).nics[port.index], sides_[i].nics_before[port.index]);
    counters.receive_lost += sides_[i].lost_below[port.index];
    if (Channel* const channel = sides_[i].ports[port.index].get()) counters.receive_lost += channel->lost_below();
  }
}

void BondLoops::add_bond(BondCounters& counters, NicCounters& host, std::uint64_t& punts_lost) const {
  if (share_ == nullptr) return;
  for (std::size_t i = 0; i < workers(); ++i) {
    const LoopCounts& now = counts(i);
    counters.tx_no_port += now.bond.tx_no_port;
    counters.tx_runt += now.bond.tx_runt;
    counters.tx_punted += now.bond.tx_punted;
    add(host, now.host, {});
    punts_lost += now.punts_lost;
  }
}

void BondLoops::add_traffic(BucketTraffic& traffic) const {
  if (share_ == nullptr) return;
  for (std::size_t i = 0; i < workers(); ++i) {
    const BucketTraffic& more = counts(i).traffic;
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) traffic.bytes[bucket] += more.bytes[bucket];
    traffic.other += more.other;
  }
}

std::uint64_t BondLoops::queue_full() const {
  std::uint64_t sum = 0;
  if (share_ == nullptr) return sum;
  for (std::size_t i = 0; i < workers(); ++i) sum += counts(i).queue_full;
  return sum;
}

void BondLoops::forget_port(PortId port) {
  if (share_ == nullptr) return;
  for (std::size_t i = 0; i < workers(); ++i) {
    sides_[i].ports_before[port.index] = counts(i).ports[port.index];
    sides_[i].nics_before[port.index] = counts(i).nics[port.index];
    sides_[i].lost_below[port.index] = 0;
  }
}

}  // namespace bondbox

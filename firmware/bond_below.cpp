// A bond and what carries its frames below the daemon: when there is such a thing, which plans it can have, and what
// the bond learns from its counters.
#include <cerrno>
#include <utility>

#include "firmware/bond.hpp"
#include "firmware/fast_plan.hpp"
#include "firmware/trace/tape.hpp"

namespace bondbox {

/// A refusal is told once, unless this hardware has nothing of the kind or the caller tells it.
Outcome Bond::open_offload() {
  below_due_ = false;
  if (options_.offload == OffloadUse::off) {
    offload_.close("offload is off");
    return Outcome::done();
  }
  if (offload_.is_open()) return Outcome::done();
  Outcome outcome = offload_.open(hardware_, *host_);
  plan_due_ = true;
  if (!outcome.ok()) {
    const bool tell = options_.offload == OffloadUse::automatic && outcome.error != EOPNOTSUPP;
    if (tell) record(EventKind::bond, {}, -1, "BPF is not used: %s", outcome.reason.c_str());
    return outcome;
  }
  ++handles_version_;
  for (const PortId id : order_) add_below(id);
  // At once: as long as there is no plan the ports' frames wait for the daemon.
  republish();
  return offload_.is_open() ? Outcome::done() : Outcome::failed(EIO, std::string(offload_.reason()));
}

/// bond0 is to have its carrier before the kernel has looked at the programs, which takes an old machine a second; but
/// where they are required a refusal is the start's, and what a killed process left is taken over while it is fresh.
Outcome Bond::begin_below_in_time() {
  if (host_->was_handed_over()) return Outcome::done();
  below_due_ = options_.offload == OffloadUse::automatic && !host_->was_taken_over();
  if (!below_due_) return begin_below();
  offload_.close("it begins when the bond has been set up");
  return Outcome::done();
}

/// The last thing when a bond is made: what a killed process left carries its frames up to here.
Outcome Bond::begin_below() {
  Outcome outcome = open_offload();
  const bool required = options_.offload == OffloadUse::bpf;
  if (!outcome.ok()) return required ? outcome : Outcome::done();
  if (required) outcome = offload_.finish();
  if (!outcome.ok()) return outcome;
  if (required && !offload_.port_refusal().empty())
    return Outcome::failed(EOPNOTSUPP, std::string(offload_.port_refusal()));
  return Outcome::done();
}

void Bond::add_below(PortId id) {
  heard_frames_[id.index] = 0;
  const Outcome outcome = offload_.add_port(id, *slot(id).nic);
  if (!outcome.ok()) record(EventKind::fault, slot(id).name.view(), -1, "BPF is not used: %s", outcome.reason.c_str());
}

Outcome Bond::change_offload(OffloadUse wanted) {
  plan_due_ = true;
  const OffloadUse before = std::exchange(options_.offload, wanted);
  Outcome outcome = open_offload();
  if (outcome.ok() && !offload_.port_refusal().empty())
    outcome = Outcome::failed(EOPNOTSUPP, std::string(offload_.port_refusal()));
  ++handles_version_;
  if (outcome.ok() || wanted == OffloadUse::automatic) return Outcome::done();
  options_.offload = before;
  if (before == OffloadUse::off) offload_.close("offload is off");
  return outcome;
}

void Bond::publish_below() {
  wire::FastPlan plan = compile_plan(plan_, mac_);
  for (const PortId id : order_)
    if (promiscuous_ || slot(id).promiscuous_asked) plan.ports[id.index].flags |= wire::fast_promiscuous;
  plan.listens = watcher_ != nullptr || ArpMonitor::has_to_see(options_) ? 1 : 0;
  const Outcome outcome = offload_.publish(plan, obstacle_below());
  if (!outcome.ok()) tell_offload_ended(outcome);
}

void Bond::tell_offload_ended(const Outcome& outcome) {
  ++handles_version_;
  record(EventKind::fault, {}, -1, "BPF is not used any more: %s", outcome.reason.c_str());
}

/// Why the daemon has to forward by this plan; empty: it need not.
std::string_view Bond::obstacle_below() const {
  // The program runs before the host's queue is known to it.
  for (const PortRule& rule : plan_.ports)
    if (rule.queue_id != 0) return "queue_id is in use";
  // Nor does the host drop anything before it for want of carrier, which min_links takes away from ports that could
  // send.
  if (!plan_.carrier) return "the bond has no carrier";
  if (host_->has_queueing()) return "a queueing discipline on the bond, which BPF would pass by";
  // A redirected frame that is too long is dropped by the driver without a count.
  for (const PortId id : order_)
    if (slot(id).mtu_refused) return "a port does not take the MTU of the bond";
  return {};
}

bool Bond::gathers_traffic() const noexcept {
  return offload_.has_counted() || loops_.any() || tape_.is_open();
}

/// What the policies that spread by load are about to read.
void Bond::gather_traffic(const PolicyEvent& event) {
  if (!has_distinct_port_macs(options_.mode)) return;
  // Not with what comes by the hundred: it is not read then.
  if (std::holds_alternative<FramePunted>(event) || std::holds_alternative<MonitorPass>(event)) return;
  if (tape_.replaying()) {
    if (auto record = tape_.take_note(trace::Point::traffic, number_)) {
      trace::get_traffic(*record, traffic_);
      (void)tape_.finish(*record);
    }
    return;
  }
  const OffloadCounters& below = offload_.counters();
  const BucketTraffic& own = forwarder_.traffic();
  for (std::size_t i = 0; i < bucket_count; ++i) traffic_.bytes[i] = own.bytes[i] + below.bucket_bytes[i];
  traffic_.other = own.other + below.other_bytes;
  loops_.add_traffic(traffic_);
  if (!tape_.is_open() || traffic_ == traffic_told_) return;
  tape_.note(trace::Point::traffic, number_, trace::TrafficSince{traffic_, traffic_told_});
  traffic_told_ = traffic_;
}

/// Frames that the kernel carried were heard since it was last asked. It is asked twice in an interval: the ARP monitor
/// judges by whole and a half intervals, so it need not know more exactly.
void Bond::hear_below(Tick when) {
  if (!offload_.is_open()) return;
  const std::uint64_t heard = tape_.number(trace::Point::heard_below, 0, [this] {
    const OffloadCounters& below = offload_.counters();
    std::uint64_t ports = 0;
    for (const PortId id : order_) {
      const std::uint64_t frames = below.ports[id.index].rx_frames;
      if (std::exchange(heard_frames_[id.index], frames) != frames) ports |= std::uint64_t{1} << id.index;
    }
    return ports;
  });
  const ArpMonitor::Scene scene = arp_scene();
  for (const PortId id : order_)
    if ((heard >> id.index & 1) != 0) arp_.heard_unseen(scene, id, when);
}

PortCounters Bond::counters_of(PortId id, const OffloadCounters& below) const {
  PortCounters sum = forwarder_.port(id);
  const OffloadCounters::Port& more = below.ports[id.index];
  sum.rx_frames += more.rx_frames;
  sum.rx_bytes += more.rx_bytes;
  sum.rx_suppressed += more.rx_suppressed;
  sum.rx_looped += more.rx_looped;
  sum.tx_frames += more.tx_frames;
  sum.tx_bytes += more.tx_bytes;
  sum.tx_moved += more.tx_moved;
  sum.tx_refused += more.tx_refused;
  return sum;
}

}  // namespace bondbox

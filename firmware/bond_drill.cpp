// What a drill does to a bond: a port is kept off its cable for a while, probes leave by the plan, answers are seen.
// The deciding half learns of it only by what its NICs say, so that a recording replays without any drill.
#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "firmware/bond.hpp"
#include "firmware/text.hpp"
#include "firmware/trace/tape.hpp"

namespace bondbox {
namespace {

constexpr Ticks give_back_interval = ticks_from_ms(1'000);

/// Modes in which every port sends under the bond's address: a flow may be on any.
bool shares_flows(const TransmitRule& rule) noexcept {
  if (rule.rest_port) return false;
  return rule.spread == Spread::round_robin || rule.spread == Spread::hash ||
         (rule.spread == Spread::buckets && rule.bucket_key == BucketKey::every_frame);
}

}  // namespace

Outcome Bond::take_away(std::string_view port, Away how, Ticks span) {
  const trace::Tape::Gap beside(tape_);
  const std::optional<PortId> id = find(port);
  if (!id) return Outcome::failed(EINVAL, std::string(port) + " is not a port of " + name_);
  if (away_) return Outcome::failed(EBUSY, slot(away_->port).name.str() + " is away for a drill already");
  if (Outcome outcome = slot(*id).nic->set_away(how); !outcome.ok()) return outcome;
  away_ = AwayPort{*id, how, now_ + span, false};
  ++status_version_;
  record(EventKind::port, port, -1, "taken away for a drill (%s), for %s",
         how == Away::down ? "set down" : "as if its link were gone", duration_text(span.count).c_str());
  return Outcome::done();
}

void Bond::give_back(std::string_view why) {
  if (!away_) return;
  const trace::Tape::Gap beside(tape_);
  const Port& port = slot(away_->port);
  const Outcome outcome = port.nic->set_away(Away::no);
  if (!outcome.ok() && outcome.error != ENODEV) {
    away_->until = now_ + give_back_interval;
    if (!std::exchange(away_->refused, true))
      record(EventKind::fault, port.name.view(), -1, "cannot be given back after a drill: %s", outcome.reason.c_str());
    return;
  }
  away_.reset();
  ++status_version_;
  record(EventKind::port, port.name.view(), -1, "given back after a drill: %.*s", static_cast<int>(why.size()),
         why.data());
}

void Bond::set_watcher(FrameWatcher* watcher) {
  const trace::Tape::Gap beside(tape_);
  watcher_ = watcher;
  if (offload_.is_open()) publish_below();
}

PortList Bond::send_probe(wire::Bytes frame, PortId preferred) {
  const trace::Tape::Gap beside(tape_);
  PortList took;
  if (!speech_.assign(frame)) return took;
  ForwardingPlan plan = plan_;
  TransmitRule& rule = plan.transmit;
  if (shares_flows(rule)) {
    const auto of_its_flow = std::find(rule.usable.begin(), rule.usable.end(), preferred);
    if (of_its_flow != rule.usable.end()) std::iter_swap(rule.usable.begin(), of_its_flow);
    rule.spread = Spread::single;
  }
  std::array<std::uint64_t, max_ports> before{};
  for (const PortId id : order_) before[id.index] = forwarder_.port(id).tx_frames;
  forwarder_.send(speech_, plan, nics());
  for (const PortId id : order_)
    if (forwarder_.port(id).tx_frames != before[id.index]) took.push_back(id);
  return took;
}

Result<HostPath> Bond::path_to(const IpAddress& target) const {
  const trace::Tape::Gap beside(tape_);
  return host_->path_to(target);
}

}  // namespace bondbox

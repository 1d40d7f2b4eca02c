// The half of a drill that asks: whom, how, and what came of it.
#include <algorithm>
#include <cerrno>

#include "firmware/drill.hpp"
#include "hal/wire/arp.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/nd.hpp"

namespace bondbox {
namespace {

constexpr int answers_wanted = 3;
constexpr int questions_most = 8;
constexpr Ticks before_least{200};
constexpr std::int64_t probes_before = 20;

void add_name(std::string& names, std::string_view name) {
  if (names.find(name) != std::string::npos) return;
  names += names.empty() ? "" : ", ";
  names += name;
}

}  // namespace

Outcome Drill::choose_target(const Bond& bond) {
  const BondOptions& options = bond.options();
  const std::optional<IpAddress> gateway = bond.running_config().gateway;
  if (report_.request.target) {
    target_ = report_.request.target;
  } else if (!options.arp_ip_targets.empty()) {
    target_ = options.arp_ip_targets[0];
  } else if (!options.ns_ip6_targets.empty()) {
    target_ = options.ns_ip6_targets[0];
  } else {
    target_ = gateway;
  }
  if (!target_) {
    report_.unmeasured_why = "there is nobody to ask (arp_ip_target, ns_ip6_target, a gateway or --target)";
    return Outcome::done();
  }
  report_.target = target_->text();
  const Result<HostPath> path = bond.path_to(*target_);
  if (path.ok() && path.value().through_here) {
    path_ = path.value();
    // The answer must not tell the target to send to the bond's address a client that is balanced elsewhere.
    if (options.mode == Mode::balance_alb && target_->is_v4()) path_.source = IpAddress{};
    return Outcome::done();
  }
  const std::string why = report_.target + " is not reached through " + bond.name();
  if (report_.request.target) return Outcome::failed(ENETUNREACH, why);
  report_.unmeasured_why = why;
  target_.reset();
  return Outcome::done();
}

/// One question at a time, so that it is known which one is answered.
void Drill::ask(Bond& bond, Tick now) {
  if (asked_ && now - *asked_ >= question_patience) asked_.reset();
  if (answers_ >= answers_wanted || (!asked_ && questions_ >= questions_most && answers_ > 0)) {
    ledger_.expect(result().round_trip, bond.plan().transmit.spread == Spread::copy_to_all);
    phase_ = Phase::before;
    until_ = now + std::max(before_least, Ticks{report_.request.every.count * probes_before});
    next_probe_ = now + report_.request.every;
    return;
  }
  if (asked_) return;
  if (questions_ >= questions_most) {
    const std::string why = report_.target + " does not answer";
    if (report_.request.target) return fail(why + ": nothing was taken away");
    report_.unmeasured_why = why;
    target_.reset();
    bond.set_watcher(nullptr);
    result().probed = false;
    phase_ = Phase::before;
    until_ = now + Ticks{1};
    return;
  }
  ++questions_;
  asked_ = now;
  (void)send(bond);
}

PortList Drill::send(Bond& bond) {
  const wire::SmallFrame frame =
      target_->is_v4() ? wire::build_arp({wire::ArpOperation::request, bond.mac(), path_.source, {}, *target_},
                                         broadcast_mac, path_.vlan)
                       : wire::build_neighbour_solicitation(bond.mac(), path_.source, *target_, path_.vlan);
  const PortList took = bond.send_probe(frame, port_);
  probes_taken_ += took.size();
  probes_not_taken_ += took.empty() ? 1 : 0;
  return took;
}

void Drill::send_due(Bond& bond, Tick now) {
  if (now < next_probe_) return;
  if (phase_ != Phase::before) result().blind_ms = std::max(result().blind_ms, (now - next_probe_).count);
  // On a grid; those that were slept through are not made up for.
  next_probe_ = next_probe_ + report_.request.every;
  if (next_probe_ <= now) next_probe_ = now + report_.request.every;
  const PortList took = send(bond);
  ledger_.sent(part(), !took.empty(), now);
  if (phase_ != Phase::before) return;
  for (std::size_t i = 0; i < bond.port_count(); ++i) {
    const auto id = bond.port_id(bond.port_name(i));
    if (!id || std::find(took.begin(), took.end(), *id) == took.end()) continue;
    add_name(result().probes_left_by, bond.port_name(i));
    result().crossed = result().crossed || *id == port_;
  }
}

void Drill::see(PortId, const PacketBatch& batch, const PortRule& rule) {
  if (!target_ || has_ended()) return;
  const Tick now = scheduler_.now();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const wire::Bytes frame = batch[i].frame();
    if (is_answer(frame)) {
      const bool delivered = (rule.deliver & deliver_unicast) != 0;
      if (phase_ != Phase::ask) {
        ledger_.answered(delivered, now);
      } else if (asked_ && delivered) {
        const Ticks took = now - *asked_;
        result().round_trip = answers_ == 0 ? took : std::min(result().round_trip, took);
        ++answers_;
        asked_.reset();
      }
    } else if (phase_ != Phase::ask && is_question(frame)) {
      ledger_.seen_around(now);
    }
  }
}

bool Drill::is_answer(wire::Bytes frame) const {
  const auto view = wire::EthernetView::parse(frame);
  if (!view) return false;
  if (target_->is_v4()) {
    if (view->ethertype() != wire::ethertype::arp) return false;
    const auto arp = wire::ArpView::parse(view->payload());
    return arp && arp->is_reply() && arp->sender_ip() == *target_;
  }
  if (view->ethertype() != wire::ethertype::ipv6) return false;
  const auto packet = wire::Ipv6View::parse(view->payload());
  if (!packet) return false;
  const auto advertisement = wire::NeighbourAdvertisementView::parse(*packet);
  return advertisement && advertisement->target() == *target_;
}

/// Ours, come back around.
bool Drill::is_question(wire::Bytes frame) const {
  const auto view = wire::EthernetView::parse(frame);
  if (!view) return false;
  if (target_->is_v4()) {
    if (view->ethertype() != wire::ethertype::arp) return false;
    const auto arp = wire::ArpView::parse(view->payload());
    return arp && arp->is_request() && arp->target_ip() == *target_ && arp->sender_ip() == path_.source;
  }
  if (view->ethertype() != wire::ethertype::ipv6) return false;
  const auto packet = wire::Ipv6View::parse(view->payload());
  if (!packet) return false;
  const auto question = wire::NeighbourSolicitationView::parse(*packet);
  return question && question->target() == *target_ && question->source() == path_.source;
}

}  // namespace bondbox

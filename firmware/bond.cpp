#include "firmware/bond.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "firmware/trace/tape.hpp"
#include "hal/wire/ethernet.hpp"

namespace bondbox {
namespace {

/// Batches per source and step: bounds how long frames can hold up the next decision.
constexpr int batches_per_step = 4;

/// Visits whatever policy the bond has.
template <class Policies, class Function>
auto with_policy(Policies& policy, Function function) {
  return std::visit(function, policy);
}

}  // namespace

Bond::Bond(std::string name, Hardware& hardware, EventLog& events, trace::Tape& tape, std::uint32_t number,
           LoopHost* loops)
    : name_(std::move(name)),
      interface_(name_),
      number_(number),
      tape_(tape),
      hardware_(hardware),
      events_(events),
      policy_(make_policy(Mode::active_backup)),
      speech_storage_(std::make_unique<std::uint8_t[]>(Packet::headroom + speech_size_max)),
      speech_(speech_storage_.get()),
      loops_(loops) {}

Bond::~Bond() {
  if (let_go_) return;
  for (const PortId id : order_) farewell(id);
  offload_.close({});
}

void Bond::observe(std::span<const HardwareEvent> events, Tick now) {
  now_ = now;
  if (const Outcome outcome = offload_.begin_step(now_); !outcome.ok()) tell_offload_ended(outcome);
  leave_when_due();
  if (below_due_ && poll_started_) (void)begin_below();
  bool host_changed = false;
  bool nic_appeared = false;
  for (const HardwareEvent& event : events) {
    if (event.kind == HardwareEvent::Kind::host_changed) host_changed = host_changed || event.name == name_;
    if (event.kind == HardwareEvent::Kind::nic_appeared) nic_appeared = true;
    if (event.kind == HardwareEvent::Kind::link_changed || event.kind == HardwareEvent::Kind::nic_vanished) {
      look_now_ = look_now_ || event.name.empty() || find(event.name).has_value();
    }
  }
  if (host_changed || !poll_started_ || std::exchange(host_doubt_, false) || !host_->is_present()) observe_host();
  if (!poll_started_) {
    tape_.touch();
    poll_started_ = true;
    next_poll_ = now_;
  }
  const bool doubt = tape_.flag(trace::Point::link_doubt, [this] {
    const bool below = offload_.take_link_doubt();
    const bool beside = loops_.collect(forwarder_);
    return forwarder_.take_link_doubt() || below || beside;
  });
  const bool by_arp = options_.is_judged_by_arp();
  const std::uint32_t interval_ms = by_arp ? options_.arp_interval_ms : options_.miimon_ms;
  // Before the ARP monitor judges, a step reads the frames that have come: a late step must not look like silence.
  const bool ready = !by_arp || frames_read_;
  const bool scheduled = interval_ms != 0 && now_ >= next_poll_ && ready;
  if (half_time_ && now_ >= *half_time_) {
    tape_.touch();
    half_time_.reset();
    hear_below(now_ - Ticks{1});
  }
  frames_read_ = false;
  if (scheduled) {
    const Ticks interval = ticks_from_ms(interval_ms);
    if (const Ticks late = now_ - next_poll_; late + late > interval) arp_.excuse(late, now_);
    next_poll_ = next_poll_ + interval;
    if (next_poll_ <= now_) next_poll_ = now_ + interval;  // polls that were slept through are not made up for
    if (by_arp && offload_.is_open()) half_time_ = now_ + Ticks{interval.count / 2};
  }
  look_between_polls(scheduled, ticks_from_ms(interval_ms));
  if (scheduled || look_now_ || doubt) {
    look_now_ = false;
    observe_links(scheduled);
  }
  if (asks_beside_polls() && now_ >= next_probe_) ask_targets();
  // After the links: a port may have vanished and come back in one batch of events.
  if (!awaited_.empty() && (nic_appeared || now_ >= next_retry_)) retry_awaited(nic_appeared);
}

void Bond::observe_host() {
  tape_.touch();
  plan_due_ = true;
  if (!host_->is_present()) {
    loops_.close("the interface is gone");
    if (!remake_host()) return;
  }
  if (host_->is_present() && host_->interface_name() != interface_) {
    interface_ = host_->interface_name();
    record(EventKind::bond, {}, -1, "the interface is called %s now", interface_.c_str());
    ++status_version_;
  }
  if (host_->is_up() != host_was_up_) {
    host_was_up_ = host_->is_up();
    record(EventKind::bond, {}, -1, host_was_up_ ? "interface set up" : "interface set down");
    // Setting an interface down has cost it its routes and IPv6 addresses.
    if (host_was_up_ && poll_started_) {
      if (const Outcome outcome = restore_host_config(); !outcome.ok()) {
        record(EventKind::fault, {}, -1, "not as before: %s", outcome.reason.c_str());
      }
    }
    if (host_was_up_ && has_arp_probes()) begin_arp_monitor();
    held_up_ = !host_was_up_ && is_leaving();
    apply(Reconfigured{});
  }
  if (host_->is_promiscuous() != promiscuous_) {
    promiscuous_ = host_->is_promiscuous();
    for (const PortId id : order_) set_promiscuous(slot(id));
  }
  if (host_->mtu() != mtu_) {
    mtu_ = host_->mtu();
    for (const PortId id : order_) {
      slot(id).mtu_refused = false;
      if (const Outcome outcome = slot(id).nic->set_mtu(mtu_); !outcome.ok()) {
        slot(id).mtu_refused = true;
        record(EventKind::fault, slot(id).name.view(), -1, "cannot set MTU %u: %s", mtu_, outcome.reason.c_str());
      }
    }
  }
  if (host_->mac() != mac_) observe_host_mac();
}

void Bond::set_promiscuous(Port& port) {
  plan_due_ = true;
  if (const Outcome outcome = port.nic->set_promiscuous(promiscuous_ || port.promiscuous_asked); !outcome.ok()) {
    record(EventKind::fault, port.name.view(), -1, "cannot set promiscuity: %s", outcome.reason.c_str());
  }
}

void Bond::observe_host_mac() {
  const auto active = with_policy(policy_, [](const auto& policy) { return policy.active(); });
  const FailOverMac rule = options_.mode == Mode::active_backup ? options_.fail_over_mac : FailOverMac::none;
  if (rule == FailOverMac::active && active) {
    record(EventKind::bond, {}, -1, "MAC stays %s: with fail_over_mac=active it is the active port's",
           mac_.text().c_str());
    perform(SetBondMac{mac_});
    return;
  }
  mac_ = host_->mac();
  mac_adopted_ = true;  // somebody chose it: no port that comes later changes it
  record(EventKind::bond, {}, -1, "MAC set to %s", mac_.text().c_str());
  if (has_distinct_port_macs(options_.mode)) return apply(BondMacChanged{});  // the policy moves MACs itself
  for (const PortId id : order_) {
    const bool follows = rule == FailOverMac::follow && active == id;
    const Outcome outcome = follows ? slot(id).nic->set_mac(mac_) : give_mac(*slot(id).nic);
    slot(id).mac = slot(id).nic->mac();
    if (!outcome.ok()) {
      record(EventKind::fault, slot(id).name.view(), -1, "cannot set MAC: %s", outcome.reason.c_str());
    }
  }
  apply(BondMacChanged{});
}

void Bond::observe_links(bool scheduled) {
  tape_.touch();
  bool skip_updelay =
      with_policy(policy_, [&, known = facts()](const auto& policy) { return policy.skip_updelay(known); });
  FixedVector<LinkChanged, max_ports> changes;
  const auto active = with_policy(policy_, [](const auto& policy) { return policy.active(); });
  Readings works{};
  for (const PortId id : order_) {
    Port& port = slot(id);
    const LinkSample sample = port.nic->link();
    if (sample.speed_mbps != port.sample.speed_mbps || sample.duplex != port.sample.duplex) ++status_version_;
    port.sample = sample;
    works[id.index] = sample.up;
    keep_settings(port);
  }
  if (options_.combines_monitors()) hear_voices(works);
  if (options_.miimon_ms != 0) damp(works);
  for (const PortId id : order_) {
    Port& port = slot(id);
    if (options_.miimon_ms == 0) continue;
    LinkSample seen = port.sample;
    seen.up = works[id.index];
    if (const auto change = port.monitor.inspect(seen, options_, now_, skip_updelay)) {
      report_link(port, *change, active == id);
      changes.push_back(LinkChanged{id, change->from, change->to});
      if (change->to == LinkState::down) note_loss(port);
    }
  }
  for (const LinkChanged& change : changes) apply(change);
  if (scheduled && options_.is_judged_by_arp() && is_up()) {
    arp_pass();
  } else {
    apply(MonitorPass{scheduled});
  }
  if (!changes.empty()) ++status_version_;
  if (scheduled) look_for_loop();
  note_vanished();
}

/// How often to look follows from what ports have carried up to this step. What is carried below does not count: there
/// the first frame that comes by another port, while the active one has no carrier, is delivered and wakes us.
void Bond::look_between_polls(bool scheduled, Ticks interval) {
  if (options_.miimon_ms == 0) return watch_.stop();
  LinkWatch::TrafficList traffic;
  for (const PortId id : order_) {
    PortCounters counters = forwarder_.port(id);
    loops_.add_port(id, counters);
    traffic.push_back({id, plan_.ports[id.index].deliver != deliver_nothing, counters.rx_frames, counters.tx_frames});
  }
  watch_.note(traffic, interval, now_);
  if (scheduled) return watch_.looked(now_);
  const bool lost = tape_.flag(trace::Point::lost_link, [this] {
    if (!watch_.due() || now_ < *watch_.due()) return false;
    watch_.looked(now_);
    return has_lost_link();
  });
  look_now_ = look_now_ || lost;
}

/// Since the last look, as far as NICs can tell cheaply.
bool Bond::has_lost_link() {
  return std::any_of(order_.begin(), order_.end(), [this](PortId id) {
    return slot(id).monitor.state() == LinkState::up && slot(id).nic->has_lost_link();
  });
}

/// Somebody else changed the port's MAC or MTU: a bond whose port listens to another address is a silent outage. Put
/// back each time it is found; a setting that the port refuses is told once.
void Bond::keep_settings(Port& port) {
  if (!port.sample.present) return;
  if (const MacAddress found = port.nic->mac(); found != port.mac) {
    const Outcome outcome = port.nic->set_mac(port.mac);
    record(EventKind::fault, port.name.view(), -1, "MAC was changed to %s by somebody else, %s", found.text().c_str(),
           outcome.ok() ? "put back" : outcome.reason.c_str());
    if (!outcome.ok()) port.mac = found;
    ++status_version_;
  }
  if (const std::uint32_t found = port.nic->mtu(); found != mtu_ && !port.mtu_refused) {
    const Outcome outcome = port.nic->set_mtu(mtu_);
    record(EventKind::fault, port.name.view(), -1, "MTU was changed to %u by somebody else, %s", found,
           outcome.ok() ? "put back" : outcome.reason.c_str());
    port.mtu_refused = !outcome.ok();
  }
}

void Bond::decide(Tick now) {
  now_ = now;
  pass_punted();
  for (const PuntedFrame& frame : forwarder_.punted()) {
    apply(FramePunted{frame.from_host ? std::nullopt : std::optional(frame.port), frame.bytes});
  }
  forwarder_.punted().clear();
  const auto due = with_policy(policy_, [](const auto& policy) { return policy.next_deadline(); });
  if (due && *due <= now_) apply(TimerDue{});
  // A plan follows from what the policy was told; making one with every step would cost more than most frames.
  if (plan_due_) republish();
  note_lacp();
}

void Bond::apply(const PolicyEvent& event) {
  tape_.touch();
  policy_told_ = true;
  plan_due_ = true;
  if (gathers_traffic()) gather_traffic(event);
  const std::size_t before = actions_.size();
  const PolicyEvent* const outer = std::exchange(trigger_, &event);
  with_policy(policy_, [&](auto& policy) { policy.handle(event, facts(), now_, actions_); });
  for (std::size_t i = before; i < actions_.size(); ++i) tape_.tell(trace::Point::action, number_, actions_[i]);
  // What is only to be told is told now, in the order in which things happened, and MACs are moved now, because the
  // next decision reads them. What is to be sent waits for speak().
  FixedVector<Action, ActionList::capacity()> now;
  for (std::size_t i = before; i < actions_.size();) {
    const Action& action = actions_[i];
    if (std::holds_alternative<AnnouncePeers>(action) || std::holds_alternative<SendFrame>(action) ||
        std::holds_alternative<RejoinGroups>(action)) {
      ++i;
    } else {
      now.push_back(action);
      actions_.erase_at(i);
    }
  }
  for (const Action& action : now) std::visit([this](const auto& what) { perform(what); }, action);
  trigger_ = outer;
}

void Bond::republish(PortId leaving, Nic* its_nic) {
  tape_.touch();
  plan_due_ = false;
  ForwardingPlan next = with_policy(policy_, [&](const auto& policy) { return policy.plan(facts()); });
  if (!next.same_effect(plan_)) {
    next.generation = plan_.generation + 1;
    read_before(next, leaving, its_nic);
    note_newcomers(next);
    const bool others_carry = !(next.transmit.usable == plan_.transmit.usable);
    plan_ = next;
    if (others_carry) begin_load();
    tape_.tell(trace::Point::plan, number_, plan_);
    ++status_version_;
    show_queues();
  }
  if (offload_.is_open()) publish_below();
}

/// The host gets as many queues as the ports' queue_ids ask for, and one where none does.
void Bond::show_queues() {
  std::size_t wanted = 1;
  for (const PortRule& rule : plan_.ports) wanted = std::max<std::size_t>(wanted, rule.queue_id + 1u);
  if (wanted == queues_shown_ || !host_->is_present()) return;
  queues_shown_ = wanted;
  ++handles_version_;
  if (const Outcome outcome = host_->set_queues(wanted); !outcome.ok()) {
    record(EventKind::fault, {}, -1, "queue_id has no effect: %s", outcome.reason.c_str());
  }
}

bool Bond::forward(PacketBatch& batch) {
  tell_loops();
  if (tape_.replaying()) replay_frames();
  bool more = forward_from_host(batch);
  // A copy: a look at the links may find that an interface has gone.
  for (const PortId id : PortList(order_))
    if (slots_[id.index]) more = forward_from_port(id, batch) || more;
  loops_.note_read(!more);
  frames_read_ = options_.is_judged_by_arp() && now_ >= next_poll_;
  if (frames_read_) tape_.touch();
  return more || below_due_;
}

/// Asks for a channel of the host's interface, and of every port, for each further loop.
void Bond::open_loops() {
  const trace::Tape::Gap beside(tape_);
  Outcome outcome = loops_.open_host(*host_);
  for (const PortId id : order_)
    if (outcome.ok()) outcome = loops_.open_port(id, *slot(id).nic);
  if (!outcome.ok()) record(EventKind::fault, {}, -1, "one loop only: %s", outcome.reason.c_str());
}

void Bond::close_loops(PortId port) {
  loops_.close_port(port);
  look_now_ = tape_.flag(trace::Point::loops_asked, [this] { return loops_.collect(forwarder_); }) || look_now_;
  forwarder_.forget_punted(port);
}

void Bond::tell_loops() {
  const trace::Tape::Gap beside(tape_);
  if (!loops_.follow(plan_, mac_, one_order_reason(plan_, options_), newcomers_)) return;
  const std::string_view why = loops_.reason();
  if (why.empty()) record(EventKind::bond, {}, -1, "%zu loops share the flows", loops_.serving());
  if (!why.empty()) record(EventKind::bond, {}, -1, "one loop only: %.*s", static_cast<int>(why.size()), why.data());
}

bool Bond::forward_from_host(PacketBatch& batch) {
  for (int round = 0; round < batches_per_step; ++round) {
    batch.clear();
    if (host_->receive(batch) == 0) return false;
    look_before_dropping(no_port);
    assign_buckets(batch);
    forwarder_.host_to_ports(batch, plan_, nics());
    // The source had no more. To ask it once more costs as much as a small frame.
    if (batch.has_room()) return false;
  }
  return true;
}

/// Asks the policy for ports of buckets that have none, before the frames leave.
void Bond::assign_buckets(const PacketBatch& batch) {
  const Forwarder::BucketList wanted = forwarder_.unassigned_buckets(batch, plan_);
  if (wanted.empty()) return;
  tape_.note(trace::Point::buckets, number_, wanted);
  decide_buckets(wanted);
}

bool Bond::forward_from_port(PortId id, PacketBatch& batch) {
  for (int round = 0; round < batches_per_step; ++round) {
    batch.clear();
    if (slot(id).nic->receive(batch) == 0) {
      settle_newcomer(id);
      return false;
    }
    if (watcher_ != nullptr) watcher_->see(id, batch, plan_.ports[id.index]);
    if (has_arp_probes()) listen(id, batch);
    look_before_dropping(id);
    if (!slots_[id.index]) return false;
    deliver(id, batch, false);
    if (!batch.has_room()) continue;
    settle_newcomer(id);
    return false;
  }
  return true;
}

void Bond::speak(Tick now) {
  now_ = now;
  if (plan_.carrier != carrier_shown_) show_carrier();
  for (const Action& action : actions_) std::visit([this](const auto& what) { perform(what); }, action);
  actions_.clear();
  if (!probe_ports_.empty()) send_probes();
}

void Bond::show_carrier() {
  if (const Outcome outcome = host_->set_carrier(plan_.carrier); !outcome.ok()) {
    // Tried again with every step, told once.
    ++host_refused_;
    if (!std::exchange(carrier_refused_, true)) {
      record(EventKind::fault, {}, -1, "cannot set carrier: %s", outcome.reason.c_str());
    }
    return;
  }
  carrier_refused_ = false;
  carrier_shown_ = plan_.carrier;
  std::int64_t outage_ms = -1;
  if (!carrier_shown_) {
    no_carrier_since_ = last_carried();
  } else if (const auto since = std::exchange(no_carrier_since_, std::nullopt)) {
    // Other modes tell it of the port that was lost.
    if (options_.mode == Mode::lacp_8023ad) outage_ms = (now_ - *since).count;
  }
  record_for(carrier_cause(), EventKind::bond, {}, outage_ms, carrier_shown_ ? "carrier on" : "carrier off");
}

std::optional<Tick> Bond::next_deadline() const {
  std::optional<Tick> due;
  const auto sooner = [&due](std::optional<Tick> other) {
    if (other && (!due || *other < *due)) due = other;
  };
  // A new interval starts with the next step; it must come even if nothing else causes one.
  const std::uint32_t interval_ms = options_.is_judged_by_arp() ? options_.arp_interval_ms : options_.miimon_ms;
  if (asks_beside_polls() && host_was_up_) sooner(next_probe_);  // else it begins when that is seen
  if (interval_ms != 0 && !arp_pass_is_next()) {
    sooner(poll_started_ ? next_poll_ : now_ + ticks_from_ms(interval_ms));
  }
  sooner(with_policy(policy_, [](const auto& policy) { return policy.next_deadline(); }));
  if (!awaited_.empty()) sooner(next_retry_);
  sooner(offload_.next_deadline());
  sooner(half_time_);
  if (!host_->is_present()) sooner(next_remake_);
  sooner(next_departure());
  if (away_) sooner(away_->until);
  return due;
}

}  // namespace bondbox

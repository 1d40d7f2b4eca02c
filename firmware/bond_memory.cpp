// What a bond knows, as bytes, and a bond that goes on from them in the place of another.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "firmware/bond.hpp"
#include "firmware/saved_state.hpp"
#include "firmware/trace/tape.hpp"
#include "firmware/trace/taped_hardware.hpp"
#include "hal/wire/archive.hpp"

namespace bondbox {

void Bond::save(std::vector<std::uint8_t>& bytes, Tick now) const {
  Archive writer = Archive::writer(bytes, now);
  const_cast<Bond*>(this)->archive(writer);  // which changes nothing when it writes
}

std::uint64_t Bond::memory_layout() {
  struct Nothing final : Hardware {
    Result<std::unique_ptr<Nic>> open_nic(std::string_view, LinkSource) override { return Outcome::failed(ENODEV, {}); }
    bool has_interface(std::string_view) override { return false; }
    Result<std::unique_ptr<HostPort>> open_host_port(std::string_view, std::size_t, std::size_t) override {
      return Outcome::failed(ENODEV, {});
    }
    void poll_events(FixedVector<HardwareEvent, 64>&) override {}
    int wait_handle() const noexcept override { return -1; }
  } nothing;
  const auto events = std::make_unique<EventLog>();
  trace::Tape tape;
  Archive describer = Archive::describer();
  trace::TapedHardware taped(tape, &nothing);
  // Too large for a stack, of which nothing ever goes back to the kernel.
  const auto bond = std::make_unique<Bond>("bond", taped, *events, tape, 0);
  bond->archive(describer);
  bond->archive_checkpoint(describer, taped);
  return describer.fingerprint();
}

/// What the policy and the monitors know, however frames have gone.
void Bond::archive_decided(Archive& a) {
  a(interface_, options_, slots_, order_, awaited_, next_poll_, next_retry_, next_probe_, poll_started_, arp_,
    unreachable_targets_, frames_read_, look_now_, carrier_shown_, mac_adopted_, fail_over_mac_forced_, host_was_up_,
    held_up_, leaves_at_, promiscuous_, mac_, mtu_, mac_lender_, no_active_since_, no_carrier_since_, failovers_,
    host_refused_, half_time_, plan_, plan_due_, loop_watch_);
  if (a.describes()) {
    for (std::uint8_t mode = 0; mode <= static_cast<std::uint8_t>(last_of(Mode{})); ++mode) {
      policy_ = make_policy(Mode{mode});
      std::visit([&a](auto& policy) { a(policy); }, policy_);
    }
  } else {
    if (a.reads()) policy_ = make_policy(options_.mode);
    std::visit([&a](auto& policy) { a(policy); }, policy_);
  }
}

/// That, and what the forwarder knows.
void Bond::archive(Archive& a) {
  archive_decided(a);
  a(watch_, announcements_, looped_);
  Forwarder::Memory memory = a.reads() ? Forwarder::Memory{} : counted();
  a(memory, forwarder_.punted());
  if (a.reads()) forwarder_.recall(memory);
}

void Bond::archive_checkpoint(Archive& a, trace::TapedHardware& hardware) {
  archive_decided(a);
  auto queues = static_cast<std::uint64_t>(queues_shown_);
  a(now_, configured_, carrier_refused_, queues, next_remake_, remake_refusal_, let_go_, host_doubt_, policy_told_,
    traffic_, below_due_);
  bondbox::archive(a, config_);
  queues_shown_ = static_cast<std::size_t>(queues);
  traffic_told_ = traffic_;
  if (a.reads() && !(a.ok() && is_consistent())) {
    a.refuse();
    order_.clear();
    let_go_ = true;
    return;
  }
  // What a drill listens to is no part of it: a replay has no drill.
  offload_.archive(a, hardware, watcher_ != nullptr ? std::optional(ArpMonitor::has_to_see(options_)) : std::nullopt);
  hardware.archive(a, host_, name_);
  for (const PortId id : order_) hardware.archive(a, slot(id).nic, slot(id).name.view());
}

/// All forwarders' counts in one: below and beside the counting begins anew.
Forwarder::Memory Bond::counted() const {
  Forwarder::Memory memory = forwarder_.memory();
  const OffloadCounters below = offload_.counters_now();
  for (const PortId id : order_) {
    memory.ports[id.index] = counters_of(id, below);
    loops_.add_port(id, memory.ports[id.index]);
  }
  NicCounters host;
  loops_.add_bond(memory.bond, host, memory.punts_lost);
  memory.bond.tx_no_port += below.tx_no_port;
  for (std::size_t i = 0; i < bucket_count; ++i) memory.traffic.bytes[i] += below.bucket_bytes[i];
  memory.traffic.other += below.other_bytes;
  loops_.add_traffic(memory.traffic);
  return memory;
}

/// Whether what was read speaks of one set of ports.
bool Bond::is_consistent() const {
  std::size_t ports = 0;
  for (const auto& slot : slots_) ports += slot ? 1 : 0;
  if (ports != order_.size()) return false;
  for (const PortId id : order_) {
    if (!slots_[id.index] || slot(id).name.empty() || std::count(order_.begin(), order_.end(), id) != 1) return false;
  }
  const auto known = [this](PortId id) { return slots_[id.index].has_value(); };
  const auto active = std::visit([](const auto& policy) { return policy.active(); }, policy_);
  if (active && !known(*active)) return false;
  for (const PuntedFrame& frame : forwarder_.punted())
    if (!frame.from_host && !known(frame.port)) return false;
  const auto* const lacp = std::get_if<Ieee8023ad>(&policy_);
  return lacp == nullptr || lacp->speaks_of(order_);
}

Outcome Bond::resume(const BondConfig& config, Tick now, const BondMemory& before) {
  Archive reader = Archive::reader(before.bytes, before.then);
  archive(reader);
  const bool is_good = reader.ended_well() && is_consistent();
  const PortList ports = std::exchange(order_, {});  // none of them is open
  if (!is_good) return Outcome::failed(EBADMSG, "what was kept of " + name_ + " is not to be understood");
  now_ = now;
  (void)offload_.begin_step(now_);
  config_ = config;
  configured_ = config.ports;
  if (Outcome outcome = open_host(config); !outcome.ok()) return outcome;
  if (Outcome outcome = resume_host(); !outcome.ok()) return outcome;
  const Ticks gap = now - before.then;
  if (gap.count > 0 && !host_->was_handed_over()) {
    record(EventKind::bond, {}, -1, "%s where it stood %lld ms ago",
           host_->was_taken_over() ? "taken over as a killed bondbox left it, goes on" : "goes on",
           static_cast<long long>(gap.count));
    if (auto* const lacp = std::get_if<Ieee8023ad>(&policy_)) lacp->slept(now - before.alive.value_or(before.then));
  }
  if (gap.count > 0) look_now_ = plan_due_ = true;
  host_doubt_ = true;

  resume_ports(ports, gap.count > 0 && !host_->was_handed_over());
  show_queues();
  lacp_shown_ = lacp_status(policy_, facts());
  begin_load();
  ++status_version_;
  if (host_->was_handed_over()) return Outcome::done();
  const bool due = plan_due_;
  if (Outcome outcome = begin_below(); !outcome.ok()) return outcome;
  plan_due_ = due;  // what has been opened has the plan
  return host_was_up_ ? apply_host_config() : Outcome::done();
}

/// bond0 as the host has had it. One that had to be made anew is made as it was.
Outcome Bond::resume_host() {
  if (host_->was_handed_over()) {
    let_go_ = true;  // until go_on()
    note("taken over from another process");
    return Outcome::done();
  }
  const bool shown = std::exchange(carrier_shown_, true);  // the kernel shows a cable to whoever opens it
  if (!host_->was_taken_over()) {
    for (Outcome outcome : {host_->set_mac(mac_), host_->set_mtu(mtu_)})
      if (!outcome.ok()) return outcome;
    promiscuous_ = host_->is_promiscuous();
  }
  if (!host_->was_taken_over() || !shown) carrier_shown_ = !host_->set_carrier(false).ok();
  return Outcome::done();
}

/// What is other than it was is put back: by the next look at the links, with a word to the log, where the interface
/// was never out of hand; here where it may have been given back in between.
Outcome Bond::resume_port(Port& port, bool was_away) {
  auto opened = hardware_.open_nic(port.name.view(), options_.use_carrier ? LinkSource::carrier : LinkSource::mii);
  if (!opened.ok()) return opened.failure();
  std::unique_ptr<Nic> nic = std::move(opened.value());
  if (was_away && nic->mac() != port.mac)
    if (Outcome outcome = nic->set_mac(port.mac); !outcome.ok()) return outcome;
  if (was_away && nic->mtu() != mtu_ && !port.mtu_refused)
    if (Outcome outcome = nic->set_mtu(mtu_); !outcome.ok()) return outcome;
  if (promiscuous_ || port.promiscuous_asked)
    if (Outcome outcome = nic->set_promiscuous(true); !outcome.ok()) return outcome;
  port.nic = std::move(nic);
  return Outcome::done();
}

/// Every port in its old place; those that are not to be had leave, and are awaited.
void Bond::resume_ports(const PortList& ports, bool was_away) {
  struct Lost {
    PortId id;
    std::string name;
    PortOptions options;
    std::string reason;
    FlapDamper damper;
  };
  std::vector<Lost> lost;
  for (const PortId id : ports) {
    const Outcome outcome = resume_port(slot(id), was_away);
    if (outcome.ok()) {
      order_.push_back(id);
      continue;
    }
    lost.push_back({id, slot(id).name.str(), slot(id).options, outcome.reason, slot(id).damper});
    slots_[id.index].reset();
    forwarder_.forget_punted(id);
    arp_.forget(id);
  }
  for (const PortId id : order_) {
    const trace::Tape::Gap beside(tape_);
    if (const Outcome outcome = loops_.open_port(id, *slot(id).nic); !outcome.ok())
      record(EventKind::fault, {}, -1, "one loop only: %s", outcome.reason.c_str());
  }
  ++handles_version_;
  for (Lost& one : lost) {
    apply(PortRemoved{one.id});
    await(one.name, one.options, std::move(one.reason), one.damper);
  }
}

}  // namespace bondbox

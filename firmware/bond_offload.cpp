#include "firmware/bond_offload.hpp"

#include <cstddef>
#include <cstring>
#include <utility>

#include "firmware/trace/taped_hardware.hpp"

namespace bondbox {
namespace {

constexpr Ticks lease_renewed_each = ticks_from_ms(100);
/// How long an idle bond sleeps at most: a third of the lease, so that two wake-ups may be late.
constexpr Ticks lease_renewed_by = ticks_from_ms(1000);
static_assert(3 * lease_renewed_by.count <= offload_lease.count);

/// Equal in effect: generations, which stand first, are not compared.
bool same_effect(const wire::FastPlan& a, const wire::FastPlan& b) noexcept {
  constexpr std::size_t first = offsetof(wire::FastPlan, serves);
  constexpr std::size_t end = offsetof(wire::FastPlan, ports) + sizeof a.ports;
  const auto* const left = reinterpret_cast<const unsigned char*>(&a);
  const auto* const right = reinterpret_cast<const unsigned char*>(&b);
  return std::memcmp(left + first, right + first, end - first) == 0;
}

/// Calls `each` with every pair of counters.
template <class Target, class Source, class Function>
void pairs(Target& target, Source& source, Function each) {
  for (std::size_t i = 0; i < max_ports; ++i) {
    auto& to = target.ports[i];
    auto& from = source.ports[i];
    each(to.rx_frames, from.rx_frames);
    each(to.rx_bytes, from.rx_bytes);
    each(to.rx_suppressed, from.rx_suppressed);
    each(to.rx_looped, from.rx_looped);
    each(to.tx_frames, from.tx_frames);
    each(to.tx_bytes, from.tx_bytes);
    each(to.tx_moved, from.tx_moved);
    each(to.tx_refused, from.tx_refused);
  }
  each(target.tx_no_port, source.tx_no_port);
  for (std::size_t i = 0; i < target.bucket_bytes.size(); ++i) each(target.bucket_bytes[i], source.bucket_bytes[i]);
  each(target.other_bytes, source.other_bytes);
}

void archive(Archive& a, wire::FastPlan& plan) {
  a(plan.generation, plan.serves, plan.spread, plan.hash_policy, plan.bucket_key, plan.punt, plan.copy_neighbours,
    plan.usable_count, plan.fallback_count, plan.packets_per_port, plan.rest_port, plan.igmp_port, plan.listens);
  for (auto& byte : plan.bond_mac) a(byte);
  for (auto& port : plan.usable) a(port);
  for (auto& port : plan.fallback) a(port);
  for (auto& port : plan.bucket_port) a(port);
  for (wire::FastPort& port : plan.ports) {
    a(port.deliver, port.flags, port.own_mask);
    for (auto& byte : port.source_mac) a(byte);
    for (auto& byte : port.own_mac) a(byte);
  }
}

void add(OffloadCounters& target, const OffloadCounters& more) {
  pairs(target, more, [](std::uint64_t& to, std::uint64_t from) { to += from; });
}

}  // namespace

Outcome BondOffload::open(Hardware& hardware, HostPort& host) {
  if (offload_ != nullptr) return Outcome::done();
  Result<std::unique_ptr<Offload>> opened = hardware.open_offload(host);
  if (!opened.ok()) {
    reason_ = opened.failure().reason;
    return opened.failure();
  }
  offload_ = std::move(opened.value());
  reason_.clear();
  obstacle_.clear();
  published_ = false;
  has_counted_ = true;
  offload_->renew_lease();
  renewed_ = now_;
  return Outcome::done();
}

void BondOffload::close(std::string why) {
  reason_ = std::move(why);
  if (offload_ == nullptr) return;
  // What is carried stops first: so the last reading misses nothing.
  if (published_ && plan_.serves != 0) {
    plan_.serves = 0;
    (void)offload_->publish(plan_);
  }
  counted_this_step_ = false;
  (void)counters();
  add(before_, read_);
  read_ = {};
  counted_this_step_ = true;
  published_ = false;
  refused_ports_ = {};
  obstacle_.clear();
  offload_.reset();
}

Outcome BondOffload::add_port(PortId port, Nic& nic) {
  if (offload_ == nullptr) return Outcome::done();
  Outcome outcome = offload_->add_port(port, nic);
  refused_ports_[port.index] = outcome.ok() ? std::string() : std::string(nic.name()) + ": " + outcome.reason;
  return outcome;
}

void BondOffload::remove_port(PortId port) {
  if (offload_ == nullptr) return;
  if (refused_ports_[port.index].empty()) offload_->remove_port(port);
  refused_ports_[port.index].clear();
}

Outcome BondOffload::publish(const wire::FastPlan& plan, std::string_view obstacle) {
  if (offload_ == nullptr) return Outcome::done();
  if (const std::string_view refused = port_refusal(); !refused.empty()) obstacle = refused;
  if (obstacle_ != obstacle) obstacle_ = obstacle;
  wire::FastPlan next = plan;
  next.serves = obstacle.empty() ? 1 : 0;
  if (published_ && same_effect(next, plan_)) return Outcome::done();
  Outcome outcome = offload_->publish(next);
  if (!outcome.ok()) {
    close(outcome.reason);
    return outcome;
  }
  plan_ = next;
  published_ = true;
  return outcome;
}

Outcome BondOffload::begin_step(Tick now) {
  now_ = now;
  counted_this_step_ = false;
  if (offload_ == nullptr) return Outcome::done();
  if (Outcome outcome = offload_->keep_up(); !outcome.ok()) {
    close(outcome.reason);
    return outcome;
  }
  if (now - renewed_ < lease_renewed_each) return Outcome::done();
  offload_->renew_lease();
  renewed_ = now;
  return Outcome::done();
}

Outcome BondOffload::finish() {
  if (offload_ == nullptr) return Outcome::done();
  Outcome outcome = offload_->finish();
  if (!outcome.ok()) close(outcome.reason);
  return outcome;
}

std::optional<Tick> BondOffload::next_deadline() const noexcept {
  return offload_ != nullptr ? std::optional(renewed_ + lease_renewed_by) : std::nullopt;
}

void BondOffload::append_wait_handles(std::vector<int>& handles) const {
  if (offload_ == nullptr) return;
  for (const int handle : {offload_->wait_handle(), offload_->progress_handle()})
    if (handle >= 0) handles.push_back(handle);
}

const OffloadCounters& BondOffload::counters() {
  if (std::exchange(counted_this_step_, true)) return total_;
  // What cannot be read now stays as it was last read.
  Counters fresh;
  if (offload_ != nullptr && offload_->read(fresh).ok()) read_ = fresh;
  total_ = before_;
  add(total_, read_);
  return total_;
}

OffloadCounters BondOffload::counters_now() const {
  Counters now = read_;
  if (Counters fresh; offload_ != nullptr && offload_->read(fresh).ok()) now = fresh;
  add(now, before_);
  return now;
}

void BondOffload::forget_port(PortId port) {
  if (!has_counted_) return;
  counted_this_step_ = false;
  (void)counters();
  Counters none;
  none.ports[port.index] = read_.ports[port.index];
  before_.ports[port.index] = {};
  pairs(before_, none, [](std::uint64_t& to, std::uint64_t from) { to -= from; });
  total_.ports[port.index] = {};
}

std::string_view BondOffload::port_refusal() const noexcept {
  for (const std::string& refused : refused_ports_)
    if (!refused.empty()) return refused;
  return {};
}

std::string_view BondOffload::reason() const noexcept {
  if (offload_ == nullptr) return reason_;
  return obstacle_.empty() ? offload_->pending() : std::string_view(obstacle_);
}

void BondOffload::archive(Archive& a, trace::TapedHardware& hardware, std::optional<bool> listens) {
  bool open = offload_ != nullptr;
  a(open, refused_ports_, reason_, obstacle_, published_, has_counted_);
  if (published_ || a.describes()) {
    wire::FastPlan plan = plan_;
    if (listens) plan.listens = *listens ? 1 : 0;
    bondbox::archive(a, plan);
    if (a.reads()) plan_ = plan;
  }
  if (open) hardware.archive(a, offload_);
}

OffloadStatus BondOffload::status(OffloadUse wanted) const {
  OffloadStatus status;
  status.wanted = wanted;
  if (offload_ != nullptr) status.kind = offload_->kind();
  status.serving = serves();
  if (!status.serving) status.reason = reason();
  if (!has_counted_) return status;
  const Counters now = counters_now();
  for (const Counters::Port& port : now.ports) {
    status.tx_frames += port.tx_frames;
    status.rx_frames += port.rx_frames - port.rx_suppressed;
  }
  return status;
}

}  // namespace bondbox

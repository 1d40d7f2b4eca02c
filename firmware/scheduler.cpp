#include "firmware/scheduler.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "firmware/saved_state.hpp"
#include "firmware/trace/tape.hpp"
#include "firmware/trace/taped_hardware.hpp"

namespace bondbox {

Scheduler::Scheduler(Hardware& hardware, Clock& clock, EventLog& events)
    : hardware_(hardware),
      clock_(clock),
      events_(events),
      no_tape_(std::make_unique<trace::Tape>()),
      tape_(no_tape_.get()),
      now_(clock.now()) {}

Scheduler::~Scheduler() = default;

Outcome Scheduler::add_bond(const BondConfig& config, const BondMemory* before) {
  if (find(config.name) != nullptr) return Outcome::failed(EEXIST, config.name + " exists already");
  if (!in_step_) now_ = clock_.now();
  const trace::Tape::Command command(*tape_, trace::CommandKind::add_bond, config, now_, before);
  auto bond = std::make_unique<Bond>(config.name, hardware_, events_, *tape_, ++bonds_made_, loops_);
  bond->lend(spare_);
  if (Outcome outcome = bond->create(config, now_, before); !outcome.ok()) return outcome;
  bonds_.push_back(std::move(bond));
  ++bonds_version_;
  return Outcome::done();
}

void Scheduler::remove_bond(std::string_view name) {
  const trace::Tape::Command command(*tape_, trace::CommandKind::remove_bond, name);
  std::erase_if(bonds_, [&](const auto& bond) {
    if (bond->name() != name) return false;
    bonds_version_ += bond->handles_version() + 1;  // the sum that handles_version() gives must only grow
    return true;
  });
}

void Scheduler::remove_departed() {
  const trace::Tape::Scope decides(*tape_);
  for (std::size_t i = bonds_.size(); i > 0; --i) {
    if (!bonds_[i - 1]->has_left(now_)) continue;
    tape_->touch();
    remove_bond(std::string(bonds_[i - 1]->name()));
  }
}

Bond* Scheduler::find(std::string_view name) {
  for (const auto& bond : bonds_)
    if (bond->name() == name) return bond.get();
  for (const auto& bond : bonds_)
    if (bond->interface_name() == name) return bond.get();
  return nullptr;
}

void Scheduler::count_overrun() {
  const auto due = next_duty();
  if (!due || now_ <= *due) return;
  const std::int64_t late = (now_ - *due).count;
  ++status_.overruns;
  status_.overrun_ticks += static_cast<std::uint64_t>(late);
  status_.worst_overrun_ms = std::max(status_.worst_overrun_ms, late);
}

bool Scheduler::run(const Command* command) {
  now_ = clock_.now();
  in_step_ = true;
  ++status_.steps;
  count_overrun();

  tape_->begin_step(now_);
  if (loops_ != nullptr) loops_->take_wake();
  observe();
  if (command != nullptr) (*command)(now_);
  if (guest_ != nullptr) guest_->act(now_);
  decide();

  bool more = hardware_events_.full();
  for (const auto& bond : bonds_) more = bond->forward(batch_) || more;

  speak();
  if (guest_ != nullptr) guest_->look(now_);
  for (const auto& bond : bonds_) more = more || bond->has_pending_work();
  in_step_ = false;
  remove_departed();
  tape_->end_step();
  return more;
}

void Scheduler::observe() {
  const trace::Tape::Scope decides(*tape_);
  hardware_events_.clear();
  hardware_.poll_events(hardware_events_);
  for (const auto& bond : bonds_) bond->observe(hardware_events_, now_);
}

void Scheduler::decide() {
  const trace::Tape::Scope decides(*tape_);
  for (const auto& bond : bonds_) bond->decide(now_);
}

void Scheduler::speak() {
  const trace::Tape::Scope decides(*tape_);
  for (const auto& bond : bonds_) bond->speak(now_);
}

bool Scheduler::archive_checkpoint(Archive& a, trace::TapedHardware& hardware) {
  for (const auto& bond : bonds_)
    if (!bond->is_at_rest()) return false;
  auto count = static_cast<std::uint32_t>(bonds_.size());
  a(now_, bonds_made_, count);
  hardware.archive(a);
  if (count > max_bonds) a.refuse();
  for (std::size_t i = 0; i < count && a.ok(); ++i) {
    std::string name = a.reads() ? std::string() : bonds_[i]->name();
    std::uint32_t number = a.reads() ? 0 : bonds_[i]->number();
    a(name, number);
    if (a.reads()) bonds_.push_back(std::make_unique<Bond>(name, hardware_, events_, *tape_, number, loops_));
    bonds_[i]->archive_checkpoint(a, hardware);
  }
  return a.ok();
}

/// What a late step is counted for.
std::optional<Tick> Scheduler::next_duty() const {
  std::optional<Tick> due;
  for (const auto& bond : bonds_) {
    const auto other = bond->next_deadline();
    if (other && (!due || *other < *due)) due = other;
  }
  return due;
}

std::optional<Tick> Scheduler::next_deadline() const {
  std::optional<Tick> due = next_duty();
  for (const auto& bond : bonds_) {
    const auto look = bond->next_look();
    if (look && (!due || *look < *due)) due = look;
  }
  const auto guest = guest_ != nullptr ? guest_->next_deadline() : std::nullopt;
  if (guest && (!due || *guest < *due)) due = guest;
  return due;
}

std::uint32_t Scheduler::busy_poll_us() const {
  std::uint32_t longest = 0;
  for (const auto& bond : bonds_) longest = std::max(longest, std::as_const(*bond).options().busy_poll_us);
  return longest;
}

std::vector<int> Scheduler::wait_handles() const {
  std::vector<int> handles;
  if (hardware_.wait_handle() >= 0) handles.push_back(hardware_.wait_handle());
  if (loops_ != nullptr && loops_->wake_handle() >= 0) handles.push_back(loops_->wake_handle());
  for (const auto& bond : bonds_) bond->append_wait_handles(handles);
  return handles;
}

std::uint64_t Scheduler::handles_version() const {
  std::uint64_t version = bonds_version_;
  for (const auto& bond : bonds_) version += bond->handles_version();
  return version;
}

}  // namespace bondbox

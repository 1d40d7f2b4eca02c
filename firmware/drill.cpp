#include "firmware/drill.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "policies/modes.hpp"

namespace bondbox {
namespace {

/// What a return costs (another port becomes the active one, peers are told) comes within this.
constexpr Ticks after_return{300};
constexpr Ticks return_patience{10'000};
/// An LACP partner may be asked again only after its slow timeout.
constexpr Ticks lacp_patience{40'000};
constexpr std::size_t events_most = 24;

bool uses(const Bond& bond, PortId port) {
  const PortList& usable = bond.plan().transmit.usable;
  return std::find(usable.begin(), usable.end(), port) != usable.end();
}

void add_name(std::string& names, std::string_view name) {
  names += names.empty() ? "" : ", ";
  names += name;
}

/// The ports that the plan sends on; "none".
std::string carriers_of(const Bond& bond) {
  std::string names;
  for (std::size_t i = 0; i < bond.port_count(); ++i)
    if (const auto id = bond.port_id(bond.port_name(i)); id && uses(bond, *id)) add_name(names, bond.port_name(i));
  return names.empty() ? "none" : names;
}

std::uint64_t since(std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;
}

}  // namespace

std::int64_t DrillResult::outage_ms() const noexcept {
  constexpr auto away = static_cast<std::size_t>(DrillPart::away);
  constexpr auto back = static_cast<std::size_t>(DrillPart::back);
  return is_measured() ? std::max(probes[away].outage_ms, probes[back].outage_ms)
                       : std::max(exposed_ms[away], exposed_ms[back]);
}

std::int64_t DrillReport::outage_ms() const noexcept {
  std::int64_t longest = 0;
  for (const DrillResult& result : results) longest = std::max(longest, result.outage_ms());
  return longest;
}

std::int64_t DrillReport::blind_ms() const noexcept {
  std::int64_t longest = 0;
  for (const DrillResult& result : results) longest = std::max(longest, result.blind_ms);
  return longest;
}

bool DrillReport::held() const noexcept {
  for (const DrillResult& result : results)
    if (!result.failure.empty()) return false;
  if (results.empty() || !request.limit) return !results.empty();
  constexpr std::int64_t busy_machine_ms = 500;
  const std::int64_t limit = request.limit->count;
  return outage_ms() <= limit && blind_ms() <= std::max(limit, busy_machine_ms);
}

Drill::Drill(Scheduler& scheduler, DrillRequest request) : scheduler_(scheduler) {
  report_.request = std::move(request);
}

Drill::~Drill() {
  scheduler_.set_guest(nullptr);
  if (has_ended()) return;
  Bond* const bond = scheduler_.find(report_.request.bond);
  if (bond == nullptr) return;
  bond->set_watcher(nullptr);
  bond->give_back("the drill was given up");
}

Outcome Drill::begin(Tick now) {
  Bond* const bond = scheduler_.find(report_.request.bond);
  if (bond == nullptr) return Outcome::failed(ENODEV, "there is no bond \"" + report_.request.bond + "\" here");
  report_.request.bond = bond->name();
  if (Outcome outcome = choose_ports(*bond); !outcome.ok()) return outcome;
  if (Outcome outcome = choose_target(*bond); !outcome.ok()) return outcome;
  if (target_) bond->set_watcher(this);
  scheduler_.set_guest(this);
  begin_port(now);
  return Outcome::done();
}

Outcome Drill::choose_ports(const Bond& bond) {
  const DrillRequest& request = report_.request;
  if (request.all) {
    for (std::size_t i = 0; i < bond.port_count(); ++i) {
      const std::string name(bond.port_name(i));
      if (bond.port_has_link(name)) {
        ports_.push_back(name);
      } else if (!request.force) {
        return Outcome::failed(EINVAL, name + " is not up; --force drills the others");
      }
    }
  } else {
    std::string name = request.port.empty() ? bond.active_port_name() : request.port;
    for (std::size_t i = 0; i < bond.port_count() && name.empty(); ++i)
      if (const auto id = bond.port_id(bond.port_name(i)); id && uses(bond, *id)) name = bond.port_name(i);
    if (!name.empty()) ports_.push_back(name);
  }
  if (ports_.empty()) return Outcome::failed(EINVAL, bond.name() + " has no port that carries anything");
  for (const std::string& name : ports_) {
    if (!bond.port_id(name)) return Outcome::failed(EINVAL, name + " is not a port of " + bond.name());
    if (!bond.port_has_link(name)) return Outcome::failed(EINVAL, name + " is not up: there is nothing to take away");
    if (Outcome outcome = refuse_last(bond, name); !outcome.ok()) return outcome;
  }
  return Outcome::done();
}

/// With --force, nothing is refused.
Outcome Drill::refuse_last(const Bond& bond, std::string_view port) const {
  if (report_.request.force) return Outcome::done();
  const bool by_lacp = bond.options().mode == Mode::lacp_8023ad;
  const std::size_t wanted = by_lacp ? std::max<std::size_t>(bond.options().min_links, 1) : 1;
  std::size_t others = 0;
  for (std::size_t i = 0; i < bond.port_count(); ++i) {
    const std::string_view name = bond.port_name(i);
    const auto id = bond.port_id(name);
    if (name != port && id && bond.port_has_link(name) && (!by_lacp || uses(bond, *id))) ++others;
  }
  if (others >= wanted) return Outcome::done();
  const std::string what = others == 0 ? " is the last usable port of " + bond.name()
                                       : " cannot be spared: min_links is " + std::to_string(wanted);
  return Outcome::failed(
      EBUSY, std::string(port) + what + "; --force takes it away all the same, and traffic stops until it is back");
}

void Drill::begin_port(Tick now) {
  const Bond* const bond = scheduler_.find(report_.request.bond);
  report_.results.emplace_back().port = ports_.front();
  const auto id = bond != nullptr ? bond->port_id(ports_.front()) : std::nullopt;
  if (!id) return fail(ports_.front() + " is no port of " + report_.request.bond + " any more");
  port_ = *id;
  ledger_ = DrillLedger(report_.request.every);
  result().probed = target_.has_value();
  carried_ = false;
  exposed_since_.reset();
  asked_.reset();
  answers_ = questions_ = 0;
  probes_taken_ = probes_not_taken_ = 0;
  events_before_ = scheduler_.events().last_sequence();
  count(*bond, now, frames_before_, lost_before_);
  phase_ = target_ ? Phase::ask : Phase::before;
  until_ = now;
}

void Drill::count(const Bond& bond, Tick now, std::uint64_t& left, std::uint64_t& lost) const {
  const BondStatus status = bond.status(now);
  left = 0;
  lost = status.counters.tx_no_port;
  for (const PortStatus& port : status.ports) {
    left += port.counters.tx_frames;
    lost += port.counters.tx_refused;
  }
}

void Drill::act(Tick now) {
  if (has_ended()) return;
  Bond* const bond = scheduler_.find(report_.request.bond);
  if (bond == nullptr || bond->port_id(ports_.front()) != port_)
    return fail(ports_.front() + " is no port of " + report_.request.bond + " any more");
  if (phase_ == Phase::before && now >= until_) take(*bond, now);
  if (phase_ == Phase::away && !bond->away()) {
    result().given_back = now;
    result().carried_during = carriers_of(*bond);
    phase_ = Phase::returning;
    until_ = now + patience(*bond);
  }
}

void Drill::take(Bond& bond, Tick now) {
  if (!bond.port_has_link(ports_.front())) return fail(ports_.front() + " is not up any more");
  if (const Outcome outcome = refuse_last(bond, ports_.front()); !outcome.ok()) return fail(outcome.reason);
  result().carried_before = carriers_of(bond);
  carried_ = uses(bond, port_);
  if (!carried_) result().crossed = true;
  const Outcome outcome = bond.take_away(ports_.front(), report_.request.how, report_.request.span);
  if (!outcome.ok()) return fail(outcome.reason);
  result().taken = now;
  phase_ = Phase::away;
}

/// What stands in the way of a port's return: delays, the partner, targets.
Ticks Drill::patience(const Bond& bond) const {
  const BondOptions& options = bond.options();
  Ticks longest = return_patience + ticks_from_ms(options.updelay_ms);
  if (options.mode == Mode::lacp_8023ad) longest = longest + lacp_patience;
  return longest + ticks_from_ms(std::int64_t{options.arp_interval_ms} * (std::int64_t{options.arp_missed_max} + 3));
}

/// In modes with an active port another one may be it now, by primary_reselect.
bool Drill::is_whole(const Bond& bond) const {
  if (!bond.port_has_link(ports_.front())) return false;
  return has_active_port(bond.options().mode) || !carried_ || uses(bond, port_);
}

DrillPart Drill::part() const noexcept {
  if (phase_ == Phase::ask || phase_ == Phase::before) return DrillPart::before;
  return phase_ == Phase::away ? DrillPart::away : DrillPart::back;
}

void Drill::look(Tick now) {
  if (has_ended()) return;
  Bond* const bond = scheduler_.find(report_.request.bond);
  if (bond == nullptr) return fail(report_.request.bond + " is gone");
  if (phase_ == Phase::ask) return ask(*bond, now);
  if (phase_ != Phase::before) observe(*bond, now);
  if (target_ && phase_ != Phase::waiting) send_due(*bond, now);
  ledger_.settle(now);
  if (phase_ == Phase::returning && is_whole(*bond)) {
    result().whole_ms = (now - result().given_back).count;
    phase_ = Phase::after;
    until_ = target_ ? now + after_return : now;
  }
  if (phase_ == Phase::returning && now >= until_)
    return fail(ports_.front() + " was given back and is not what it was " +
                std::to_string((now - result().given_back).count) + " ms later");
  if (phase_ == Phase::after && now >= until_) {
    phase_ = Phase::waiting;
    until_ = target_ ? now + ledger_.patience() : now;
  }
  if (phase_ == Phase::waiting && now >= until_) end_port(*bond, now);
}

/// What the bond has made of it by the end of this step.
void Drill::observe(const Bond& bond, Tick now) {
  DrillResult& now_known = result();
  const bool is_up = bond.port_has_link(ports_.front());
  const bool is_used = uses(bond, port_);
  const std::int64_t away_for = (now - now_known.taken).count;
  if (now_known.noticed_ms < 0 && !is_up) now_known.noticed_ms = away_for;
  if (now_known.left_ms < 0 && !is_used) now_known.left_ms = carried_ ? away_for : 0;
  if (phase_ != Phase::away && now_known.link_ms < 0 && is_up) now_known.link_ms = (now - now_known.given_back).count;
  const bool exposed = bond.plan().transmit.usable.empty() || (phase_ == Phase::away && is_used);
  if (exposed && !exposed_since_) {
    exposed_since_ = now;
    exposed_part_ = part();
  } else if (!exposed) {
    end_exposure(now);
  }
}

void Drill::end_exposure(Tick now) {
  if (!exposed_since_) return;
  std::int64_t& longest = result().exposed_ms[static_cast<std::size_t>(exposed_part_)];
  longest = std::max(longest, (now - *exposed_since_).count);
  exposed_since_.reset();
}

void Drill::end_port(Bond& bond, Tick now) {
  DrillResult& done = result();
  end_exposure(now);
  ledger_.finish(now);
  for (const DrillPart part : {DrillPart::before, DrillPart::away, DrillPart::back})
    done.probes[static_cast<std::size_t>(part)] = ledger_.part(part);
  done.carried_after = carriers_of(bond);
  std::uint64_t left = 0;
  std::uint64_t lost = 0;
  count(bond, now, left, lost);
  done.host_frames = since(left, frames_before_ + probes_taken_);
  done.host_lost = since(lost, lost_before_ + probes_not_taken_);
  keep_events(bond);
  ports_.erase(ports_.begin());
  if (ports_.empty() || !done.failure.empty()) {
    phase_ = Phase::ended;
    bond.set_watcher(nullptr);
    return;
  }
  begin_port(now);
  until_ = now + Ticks{1};
}

void Drill::keep_events(const Bond& bond) {
  std::size_t left_out = 0;
  DrillResult& done = result();
  scheduler_.events().for_each_after(events_before_, [&](const Event& event) {
    if (event.bond != bond.name()) return;
    if (done.events.size() == events_most) {
      ++left_out;
    } else {
      done.events.push_back(std::to_string((event.at - done.taken).count) + " ms " + event_line(event));
    }
  });
  if (left_out != 0) done.events.push_back("and " + std::to_string(left_out) + " more");
}

/// Nothing stays away, and no other port is taken.
void Drill::fail(const std::string& why) {
  result().failure = why;
  phase_ = Phase::ended;
  Bond* const bond = scheduler_.find(report_.request.bond);
  if (bond == nullptr) return;
  bond->give_back("the drill has failed");
  keep_events(*bond);
  bond->set_watcher(nullptr);
}

std::optional<Tick> Drill::next_deadline() const {
  if (has_ended()) return std::nullopt;
  if (phase_ == Phase::ask) return asked_ ? *asked_ + question_patience : scheduler_.now() + Ticks{1};
  const bool probes = target_ && phase_ != Phase::waiting;
  // The bond knows when a port's absence is over.
  if (phase_ == Phase::away) return probes ? std::optional(next_probe_) : std::nullopt;
  return probes ? std::min(until_, next_probe_) : until_;
}

}  // namespace bondbox
